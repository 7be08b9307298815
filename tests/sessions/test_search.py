"""Whole searches, with worker processes and real trainings, on images of eight pixels."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import keras
import pytest

from tests.helpers import tiny
from tuner import search
from tuner.errors import StudyChangedError
from tuner.records.keys import TrialKey
from tuner.sessions.result import Result

pytestmark = pytest.mark.slow


def test_a_search_ends_with_the_smallest_model_it_met_the_target_with(tmp_path: Path) -> None:
    tiny.write(tmp_path, extra="[reference]\nwidth = 64")
    result = tiny.run(tmp_path, trials=8, workers=2)
    record = result.record
    assert result.status == "met"
    assert tiny.is_over(record, 8)
    reference, best = result.reference, result.best
    assert reference is not None and best is not None
    assert (reference.number, reference.size) == (0, 65 * 64 + 65 * 3)
    assert reference.values["width"] == 64
    assert best.size is not None and reference.size is not None and best.size < reference.size
    met = [t for t in record.trials if t.reached]
    assert best.size == min(t.size or 0 for t in met)
    # Each became the incumbent when it ended: nothing at or above the incumbent was trained on.
    for trial in record.trained:
        assert trial.started is not None and trial.size is not None
        incumbents = [t.size or 0 for t in met if t.ended and t.ended <= trial.started]
        assert trial.size < min(incumbents, default=math.inf)
    for trial in record.trials:
        if trial.outcome == "gated":
            assert trial.epochs == 0 and trial.value is None
    # Printed it is a short table.
    title, *rows = repr(result).splitlines()
    assert title.endswith(": the target is met") and 5 <= len(rows) <= 10
    assert any(
        row.startswith("  smallest model  ") and f"{best.size:,} para" in row for row in rows
    )
    # What the file says is what the trial said.
    assert result.model_file is not None
    model = keras.models.load_model(result.model_file)
    assert model.count_params() == best.total_size
    arrays = tiny.images()
    accuracy = (model.predict(arrays["x_test"], verbose=0).argmax(1) == arrays["y_test"]).mean()
    assert accuracy > 0.8
    assert best.attributes[TrialKey.VERSIONS]["backend"] == keras.backend.backend()
    assert len(best.attributes[TrialKey.DATA_HASH]) == 64
    # The same command again does nothing more.
    again = tiny.run(tmp_path, trials=8, workers=2)
    assert len(again.record.trials) == len(record.trials)
    assert again.status == "met"


@pytest.fixture(scope="module")
def unreached(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """A search whose target was out of reach: its folder, and how it ended."""
    folder = tmp_path_factory.mktemp("unreached")
    file = tiny.write(folder, target=0.999, horizon=1)
    file.write_text(file.read_text().replace("margin = 0.0", "margin = 0.01"))
    return folder, tiny.run(folder, trials=3, workers=1, reference=False)


def test_a_target_out_of_reach_is_said_to_be_so(unreached: tuple[Path, Result]) -> None:
    _, result = unreached
    assert result.status == "not_met"
    assert result.best is None
    closest = result.record.closest
    assert closest is not None and closest.val_measured is not None
    title, *rows = repr(result).splitlines()
    assert title.endswith(": nothing met the target")
    assert any(row.startswith("  closest  ") for row in rows)


def test_a_sweep_trains_each_cell_with_each_seed_once(tmp_path: Path) -> None:
    file = tiny.write_sweep(tmp_path)
    result = search(str(file), results=tmp_path / "out", workers=2)
    assert result.status == "complete"
    seen = Counter((t.values["width"], t.seed) for t in result.record.trials)
    assert sorted(seen.values()) == [1, 1, 1, 1]
    assert {w for w, _ in seen} == {2, 16}
    assert all(t.epochs == 2 and t.values["rate"] == 0.01 for t in result.record.trials)


def test_a_space_that_changed_under_its_results_is_refused(unreached: tuple[Path, Result]) -> None:
    folder, _ = unreached
    space = folder / "space.py"
    space.write_text(space.read_text().replace('"width", 1, 64', '"width", 1, 65'))
    with pytest.raises(StudyChangedError, match="search space"):
        tiny.run(folder, trials=4, workers=1)
