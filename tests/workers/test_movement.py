"""When a worker counts as one that hangs, though its threads run."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from tests.launchers.test_silence import Clock
from tuner.workers.loop import Worker
from tuner.workers.movement import BEGINNING_SECONDS, IDLE_SECONDS, MOST_AT_ONCE, Movement
from tuner.workers.orders import WorkerOrders

BEAT = 30.0
HOUR = 3_600.0


def watched(
    seconds: float,
    passes: Callable[[int], bool] = lambda _: False,
    *,
    training: bool = False,
    share: float = 0.0,
    step: float = BEAT,
) -> str | None:
    """What is found after so many seconds, of which a share was spent on a processor."""
    clock, used = Clock(), Clock()
    movement = Movement(clock, used)
    movement.passes(training=training)
    movement.hangs()
    found = None
    for count in range(int(seconds / step)):
        clock.now += step
        used.now += share * step
        if passes(count):
            movement.passes(training=training)
        found = found or movement.hangs()
    return found


@pytest.mark.parametrize("training", [True, False])
def test_one_that_waits_for_ever_hangs(training: bool) -> None:
    assert watched(IDLE_SECONDS - BEAT, training=training) is None
    said = watched(IDLE_SECONDS, training=training)
    assert said == "has been waiting for something for 600 s"


def test_a_long_step_of_a_training_is_none() -> None:
    assert watched(5 * HOUR, training=True, share=0.9) is None
    assert watched(5 * HOUR, training=True, share=0.02) is None  # on a machine that has no time


def test_a_loop_without_an_end_before_the_first_epoch_is_one() -> None:
    assert watched(BEGINNING_SECONDS - BEAT, share=1.0) is None
    said = watched(BEGINNING_SECONDS, share=1.0)
    assert said == "has not come to an epoch for 3600 s"


@pytest.mark.parametrize("training", [True, False])
def test_one_that_passes_by_gets_on(training: bool) -> None:
    assert watched(5 * HOUR, lambda n: n % 18 == 0, training=training) is None


def test_time_in_which_it_was_stopped_does_not_count() -> None:
    looks = IDLE_SECONDS / MOST_AT_ONCE
    assert watched((looks - 1) * HOUR, step=HOUR) is None
    assert watched(looks * HOUR, step=HOUR) is not None


def test_only_the_main_thread_passes_by() -> None:
    orders = WorkerOrders("s", "sqlite://", "out", {}, 1, 0, 0, "smallest", "target", True)
    worker = Worker(orders, threading.Event())
    seen: list[bool] = []
    worker.movement.passes = lambda *, training: seen.append(training)  # type: ignore[method-assign]
    other = threading.Thread(target=worker.stopping)
    other.start()
    other.join()
    assert seen == []
    worker.stopping()
    assert seen == [False]
