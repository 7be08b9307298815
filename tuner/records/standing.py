"""What a search tells workers that it has not started itself, by way of its study alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tuner.records.keys import StudyKey


@dataclass(frozen=True)
class StandingOrders:
    """What workers elsewhere are to do now; whoever plans a search writes it anew as it goes on."""

    id: str
    study_name: str
    """What to work on: the search itself, or the study of its certificates."""
    data: Mapping[str, Mapping[str, Any]]
    """For each data set that the study names, what `tuner.data.open_again` takes."""
    goal: int
    seed: int
    sampler: str
    pruner: str
    reference: bool
    proves_models: bool
    prove_trial: int | None
    until_little_gain: bool
    first_trial: int
    deadline: float | None

    @classmethod
    def of(cls, attributes: Mapping[str, Any]) -> StandingOrders | None:
        """Those of a study, from its attributes; None where no command has given any."""
        stored = attributes.get(StudyKey.ORDERS)
        if stored is None:
            return None
        known = {f.name for f in dataclasses.fields(cls)}
        return cls(**{key: value for key, value in stored.items() if key in known})

    def to_fields(self) -> dict[str, Any]:
        """For the storage."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class SessionSign:
    """That a command plans and certifies a study, renewed while it does."""

    id: str
    beat: float
    """Seconds since 1970, by the clock of its machine."""
    ended: bool

    @classmethod
    def of(cls, attributes: Mapping[str, Any]) -> SessionSign | None:
        """The latest of a study; None where there was none."""
        stored = attributes.get(StudyKey.SESSION)
        return None if stored is None else cls(stored["id"], stored["beat"], stored["ended"])


@dataclass(frozen=True)
class GivenUp:
    """What a worker that was started elsewhere has ended with."""

    orders: str
    """The id of its orders."""
    host: str
    kind: str
    """Which of `tuner.errors`."""
    text: str

    @classmethod
    def of(cls, attributes: Mapping[str, Any]) -> GivenUp | None:
        """The latest of a study; None where there was none."""
        stored = attributes.get(StudyKey.GIVEN_UP)
        return None if stored is None else cls(**stored)

    @property
    def line(self) -> str:
        """For whoever watches the search."""
        return f"a worker on {self.host} has given up: {self.text}"
