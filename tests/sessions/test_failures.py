"""Trainings and spaces that fail, and results that no longer fit their space."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers import tiny
from tuner.errors import SpaceError, StorageError, StudyError
from tuner.sessions.plan import plan
from tuner.sessions.watcher import Silent
from tuner.sessions.wish import Wish

pytestmark = pytest.mark.slow


def test_every_way_to_fail_is_an_outcome_and_not_the_end(tmp_path: Path) -> None:
    file = tiny.write(tmp_path, target=0.99)
    wish = Wish(str(file), (), 3, None, 0, None, tmp_path / "out", None, None, None)
    study = plan(wish, Silent()).study
    # Queued before anything is trained: while nothing met the target no width is turned away.
    for width in (13, 14, 15):
        study.enqueue_trial({"width": width, "rate": 0.01, "batch_size": 32})
    result = tiny.run(tmp_path, trials=3, workers=1)
    outcomes = {t.values.get("width") or t.params["width"]: t for t in result.record.trials}
    assert outcomes[13].outcome == "failed" and "13 is unlucky" in (outcomes[13].error or "")
    assert outcomes[14].outcome == "out_of_memory"
    assert outcomes[15].outcome == "diverged"
    assert any(t.outcome in ("reached", "missed", "pruned") for t in result.record.trained)


def test_a_space_in_which_nothing_can_be_trained_ends_with_its_error(tmp_path: Path) -> None:
    tiny.write(tmp_path)
    space = tmp_path / "space.py"
    space.write_text(
        space.read_text().replace("if width == 13:", "if width > 0 and rate < 0.09999:")
    )
    with pytest.raises((SpaceError, StudyError), match="unlucky"):
        tiny.run(tmp_path, trials=3, workers=1)


def test_a_file_that_a_users_code_does_not_find_is_not_the_storages_failure(tmp_path: Path) -> None:
    tiny.write(tmp_path)
    space = tmp_path / "space.py"
    code = space.read_text()
    assert 'raise ValueError("13 is unlucky")' in code
    code = code.replace('raise ValueError("13 is unlucky")', 'open("pretrained.weights.h5")')
    space.write_text(code.replace("if width == 13:", "if width > 0 and rate < 0.09999:"))
    with pytest.raises((SpaceError, StudyError), match=r"pretrained\.weights\.h5"):
        tiny.run(tmp_path, trials=3, workers=1)


def test_a_results_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    tiny.write(tmp_path, target=0.4)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "artifacts").write_text("in the way")
    with pytest.raises(StorageError, match=r"cannot write to the results folder '.*/out'"):
        tiny.run(tmp_path, trials=2, workers=1)


class Failing(Silent):
    """A user's own watcher, with a fault."""

    def updated(self, record: object, run: object) -> None:
        raise RuntimeError("no such widget")


def test_a_watchers_fault_is_its_own(tmp_path: Path) -> None:
    tiny.write(tmp_path)
    with pytest.raises(RuntimeError, match="no such widget"):
        tiny.run(tmp_path, trials=2, workers=1, watcher=Failing())
