"""What a session writes into its study for workers that others start: orders, and signs of life."""

from __future__ import annotations

import dataclasses
import time
import uuid
from typing import Any

import optuna

from tuner.records.keys import StudyKey
from tuner.records.standing import StandingOrders
from tuner.workers.orders import WorkerOrders

SIGN_SECONDS = 15.0
"""How often a session says that it is still there."""


class Standing:
    """What stands in the study of one session.

    Args:
        main: The search.
    """

    def __init__(self, main: optuna.Study) -> None:
        self._main = main
        self._id = uuid.uuid4().hex[:12]
        self._signed: float | None = None
        self._given: set[str] = set()

    def give(self, orders: WorkerOrders) -> WorkerOrders:
        """Lets workers elsewhere do what this session's own are about to do.

        Returns:
            The orders, by the name under which they stand.
        """
        self.renew()
        name = uuid.uuid4().hex[:12]
        self._given.add(name)
        fields: dict[str, Any] = {
            f.name: getattr(orders, f.name)
            for f in dataclasses.fields(StandingOrders)
            if f.name != "id"
        }
        self._main.set_user_attr(StudyKey.ORDERS, StandingOrders(id=name, **fields).to_fields())
        return dataclasses.replace(orders, main=self._main.study_name, standing=name)

    def has_given(self, name: str) -> bool:
        """Whether these orders are this session's."""
        return name in self._given

    def renew(self) -> None:
        """Says that the session is still there, now and then."""
        now = time.monotonic()
        if self._signed is None or now - self._signed >= SIGN_SECONDS:
            self._signed = now
            self._sign(ended=False)

    def end(self) -> None:
        """Says that nothing more comes of this session."""
        if self._signed is not None:
            self._sign(ended=True)

    def _sign(self, *, ended: bool) -> None:
        sign = {"id": self._id, "beat": round(time.time(), 1), "ended": ended}
        self._main.set_user_attr(StudyKey.SESSION, sign)
