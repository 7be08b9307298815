"""Watches over a crew: replaces the dead, ends the silent, passes on that it is to stop."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import optuna
from optuna.trial import FrozenTrial

from tuner.certificates import trainings
from tuner.certificates.models import ModelProofs
from tuner.errors import TunerError
from tuner.launchers.base import Crew, Ended
from tuner.launchers.silence import Silence
from tuner.storages import claims
from tuner.storages.claims import count_crash, is_running, reap
from tuner.storages.patient import patience_of
from tuner.workers.orders import EXIT_DONE, EXIT_HANGS, EXIT_RECYCLE

POLL_SECONDS = 1.0
BRIEF_SECONDS = 0.1
"""A cluster that ends a command waits for few seconds: each counts."""
MOST_DEATHS = 5
"""So many workers dying in a row without ending a trial end the search."""
ASK_EVERY = 30.0
"""Seconds between two looks for the study of proofs, while there is none."""
REAP_SECONDS = 15.0
"""How often it is looked for trials whose worker has died elsewhere."""
GRACE_SECONDS = 20.0
"""How long a worker that is asked to stop may take. What it has trained is kept in its trial's
checkpoint, so that ending it then loses little."""


class Supervision:
    """One crew at work on one study.

    Args:
        crew: The workers.
        study: What they work on.
        notice: Told, in one line, of what a user should know.
        deadline: Seconds since 1970 at which they are to have stopped, or None.
        silence: Says which workers hang; None: one with the usual patience.
        follows: Whether the crew works on whatever the study's orders say.

    Attributes:
        interrupts: How often a signal asked this process to stop.
        signal: Which one it was, the latest; None where there was none.
    """

    def __init__(
        self,
        crew: Crew,
        study: optuna.Study,
        notice: Callable[[str], None],
        deadline: float | None = None,
        silence: Silence | None = None,
        *,
        follows: bool = False,
    ) -> None:
        self.interrupts = 0
        self.signal: int | None = None
        self._reaped = time.monotonic()
        self._silence = silence or Silence()
        self._silent: set[int] = set()
        self._crew = crew
        self._follows = follows
        self._study = study
        self._notice = notice
        self._deadline = deadline
        self._deaths = 0
        self._asked_at: float | None = None
        self._proofs: ModelProofs | None = None
        self._ask_again = 0.0

    def watch(self) -> Iterator[None]:
        """Yields about once a second until the crew is done, or was stopped.

        Raises:
            TunerError: A worker met an error that ends the search, or they die one after another.
        """
        try:
            with self._interruptible(), patience_of(self._study).ended_by(self._stopping):
                finished = sum(t.state.is_finished() for t in self._trials())
                while self._tend() and self.interrupts < 2:
                    yield
                    trials = self._trials()
                    before, finished = finished, sum(t.state.is_finished() for t in trials)
                    if finished > before:
                        self._deaths = 0
                    self._end_silent([*trials, *self._proof_trials()])
                    self._find_lost()
                    self._pause()
        finally:
            self._crew.kill()
            for study in self._studies():
                reap(study)

    def stop(self) -> None:
        """Asks the workers to stop, once."""
        if self._asked_at is None:
            self._asked_at = time.monotonic()  # a clock that is set anew shall end nobody
            self._crew.ask_to_stop()

    def _tend(self) -> bool:
        """Sees to the workers that have ended; false where none runs any more."""
        found = self._crew.ended()
        for line in self._crew.news():
            self._notice(line)
        for ended in found:
            if ended.error is not None:
                raise ended.error
            if ended.code == EXIT_DONE or self._asked_at is not None:
                continue
            if ended.machine_left:
                self._left(ended)
            elif ended.code != EXIT_RECYCLE:
                self._died(ended)
            self._crew.replace(ended)
        self._hurry()
        return self._crew.at_work

    def _pause(self) -> None:
        """Waits for the next look, while it stops no longer than until a worker has ended."""
        until = time.monotonic() + POLL_SECONDS
        while (left := until - time.monotonic()) > 0:
            if self._stopping() and self._crew.has_news:
                return
            time.sleep(min(left, BRIEF_SECONDS))

    def _stopping(self) -> bool:
        return self._asked_at is not None

    def _left(self, ended: Ended) -> None:
        """What a machine took with it when it left is trained elsewhere, at once."""
        lost = [n for study in self._studies() if (n := claims.lose(study, ended)) is not None]
        again = f"; trial {lost[0]} will be trained again" if lost else ""
        self._notice(f"machine {ended.host} has left, with a worker{again}.")

    def _died(self, ended: Ended) -> None:
        self._deaths += 1
        if self._deaths >= MOST_DEATHS:
            raise TunerError(
                f"{self._deaths} workers died one after the other without ending a trial; "
                f"see {self._crew.log_of(ended.index)}."
            )
        hung = ended.code == EXIT_HANGS
        silent = hung or ended.pid in self._silent
        number, *_ = (
            count_crash(study, ended.pid, ended.code, silent=silent, host=ended.host)
            for study in self._studies()
        )
        if ended.host is not None:
            for study in self._studies():
                claims.lose(study, ended)
        for study in self._studies():
            reap(study)
        how = f"died (signal {-ended.code})" if ended.code < 0 else f"died (exit code {ended.code})"
        if hung:
            how = f"did not get on (where, {self._crew.log_of(ended.index)} says)"
        elif silent:
            how = f"showed no sign of life for {self._silence.allowed:g} s"
        again = "" if number is None else f"; trial {number} will be trained again"
        self._notice(f"a worker {how} and was replaced{again}.")

    def _end_silent(self, trials: Sequence[FrozenTrial]) -> None:
        """Ends workers that hang; as they have ended they are replaced like any other."""
        workers = self._crew.running()
        silent = self._silence.too_long((t for t in trials if is_running(t)), workers.values())
        for index, pid in workers.items():
            if pid in silent and pid not in self._silent:
                self._silent.add(pid)
                self._crew.kill(index)

    def _find_lost(self) -> None:
        """Queues again what workers of other machines have left, where none of them does."""
        if (now := time.monotonic()) >= self._reaped + REAP_SECONDS:
            self._reaped = now
            for study in self._studies():
                reap(study)

    def _hurry(self) -> None:
        """Ends workers that do not stop by themselves, whatever they are busy with."""
        now, deadline = time.monotonic(), self._deadline
        if self._asked_at is None and deadline is not None and time.time() >= deadline:
            self._asked_at = now  # the deadline is in their orders
        if self._asked_at is None or now < self._asked_at + GRACE_SECONDS:
            return
        running = self._crew.running()
        if running:
            several = f"{len(running)} workers have" if len(running) > 1 else "a worker has"
            self._notice(f"{several} not stopped within {GRACE_SECONDS:g} s and will be ended.")
            self._crew.kill()

    def _studies(self) -> list[optuna.Study]:
        """What the crew works on: the study, and the proofs of its models once there are any.

        Workers that follow the study's orders may be at the trainings of its certificates.
        """
        if self._proofs is None:
            self._proofs = ModelProofs.begun(self._study)
        found = [self._study] if self._proofs is None else [self._study, self._proofs.study]
        if self._follows and (recipes := trainings.begun(self._study)) is not None:
            found.append(recipes)
        return found

    def _proof_trials(self) -> Sequence[FrozenTrial]:
        """The proofs of models; whether there are any yet is asked now and then."""
        now = time.monotonic()
        if self._proofs is None and now >= self._ask_again:
            self._ask_again = now + ASK_EVERY
            self._studies()
        return [] if self._proofs is None else self._proofs.trials()

    def _trials(self) -> Sequence[FrozenTrial]:
        return self._study.get_trials(deepcopy=False)

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        """The first signal asks the workers to stop, the second stops them at once."""

        def interrupt(number: int, *_: object) -> None:
            self.interrupts += 1
            self.signal = number
            if self.interrupts == 1:
                self._notice("stopping; press Ctrl-C again to stop at once.")
                self.stop()
            else:
                self._crew.interrupted_again()

        if threading.current_thread() is not threading.main_thread():
            yield
            return
        signals = (signal.SIGINT, signal.SIGTERM)
        old = [signal.signal(s, interrupt) for s in signals]
        try:
            yield
        finally:
            for s, handler in zip(signals, old, strict=True):
                signal.signal(s, handler)
