"""Which class is taken for which."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from numpy.typing import NDArray

from analysis.figures import style
from tuner.records import words
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord

WRITTEN = 12
"""Up to so many classes every cell has its number."""
NAMED = 40
"""Up to so many classes every row and column has its name."""


@dataclass(frozen=True)
class Confusion:
    """A confusion matrix, the names of its classes, and which images it counts."""

    counts: NDArray[np.int64]
    """Images by true (row) and predicted (column) class."""
    classes: tuple[str, ...]
    images: str
    """Which images, in words."""

    @property
    def shares(self) -> NDArray[np.float64]:
        """Of each true class's images; 0 where a class has none."""
        totals = self.counts.sum(axis=1, keepdims=True)
        return np.asarray(self.counts / np.maximum(totals, 1), np.float64)

    def worst(self, most: int = 8) -> list[tuple[str, str, int, float]]:
        """The commonest mistakes: true class, predicted class, images, share of the true class."""
        wrong = self.counts.copy()
        np.fill_diagonal(wrong, 0)
        order = np.argsort(-wrong, axis=None, kind="stable")[:most]
        pairs = [divmod(int(i), len(wrong)) for i in order]
        shares = self.shares
        return [
            (self.classes[i], self.classes[j], int(wrong[i, j]), float(shares[i, j]))
            for i, j in pairs
            if wrong[i, j] > 0
        ]


def confusion_of(record: StudyRecord, trial: TrialRecord) -> Confusion | None:
    """The confusion of the trial's model, then of its recipe, else of its last epoch."""
    certificate, model = (
        record.certificates.get(trial.number),
        record.model_certificates.get(trial.number),
    )
    if model is not None and model.confusion is not None:
        test = f"{words.count(model.test_size)} test {model.examples}"
        images = f"{test}, the model of trial {trial.number}"
        matrix = model.confusion
    elif certificate is not None and certificate.confusion is not None:
        seeds = words.several(len(certificate.seeds), "fresh seed")
        test = f"{words.count(certificate.test_size)} test {certificate.examples}"
        images = f"{test}, summed over {seeds}"
        matrix = certificate.confusion
    elif trial.confusion is not None:
        which = "test" if record.kind == "sweep" else "validation"
        matrix = trial.confusion
        total = words.count(sum(map(sum, matrix)))
        images = f"{total} {which} {record.examples}, trial {trial.number}, last epoch"
    else:
        return None
    data = record.data.get(trial.data_key or "") or next(iter(record.data.values()), {})
    names = [str(c) for c in data.get("classes", ())]
    # A matrix of another size than the list of names is shown by the classes' numbers.
    if len(names) != len(matrix):
        names = [str(i) for i in range(len(matrix))]
    return Confusion(np.array(matrix, dtype=np.int64), tuple(names), images)


def draw(axes: Axes, confusion: Confusion) -> None:
    """Draws shares of each true class as a heat map."""
    many = len(confusion.classes)
    written = many <= WRITTEN
    shares = confusion.shares
    # The square root shows mistakes, which are rare, beside what is right.
    mesh = axes.pcolormesh(
        shares,
        norm=PowerNorm(0.5, 0, 1),
        cmap="Blues",
        edgecolors=style.PAPER if written else "none",
        linewidth=0.4 if written else 0,
        rasterized=not written,
    )
    axes.invert_yaxis()
    if written:
        _write(axes, shares)
    title = f"confusion, % of each true class\n{confusion.images}"
    style.dress(axes, title, "predicted", "true", grid="")
    step = -(-many // NAMED)
    shown = [style.shorten(c, 16) for c in confusion.classes[::step]]
    if step > 1:
        axes.set_xlabel(f"predicted (every {_ordinal(step)} class is named)")
    places = np.arange(0, many, step) + 0.5
    small = 8.5 if many <= WRITTEN else 6
    axes.set_xticks(places, shown, rotation=90 if many > WRITTEN else 40, fontsize=small)
    for label in axes.get_xticklabels():
        label.set_horizontalalignment("center" if many > WRITTEN else "right")
        label.set_rotation_mode("default" if many > WRITTEN else "anchor")
    axes.set_yticks(places, shown, rotation=0, fontsize=small)
    bar = axes.figure.colorbar(mesh, ax=axes, format=_whole, pad=0.02)
    bar.ax.tick_params(colors=style.INK, labelsize=8)
    bar.outline.set_visible(False)


def _write(axes: Axes, shares: NDArray[np.float64]) -> None:
    """The percentages, white on the dark cells."""
    for (i, j), share in np.ndenumerate(shares):
        if text := _written(float(share)):
            colour = "#ffffff" if share > 0.3 else "#262626"
            axes.text(j + 0.5, i + 0.5, text, ha="center", va="center", fontsize=8, color=colour)


def _written(share: float) -> str:
    return words.hundredths(share, 0) if share >= 0.005 else ""


def _whole(share: float, _: int) -> str:
    """A tick of the scale beside the matrix."""
    return words.percent(share, 0)


def _ordinal(number: int) -> str:
    return {2: "second", 3: "third"}.get(number, f"{number}th")


def accuracy_words(confusion: Confusion) -> str:
    """``75.8 %``: the share on the diagonal."""
    total = int(confusion.counts.sum())
    return words.percent(float(np.trace(confusion.counts)) / total if total else None)
