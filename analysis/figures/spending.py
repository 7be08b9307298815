"""Where the epochs went, and whether the pruner stopped what would have met the target."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import optuna
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis import frames
from analysis.figures import axes as scales
from analysis.figures import style
from tuner.records import words
from tuner.records.studies import StudyRecord


def effort(study: optuna.Study | StudyRecord) -> Figure:
    """Epochs spent trial by trial, and those that stopping early saved."""
    record = frames.record_of(study)
    if not record.trained:
        return style.message(f"{record.name}: no trained trial yet.")
    figure = style.new_figure(height=3.4)
    left, right = figure.subplots(1, 2, width_ratios=[3, 2])
    _so_far(left, record)
    _by_outcome(right, record)
    figure.suptitle(
        style.titled(record, "epochs"), fontsize=10.5, color=style.INK, x=0.01, ha="left"
    )
    return figure


def _so_far(axes: Axes, record: StudyRecord) -> None:
    """Epochs spent trial by trial, below those of training all to the horizon."""
    trained = record.trained
    style.dress(axes, "epochs so far", "trained trials", "epochs")
    number = np.arange(1, len(trained) + 1)
    whole = number * record.horizon
    spent = np.cumsum([t.epochs for t in trained])
    axes.plot(number, whole, "--", color=style.INK, linewidth=1.2, label="all to the horizon")
    # A line of one point is none.
    axes.plot(
        number,
        spent,
        "-o" if len(trained) == 1 else "-",
        color=style.BLUE,
        linewidth=1.8,
        label="spent",
    )
    axes.fill_between(number, spent, whole, color=style.FAINT, alpha=0.6, linewidth=0)
    share = record.epochs_saved / (record.horizon * len(trained))
    axes.annotate(
        f"saved: {words.count(record.epochs_saved)} ({words.percent(share, 0)})",
        (0.04, 0.72),
        xycoords="axes fraction",
        fontsize=8.5,
        color=style.INK,
    )
    axes.set_xlim(0, len(trained) + 1)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
    axes.set_ylim(0, None)
    axes.yaxis.set_major_formatter(lambda v, _: words.short_count(v))
    style.legend(axes, loc="upper left")


def _by_outcome(axes: Axes, record: StudyRecord) -> None:
    """Bars of the epochs that the trials with each outcome used, and of those they did not."""
    style.dress(axes, "by outcome", "epochs (hatched: saved)", grid="x")
    rows = [(o, [t for t in record.trained if t.outcome == o]) for o in style.LOOKS]
    rows = [(o, some) for o, some in rows if some][::-1]
    for i, (outcome, some) in enumerate(rows):
        used = sum(t.epochs for t in some)
        saved = record.horizon * len(some) - used
        axes.barh(i, used, color=style.LOOKS[outcome].colour, height=0.6)
        axes.barh(i, saved, left=used, color="none", edgecolor=style.INK, height=0.6, hatch="////")
    names = [f"{style.LOOKS[o].label}\n({words.several(len(some), 'trial')})" for o, some in rows]
    axes.set_yticks(range(len(rows)), names)
    axes.xaxis.set_major_formatter(lambda v, _: words.short_count(v))
    axes.locator_params(axis="x", nbins=4)


@dataclass(frozen=True)
class Audit:
    """What became of the trials that the pruner would have stopped but that were trained on."""

    audited: int
    met: int
    """How many of them met the target: false stops, had they been stopped."""

    @property
    def rate(self) -> float | None:
        """The share of false stops."""
        return self.met / self.audited if self.audited else None

    def interval(self, z: float = 1.96) -> tuple[float, float]:
        """Wilson's 95 % interval of the rate, which holds for few trials and for none met."""
        n, share = self.audited, self.rate
        if share is None:
            return 0.0, 1.0
        middle = (share + z * z / (2 * n)) / (1 + z * z / n)
        half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        return max(0.0, middle - half), min(1.0, middle + half)

    def words(self) -> str:
        """One sentence."""
        if not self.audited:
            return "No audited trial yet: whether the pruner stopped too much was not measured."
        low, high = self.interval()
        return (
            f"{self.met} of {words.several(self.audited, 'audited trial')} met the target although "
            f"the pruner would have stopped {'it' if self.audited == 1 else 'them'}: a false-stop "
            f"rate of {words.percent(self.rate)} (95 % interval {words.percent(low)} to "
            f"{words.percent(high)})."
        )


def audit(study: optuna.Study | StudyRecord) -> Audit:
    """Counts the audited trials of a study that ended, and those of them that met the target."""
    record = frames.record_of(study)
    some = record.audited
    return Audit(len(some), sum(t.reached for t in some))


def pruning_audit(study: optuna.Study | StudyRecord) -> Figure:
    """Learning curves of the audited trials; says so where there is none."""
    record = frames.record_of(study)
    found = audit(record)
    some = [t for t in record.audited if t.history]
    target = record.objective
    if not some or target is None:
        return style.message(found.words())
    figure = style.new_figure(height=3.6)
    axes = figure.add_subplot()
    what = f"validation {record.metric.title}"
    style.dress(axes, style.titled(record, "pruning audit"), "epoch", what)
    for reached, look in ((True, style.LOOKS["reached"]), (False, style.LOOKS["missed"])):
        mine = [t for t in some if t.reached == reached]
        name = "met the target: a false stop" if reached else "missed it: rightly stopped"
        for i, trial in enumerate(mine):
            axes.plot(
                [e.epoch for e in trial.history],
                [e.val_measured for e in trial.history],
                color=look.colour,
                linestyle=look.line,
                marker=look.marker,
                markevery=[-1],
                linewidth=1.1,
                label=f"{name} ({words.count(len(mine))})" if i == 0 else None,
            )
    axes.axhline(target.bar, color=style.INK, lw=0.9, ls=(0, (6, 3)))
    scales.epochs(axes, record.horizon)
    seen = [e.val_measured for t in some for e in t.history]
    scales.measured(axes, [*seen, target.bar], record.metric)
    style.legend(axes, columns=2, below=True)
    return figure
