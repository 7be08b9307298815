"""What cannot be exported is told while a search trains, and the try ends with the search."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import optuna
import pytest

from tests.helpers import fakes
from tests.helpers.launchers import ScriptedLauncher, session
from tests.helpers.shown import Heard
from tuner.sessions import session as sessions
from tuner.sessions.watcher import Attended

LINE = "what this search finds cannot be exported as it is: no operator for Svd."


class Tried:
    """A rehearsal whose answer is there at the second look."""

    made: list[Tried]

    def __init__(self, space: dict[str, Any]) -> None:
        self.space, self.looks, self.stopped = space, 0, False
        self.made.append(self)

    def news(self) -> list[str]:
        self.looks += 1
        return [LINE] if self.looks == 2 else []

    def stop(self) -> None:
        self.stopped = True


def _train(study: optuna.Study, _: Any) -> None:
    fakes.add_trial(study, "reached", 4_000, 0.76, 20)


@pytest.mark.parametrize("before", [0, 1])
def test_it_is_told_once_and_only_where_nothing_was_trained_before(
    before: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Tried.made = []
    monkeypatch.setattr(sessions, "Rehearsal", Tried)
    storage = optuna.storages.InMemoryStorage()
    study = fakes.make_study(storage=storage)
    for _ in range(before):
        fakes.add_trial(study, "reached", 5_000, 0.76, 20)
    heard = Heard()
    run = session(study, storage, before + 1, ScriptedLauncher(_train), tmp_path, prove="none")
    run.watcher = Attended(heard)
    run.run()
    assert heard.notices.count(LINE) == (0 if before else 1)
    assert [t.stopped for t in Tried.made] == ([] if before else [True])
    if not before:
        assert Tried.made[0].space["spec"] == fakes.SPEC["space"]
        assert Tried.made[0].space["input_shape"] == [32, 32, 3]


def test_it_ends_also_where_the_search_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: optuna.Study, __: Any) -> None:
        raise RuntimeError("a launcher that cannot start")

    Tried.made = []
    monkeypatch.setattr(sessions, "Rehearsal", Tried)
    storage = optuna.storages.InMemoryStorage()
    study = fakes.make_study(storage=storage)
    with pytest.raises(RuntimeError, match="cannot start"):
        session(study, storage, 1, ScriptedLauncher(fail), tmp_path, prove="none").run()
    assert [t.stopped for t in Tried.made] == [True]
