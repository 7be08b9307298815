"""Searches of people's own spaces that say something other than they do."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console

from tests.helpers import tiny
from tuner.errors import SpaceError
from tuner.views.summary import final
from tuner.workers.asker import LOOK_AFTER

MEASURE = """
    def measure(self, values):
        class Cost:
            size = total = macs = {size}
        return Cost
"""
TRUE_SIZE = "65 * values.get('width', 1) + 3 * (values.get('width', 1) + 1)"

pytestmark = pytest.mark.slow


def change(folder: Path, *edits: Sequence[str]) -> None:
    """Writes the tiny study with an edited space."""
    tiny.write(folder)
    space = folder / "space.py"
    text = space.read_text()
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    space.write_text(text)


def test_a_measure_that_disagrees_with_the_model_is_not_believed(tmp_path: Path) -> None:
    wrong = MEASURE.format(size=f"{TRUE_SIZE} + 1")
    change(tmp_path, ("    def build(self, hp):", wrong + "\n    def build(self, hp):"))
    with pytest.raises(SpaceError, match=r"Tiny: measure\(\) says 72 .* build\(\) makes .* 71"):
        tiny.run(tmp_path, trials=2, workers=1)


def test_a_measure_that_agrees_is(tmp_path: Path) -> None:
    right = MEASURE.format(size=TRUE_SIZE)
    change(tmp_path, ("    def build(self, hp):", right + "\n    def build(self, hp):"))
    result = tiny.run(tmp_path, trials=2, workers=1)
    assert tiny.is_over(result.record, 2)


def test_a_hyperparameter_with_the_name_of_one_of_the_trainings_is_refused(tmp_path: Path) -> None:
    asked = 'hp.Choice("batch_size", [16, 32])'
    change(tmp_path, (asked, asked + '\n        hp.Choice("flip", ["none", "horizontal"])'))
    with pytest.raises(SpaceError, match="'flip' is 'none', but the training reads it as whether"):
        tiny.run(tmp_path, trials=2, workers=1)
    assert not list((tmp_path / "out").rglob("*.keras"))


@pytest.mark.parametrize(("rate", "workers"), [(1e-9, 1), (1e-2, 2)], ids=["missed", "met"])
def test_a_space_with_nothing_left_ends_the_search_soon_and_says_so(
    tmp_path: Path, rate: float, workers: int
) -> None:
    change(
        tmp_path,
        ('hp.Int("width", 1, 64)', 'hp.Int("width", 2, 3)'),
        ('hp.Float("rate", 1e-3, 1e-1, sampling="log", default=1e-2)', str(rate)),
    )
    result = tiny.run(tmp_path, trials=12, workers=workers)
    record = result.record
    assert result.exhausted
    if record.incumbent is None:
        assert len(record.trained) == 4  # of two widths and two minibatches
    assert (record.incumbent is None) == (rate < 1e-2)
    assert record.gated <= 4 * LOOK_AFTER
    shown = io.StringIO()
    Console(file=shown, width=200).print(final(result))
    assert "The search space is exhausted: nothing" in shown.getvalue()
    assert "--more" not in shown.getvalue()
    again = tiny.run(tmp_path, more=20, workers=1)
    assert again.exhausted
    assert again.record.gated == record.gated  # nothing was drawn to find that out again
