"""What the figures share: colours, markers, axes, and text that is shown as it is.

Okabe and Ito's colours can be told apart by colour-blind readers; markers and line styles say the
same again for whoever prints in grey. A figure never passes through pyplot, so none is left open
and threads do not meet.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from tuner.records import words
from tuner.records.studies import StudyRecord

# Told apart from every other colour, so that a page can put its own in their place.
INK, FAINT, PAPER = "#1f2328", "#c9d1d8", "#fefefe"
BLUE, ORANGE, GREEN = "#0072b2", "#e69f00", "#009e73"
VERMILION, PURPLE, SKY, GREY = "#d55e00", "#cc79a7", "#56b4e9", "#6e7781"
COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, GREY)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LINES = ("-", "--", ":", "-.")

WIDTH = 7.2
"""Inches: the width of a page's text."""


@dataclass(frozen=True)
class Look:
    """How the trials with one outcome are drawn."""

    label: str
    colour: str
    marker: str
    line: str
    hollow: bool = False
    """Whether its marks are, as of what failed its proof."""


LOOKS: Mapping[str, Look] = {
    "reached": Look("met the target", GREEN, "o", "-"),
    "missed": Look("missed it", VERMILION, "X", "--"),
    "pruned": Look("stopped by the pruner", BLUE, "v", ":"),
    "diverged": Look("diverged", PURPLE, "P", "-."),
}
"""By outcome, in the order of the legend; trials with another were not trained to an accuracy."""

REFUTED = Look("met it, but failed its proof", GREEN, "o", "-", hollow=True)
"""Of a trial that met the target on the validation examples and whose proof failed."""


def mark(axes: Axes, x: Sequence[float], y: Sequence[float], look: Look) -> None:
    """Draws trials of one kind, with how many they are; those that failed their proof are hollow.

    Args:
        axes: Where to.
        x: Their sizes.
        y: What was measured of each.
        look: Of all of them.
    """
    if not len(x):
        return
    axes.scatter(
        x,
        y,
        s=24,
        marker=look.marker,
        color=PAPER if look.hollow else look.colour,
        edgecolors=look.colour if look.hollow else PAPER,
        linewidths=1.3 if look.hollow else 0.4,
        alpha=0.85,
        label=f"{look.label} ({words.count(len(x))})",
    )


def steps(
    axes: Axes, x: Sequence[float], y: Sequence[float], largest: float, look: Look, width: float
) -> None:
    """Draws a frontier, from its smallest point to the largest size that was seen.

    Args:
        axes: Where to.
        x: Sizes, rising.
        y: What was measured of each, ever better; with none nothing is drawn.
        largest: That size.
        look: Its line, and what the legend calls it.
        width: Of the line, in points.
    """
    if len(x):
        axes.step(
            [*x, largest],
            [*y, y[-1]],
            where="post",
            color=look.colour,
            linestyle=look.line,
            linewidth=width,
            label=look.label,
        )


def new_figure(width: float = WIDTH, height: float = 4.0) -> Figure:
    """An empty figure that arranges its own axes; inches."""
    return Figure(figsize=(width, height), layout="constrained", facecolor=PAPER)


def dress(axes: Axes, title: str = "", x: str = "", y: str = "", grid: str = "both") -> Axes:
    """Plain axes: no box, a faint grid, small type."""
    axes.set_facecolor("none")
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(INK)
    axes.tick_params(colors=INK, labelsize=8.5, which="both")
    axes.set_axisbelow(True)
    if grid:
        axes.grid(True, axis=grid, color=FAINT, linewidth=0.6)  # type: ignore[arg-type]
    axes.set_title(title, fontsize=10, color=INK, loc="left")
    axes.set_xlabel(x, fontsize=9, color=INK)
    axes.set_ylabel(y, fontsize=9, color=INK)
    return axes


def legend(axes: Axes, *, columns: int = 1, below: bool = False, **options: Any) -> None:
    """A legend of what has a label; `below` puts it under the figure instead of into the axes."""
    handles, labels = axes.get_legend_handles_labels()
    if not labels:
        return
    style: dict[str, Any] = {
        "fontsize": 8,
        "ncols": columns,
        "labelcolor": INK,
        "facecolor": PAPER,
        "edgecolor": "none",
        "framealpha": 0.8,
        **options,
    }
    figure = axes.get_figure()
    if below and isinstance(figure, Figure):
        figure.legend(handles, labels, loc="outside lower left", **style)
    else:
        axes.legend(handles, labels, **style)


def bar(axes: Axes, height: float, label: str) -> Annotation:
    """A line across the axes at what is to be reached; its name is for `labels.settle` to place."""
    axes.axhline(height, color=INK, linewidth=0.9, linestyle=(0, (6, 3)))
    return axes.annotate(
        label,
        (0.005, height),
        xycoords=axes.get_yaxis_transform(),
        xytext=(0, 4),
        textcoords="offset points",
        fontsize=8,
        color=INK,
    )


def message(words: str) -> Figure:
    """A small figure that says why there is nothing to see."""
    figure = new_figure(height=0.9)
    figure.set_label(words)
    axes = figure.add_subplot()
    axes.set_axis_off()
    lines = "\n".join(textwrap.wrap(words, 90))
    axes.text(0.5, 0.5, escape(lines), ha="center", va="center", color=INK, fontsize=9.5)
    return figure


def said(figure: Figure) -> str | None:
    """What a figure of `message` says; None for any other."""
    return str(figure.get_label()) or None


def escape(raw: object) -> str:
    r"""Any text as matplotlib shows it unchanged: ``$`` starts no formula, controls are marks.

    Backslashes need no escape: without a formula matplotlib only turns ``\$`` into ``$``.
    """
    kept = (c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in str(raw))
    return "".join(kept).replace("$", r"\$")


def shorten(raw: object, limit: int = 24) -> str:
    """At most `limit` characters of one line, the middle left out; escaped."""
    line = " ".join(str(raw).split())
    if len(line) > limit:
        head = (limit - 1) * 2 // 3
        line = f"{line[:head]}…{line[head + 1 - limit :]}"
    return escape(line)


def told_apart(names: Sequence[object], limit: int = 24) -> list[str]:
    """Each name by `shorten`; those that it makes the same are numbered by their places."""
    short = [shorten(name, limit) for name in names]
    return [
        s if short.count(s) == 1 else f"{shorten(names[i], limit - 4)} ({i + 1})"
        for i, s in enumerate(short)
    ]


def titled(record: StudyRecord, words: str) -> str:
    """A title that names the study, and loudly the data where it stands in."""
    other = record.stand_in
    return f"{shorten(record.name, 40)}: {words}" + (f"\nDATA: {escape(other)}" if other else "")
