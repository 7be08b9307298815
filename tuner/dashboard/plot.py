"""The size-accuracy frontier as a plot of optuna-dashboard's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tuner.records import words
from tuner.records.studies import StudyRecord

PLOT_ID = "tuner-frontier"
# Okabe & Ito's palette, which colour-blind readers can tell apart.
COLORS = {"reached": "#009E73", "missed": "#D55E00", "pruned": "#56B4E9", "diverged": "#CC79A7"}
SYMBOLS = {"reached": "circle", "missed": "x", "pruned": "triangle-down", "diverged": "cross"}


def frontier_plot(record: StudyRecord) -> Any:
    """A plotly figure: what was trained, by size and the metric of the best epoch.

    Args:
        record: A search or a sweep; a sweep's trainings are shown as well.
    """
    from plotly import graph_objects as go

    from analysis.frames import frontier

    metric = record.metric
    figure = go.Figure([go.Scatter(**points) for points in _points(record)])
    steps = frontier(record)
    figure.add_trace(
        go.Scatter(
            x=steps["size"].tolist(),
            y=(metric.scale * steps[f"val_{metric.key}"]).tolist(),
            mode="lines",
            line={"shape": "hv", "color": "#444444"},
            name="nothing seen is smaller and better",
        )
    )
    if record.target is not None:
        label = f"target {metric.goal(record.target)}"
        figure.add_hline(
            y=metric.scale * record.target,
            line_dash="dash",
            annotation_text=label,
            annotation_position="top left",
        )
    figure.update_layout(
        title=f"{record.name}: size and validation {metric.title}",
        xaxis={"title": "trainable parameters", "type": "log", "dtick": 1},
        # Beside the plot it would leave a third of the dashboard's narrow panel.
        legend={"orientation": "h", "yanchor": "top", "y": -0.25, "x": 0},
        # Plotly's own format for fractions leaves no room before the sign.
        yaxis={
            "title": f"validation {metric.title}, best epoch",
            "ticksuffix": " %" if metric.is_share else "",
        },
    )
    return figure


def _points(record: StudyRecord) -> Iterator[dict[str, Any]]:
    """The trained trials of each outcome, as plotly wants them."""
    seen = [t for t in record.trained if t.size and t.val_measured is not None]
    for outcome, color in COLORS.items():
        of_it = [t for t in seen if t.outcome == outcome]
        if of_it:
            yield {
                "x": [t.size for t in of_it],
                "y": [t.metric.scale * (t.val_measured or 0.0) for t in of_it],
                "mode": "markers",
                "name": words.outcome(of_it[0], sweep=record.target is None),
                "text": [f"#{t.number}" for t in of_it],
                "marker": {"color": color, "symbol": SYMBOLS[outcome], "size": 9},
            }
