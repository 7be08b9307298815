"""What every launcher offers: crews of workers, started, watched, replaced and stopped."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from tuner.errors import TunerError
from tuner.workers.orders import WorkerOrders


@dataclass(frozen=True)
class Ended:
    """A worker that has ended.

    Attributes:
        index: Which of the crew's.
        pid: Its process id on its machine.
        code: Its exit code, negative for a signal.
        error: What it ended with, where that ends the search.
        host: Its machine; None: this one.
        machine_left: Whether its machine has gone, which says nothing of what it trained.
    """

    index: int
    pid: int
    code: int
    error: TunerError | None = None
    host: str | None = None
    machine_left: bool = False


class Crew(ABC):
    """The workers of one command, each known by its index."""

    @property
    @abstractmethod
    def size(self) -> int:
        """How many workers there are, ended ones included."""

    @property
    def at_work(self) -> bool:
        """Whether anything more is to come of them."""
        return bool(self.running())

    @property
    def has_news(self) -> bool:
        """Whether one has ended that `ended` has not told of; false where that is costly to say."""
        return False

    @abstractmethod
    def running(self) -> Mapping[int, int]:
        """The process ids of those that run, by their index."""

    @abstractmethod
    def ended(self) -> Sequence[Ended]:
        """Those that have ended since this was last asked."""

    @abstractmethod
    def replace(self, ended: Ended) -> None:
        """Starts a worker in the place of one that has ended."""

    @abstractmethod
    def ask_to_stop(self) -> None:
        """Asks every worker to stop at the next good moment; it gives its trial back."""

    def interrupted_again(self) -> None:  # noqa: B027 - most have nothing to do
        """A person asks a second time to stop: whoever is asked raises, or will be killed."""

    @abstractmethod
    def kill(self, index: int | None = None) -> None:
        """Ends a worker at once, or all of them."""

    def news(self) -> Sequence[str]:
        """What a user should know of them, a line each, since this was last asked."""
        return ()

    @abstractmethod
    def log_of(self, index: int) -> str:
        """Where to read what a worker printed."""


class Launcher(ABC):
    """Starts crews.

    Attributes:
        name: As a user names it.
        apart: Whether its workers are other processes, which must be sent what no file holds.
    """

    name: ClassVar[str]
    apart: ClassVar[bool] = True

    @abstractmethod
    def size(self, workers: int | Literal["auto"], left: int, space: str) -> int:
        """How many workers a crew would have.

        Args:
            workers: What the user asked for.
            left: Trials still to be trained; more workers than that would idle.
            space: The search space, as a study names it.
        """

    @abstractmethod
    def start(
        self,
        orders: WorkerOrders,
        workers: int | Literal["auto"],
        left: int,
        space: str,
        logs: Path,
    ) -> Crew:
        """Starts the workers of a command.

        Args:
            orders: What each of them is told; their index, place and environment are added.
            workers: As for `size`.
            left: As for `size`.
            space: As for `size`.
            logs: Folder for what they print.
        """

    def require(self) -> None:
        """Says what keeps it from starting anything, where that can be told at once.

        Raises:
            TunerError: Something does.
        """
        return None

    def shared(self) -> AbstractContextManager[Mapping[str, str]]:
        """What the crews of one command share, as variables for their environment."""
        return nullcontext({})
