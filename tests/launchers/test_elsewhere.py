"""A crew that others start: when it is done, and what its workers could not do."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import optuna
import pytest

from tuner.errors import StudyError
from tuner.launchers import launcher_for
from tuner.launchers.elsewhere import LATE_SECONDS, ElsewhereCrew
from tuner.launchers.supervision import Supervision
from tuner.records.keys import StudyKey
from tuner.records.standing import GivenUp
from tuner.sessions.standing import Standing
from tuner.storages.opening import open_storage
from tuner.workers.orders import WorkerOrders


@pytest.fixture
def main(tmp_path: Path) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = open_storage(f"sqlite:///{tmp_path / 'tuner.db'}")
    return optuna.create_study(study_name="q10", storage=storage)


def orders(folder: Path) -> WorkerOrders:
    url = f"sqlite:///{folder / 'tuner.db'}"
    return WorkerOrders("q10", url, str(folder), {}, 3, 0, 0, "smallest", "target", True)


def test_it_is_done_when_a_worker_says_so_of_these_orders(
    main: optuna.Study, tmp_path: Path
) -> None:
    before = Standing(main).give(orders(tmp_path))
    main.set_user_attr(StudyKey.ORDERS_DONE, before.standing)
    given = Standing(main).give(orders(tmp_path))
    launcher = launcher_for(0)
    assert launcher.size(0, 3, "space") == 0
    crew = launcher.start(given, 0, 3, "space", tmp_path)
    assert crew.ended() == () and crew.at_work
    main.set_user_attr(StudyKey.ORDERS_DONE, given.standing)
    assert crew.ended() == () and not crew.at_work


def test_it_is_done_for_this_command_when_it_is_to_stop(main: optuna.Study, tmp_path: Path) -> None:
    crew = ElsewhereCrew(Standing(main).give(orders(tmp_path)))
    supervision = Supervision(crew, main, lambda _: None)
    looks = 0
    for _ in supervision.watch():
        looks += 1
        if looks == 2:
            supervision.stop()
    assert looks == 2


def test_it_is_over_a_little_after_the_deadline(main: optuna.Study, tmp_path: Path) -> None:
    now = time.time()
    late = dataclasses.replace(orders(tmp_path), deadline=now - LATE_SECONDS, standing="x")
    soon = dataclasses.replace(orders(tmp_path), deadline=now, standing="x")
    assert not ElsewhereCrew(late).at_work and ElsewhereCrew(soon).at_work


@pytest.mark.parametrize(("kind", "ends"), [("StudyError", True), ("DataError", False)])
def test_what_every_worker_would_meet_ends_the_search(
    kind: str, ends: bool, main: optuna.Study, tmp_path: Path
) -> None:
    given = Standing(main).give(orders(tmp_path))
    told = GivenUp(given.standing, "node7", kind, "all 25 configurations could not be trained")
    main.set_user_attr(StudyKey.GIVEN_UP, dataclasses.asdict(told))
    found = ElsewhereCrew(dataclasses.replace(given, main="q10")).ended()
    assert [type(e.error) for e in found] == [StudyError] * ends
    other = dataclasses.replace(given, standing="of a command before")
    assert ElsewhereCrew(other).ended() == ()
