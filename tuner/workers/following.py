"""How a worker that was started elsewhere follows its study: what to do now, and when to leave.

Whoever plans a search writes into the study what its workers are to do, and shows signs of life
while more may come: trials that are added, certificates. A worker that finds nothing left to do
says so, waits for what comes, and leaves as no command plans any more.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable

import optuna

from tuner.basics.clocks import WakingClock
from tuner.records.keys import StudyKey
from tuner.records.standing import SessionSign, StandingOrders
from tuner.workers.orders import WorkerOrders

LOOK_SECONDS = 1.0
"""How often the study is asked for other orders, at most."""
SILENT_SECONDS = 90.0
"""A command that has shown no sign for so long plans no more; a storage that is away shows none."""
TAKEN = frozenset(f.name for f in dataclasses.fields(StandingOrders)) - {"id"}


def following(orders: WorkerOrders, standing: StandingOrders) -> WorkerOrders:
    """A worker's orders as the study has them now.

    Args:
        orders: Those it has; where its data are on this machine stays as it is.
        standing: The study's.
    """
    changed = {name: getattr(standing, name) for name in TAKEN - {"data"}}
    return dataclasses.replace(orders, standing=standing.id, **changed)


class Following:
    """One worker's look at the study that it follows.

    Args:
        main: The search.
        clock: Seconds that are never set back; where this process was asleep, they do not count.
    """

    def __init__(self, main: optuna.Study, clock: Callable[[], float] = time.monotonic) -> None:
        self.main = main
        self._clock = WakingClock(clock)
        self._looked: float | None = None
        self._signs: dict[str, tuple[float, float]] = {}
        self._told = ""
        self._attributes = main.user_attrs

    def orders(self, known: WorkerOrders) -> WorkerOrders:
        """What to do now."""
        self._look()
        standing = StandingOrders.of(self._attributes)
        if standing is None or standing.id == known.standing:
            return known
        return following(known, standing)

    def nothing_left(self, orders: WorkerOrders) -> None:
        """Says, once, that nothing is left of these orders."""
        if orders.standing and orders.standing != self._told:
            self._told = orders.standing
            self.main.set_user_attr(StudyKey.ORDERS_DONE, orders.standing)

    def is_over(self) -> bool:
        """Whether no command plans any more of the study."""
        self._look()
        now = self._clock()
        return all(now - seen >= SILENT_SECONDS for _, seen in self._signs.values())

    def _look(self) -> None:
        now = self._clock()
        if self._looked is not None and now - self._looked < LOOK_SECONDS:
            return
        self._looked = now
        self._attributes = self.main.user_attrs
        sign = SessionSign.of(self._attributes)
        if sign is None:
            return
        if sign.ended:
            self._signs.pop(sign.id, None)
        elif (known := self._signs.get(sign.id)) is None or known[0] != sign.beat:
            self._signs[sign.id] = (sign.beat, now)
