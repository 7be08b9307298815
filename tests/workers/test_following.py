"""A worker that was started elsewhere: what it takes up, and when it leaves."""

from __future__ import annotations

import dataclasses
import time

import optuna
import pytest

from tuner.records.keys import StudyKey
from tuner.records.standing import StandingOrders
from tuner.sessions.standing import Standing
from tuner.workers.following import SILENT_SECONDS, Following, following
from tuner.workers.orders import WorkerOrders

ORDERS = WorkerOrders(
    "q10", "sqlite://", "out", {"cifar10": {"source": "there"}}, 10, 7, 0, "tpe", "median", True
)
HERE = dataclasses.replace(
    ORDERS, data={"cifar10": {"source": "here"}}, index=5, follows=True, sends_files=True
)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def main() -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(study_name="q10")


def test_what_a_search_may_change_is_taken_up_and_what_is_this_machines_stays(
    main: optuna.Study,
) -> None:
    clock = Clock()
    standing = Standing(main)
    given = standing.give(ORDERS)
    follows = Following(main, clock)
    first = follows.orders(HERE)
    assert (first.goal, first.sampler, first.standing) == (10, "tpe", given.standing)
    assert (first.data, first.index, first.sends_files) == (HERE.data, 5, True)
    more = dataclasses.replace(ORDERS, goal=30, study_name="q10/certificates", proves_models=True)
    standing.give(more)
    assert follows.orders(first) is first  # not asked for more than once a second
    clock.now += 1.0
    later = follows.orders(first)
    assert (later.goal, later.study_name, later.proves_models) == (30, "q10/certificates", True)
    assert standing.has_given(later.standing) and not Standing(main).has_given(later.standing)


def test_orders_hold_no_storage_and_nothing_of_one_machine(main: optuna.Study) -> None:
    secret = dataclasses.replace(ORDERS, storage="postgresql://me:sesame@host/x", cpus=[1])
    Standing(main).give(secret)
    assert "sesame" not in str(main.user_attrs)
    assert not {"cpus", "results", "environment"} & set(main.user_attrs[StudyKey.ORDERS])


def test_orders_of_a_later_version_are_read(main: optuna.Study) -> None:
    Standing(main).give(ORDERS)
    stored = {**main.user_attrs[StudyKey.ORDERS], "colour": "blue"}
    found = StandingOrders.of({StudyKey.ORDERS: stored})
    assert found is not None and following(HERE, found).goal == 10


def test_it_stays_while_a_command_plans_and_leaves_with_the_last(main: optuna.Study) -> None:
    clock = Clock()
    follows = Following(main, clock)
    assert follows.is_over()
    one, two = Standing(main), Standing(main)
    for standing in (one, two):
        standing.give(ORDERS)
        clock.now += 1.0
        assert not follows.is_over()
    one.end()
    clock.now += 1.0
    assert not follows.is_over()
    two.end()
    clock.now += 1.0
    assert follows.is_over()


def test_a_command_that_died_is_waited_for_only_so_long(main: optuna.Study) -> None:
    clock = Clock()
    Standing(main).give(ORDERS)
    follows = Following(main, clock)
    assert not follows.is_over()
    clock.now += SILENT_SECONDS - 1
    assert not follows.is_over()
    clock.now += 1
    assert follows.is_over()


def test_a_laptop_that_sleeps_is_no_dead_command(main: optuna.Study) -> None:
    """Whoever sleeps sees no sign, and the command that sleeps beside it gives none."""
    clock = Clock()
    Standing(main).give(ORDERS)
    follows = Following(main, clock)
    for _ in range(10):
        clock.now += 1.0
        assert not follows.is_over()
    clock.now += 8 * 3_600.0
    assert not follows.is_over()


def test_a_command_is_not_taken_for_dead_while_it_renews_its_sign(
    main: optuna.Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, wall = Clock(), Clock()
    monkeypatch.setattr(time, "monotonic", wall)
    standing = Standing(main)
    standing.give(ORDERS)
    follows = Following(main, clock)
    for _ in range(20):
        clock.now += SILENT_SECONDS / 2
        wall.now += SILENT_SECONDS / 2
        time.sleep(0.11)  # a sign says when it was given, to a tenth of a second
        standing.renew()
        assert not follows.is_over()


def test_nothing_left_is_said_of_these_orders_once(main: optuna.Study) -> None:
    standing = Standing(main)
    given = standing.give(HERE)
    follows = Following(main)
    follows.nothing_left(given)
    assert main.user_attrs[StudyKey.ORDERS_DONE] == given.standing
    main.set_user_attr(StudyKey.ORDERS_DONE, "other")
    follows.nothing_left(given)
    assert main.user_attrs[StudyKey.ORDERS_DONE] == "other"
