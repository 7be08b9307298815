"""One run of a search: crews of workers, and a watcher told of what the storage shows."""

from __future__ import annotations

import dataclasses
import math
import shlex
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import optuna

from tuner.basics.environment import keras_backend
from tuner.certificates import statistics, trainings
from tuner.launchers import gpus
from tuner.launchers.backends import shared_programs
from tuner.launchers.hardware import hardware
from tuner.launchers.placement import Placement, placements
from tuner.launchers.processes import Crew
from tuner.launchers.supervision import POLL_SECONDS
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord
from tuner.sessions.plan import Planned
from tuner.sessions.progress import Proving, Run
from tuner.sessions.result import Proof, Result
from tuner.sessions.watcher import Watcher
from tuner.storages.claims import count_crash, reap
from tuner.storages.opening import mask, told
from tuner.workers.orders import Orders

LOOKS = (0.8, 0.87, 0.94)
"""Shares of the trials after which a new incumbent is certified, before the end: where it was a
lucky one the rest of the trials looks between it and the next, and a second one is soon found."""

SMALL = 10
"""A search of fewer trials certifies once, at its end."""


class SearchRun:
    """One run: goes on with a study until it has its trials and, if asked, its certificate."""

    def __init__(
        self,
        planned: Planned,
        watcher: Watcher,
        workers: int | Literal["auto"],
        *,
        certified: bool,
        seeds: int = statistics.SEEDS,
    ) -> None:
        """Reads the study as it stands.

        Args:
            planned: The study and the orders for its workers.
            watcher: Is told what happens.
            workers: How many, or ``auto``.
            certified: Whether to certify what is found.
            seeds: Trainings a certificate.
        """
        self.planned = planned
        self.watcher = watcher
        self.workers = workers
        self.seeds = seeds
        self.started = time.monotonic()
        self.interrupts = 0
        self.count = 0
        self.environment: dict[str, str] = {}
        self.proving: trainings.Certification | None = None
        self.record = StudyRecord.of(planned.study)
        self.certified = certified and self.record.target is not None
        self.before = self.record.done

    @property
    def goal(self) -> int:
        """Trained trials that the study shall have."""
        return self.planned.orders.goal

    def run(self) -> Result:
        """Trains and certifies until all is done, or something stops it."""
        with told(self.planned.orders.storage), shared_programs() as self.environment:
            reap(self.planned.study)
            left = self.goal - self.before
            self.count = len(self._places(left)) if left > 0 else 0
            self.watcher.started(self.record, self._run())
            if why := gpus.missing(keras_backend(), gpus.visible()):
                self.watcher.notice(why)
            self._go()
            self._look()
            result = self._result()
        self.watcher.finished(result)
        return result

    def prove(self, number: int | None) -> Proof:
        """Certifies one trial, or the smallest that can be, without training for the search.

        Args:
            number: The trial; None: the incumbent, and where it is refuted the next.
        """
        with told(self.planned.orders.storage), shared_programs() as self.environment:
            reap(self.planned.study)
            self.watcher.started(self.record, self._run())
            if number is not None:
                self._prove(trainings.candidate(self.record, number))
            else:
                self._prove_smallest()
            self._look()
        record = self.record
        found = record.certificate if number is None else record.certificates.get(number)
        return Proof(found, record, self.interrupts > 0)

    def _go(self) -> None:
        exhausted = False
        while not self._stopped():
            stage = self._stage()
            if self.record.done < stage and not exhausted:
                exhausted = not self._train(stage)
            if self._stopped():
                return
            if self.certified and self._prove_smallest():
                exhausted = False  # where it was refuted, larger models are worth training again
                continue
            if exhausted or self.record.done >= self.goal:
                return

    def _stage(self) -> int:
        """How many trained trials there shall be before the next look at the incumbent."""
        if not self.certified or self.goal < SMALL:
            return self.goal
        stages = (math.ceil(share * self.goal) for share in LOOKS)
        return next((stage for stage in stages if stage > self.record.done), self.goal)

    def _stopped(self) -> bool:
        deadline = self.planned.orders.deadline
        return self.interrupts > 0 or (deadline is not None and time.time() >= deadline)

    def _train(self, stage: int) -> bool:
        """Trains until the study has so many trials; false where no more could be trained."""
        before = self.record.done
        orders = dataclasses.replace(self.planned.orders, goal=stage)
        for _ in self._at_work(self.planned.study, orders, stage - before):
            self._look()
        self._look()
        return self.record.done >= stage

    def _prove_smallest(self) -> bool:
        """Certifies the incumbent, where it is refuted the next, until one holds or none is left.

        One that met the target by luck is seldom alone, and what is still to be trained is wasted
        below the next of them.

        Returns:
            Whether there was a verdict.
        """
        judged = False
        while not self._stopped() and self._prove(trainings.candidate(self.record)):
            judged = True
        return judged

    def _prove(self, trial: TrialRecord | None) -> bool:
        """Certifies a trial; false where there is none, or it came to no verdict."""
        if trial is None:
            return False
        proof = self.proving = trainings.Certification(self.planned.study, trial, self.seeds)
        orders = dataclasses.replace(
            self.planned.orders,
            study_name=proof.study.study_name,
            goal=proof.goal,
            sampler="random",
        )
        try:
            reap(proof.study)
            if proof.verdict() is None:
                for _ in self._at_work(proof.study, orders, len(proof.waiting())):
                    self._look()
                    if proof.verdict() is not None:
                        # Before its workers are stopped: what is taken back is not lost.
                        proof.drop()
                        break
            if proof.verdict() is None:
                self._explain(proof)
                return False
            proof.drop()
            seconds = sum(t.seconds or 0.0 for t in proof.tested())
            proof.store(seconds, hardware())
        finally:
            self.proving = None
        self._look()
        return True

    def _explain(self, proof: trainings.Certification) -> None:
        failed = proof.failed()
        if failed is not None:
            why = failed.error or failed.outcome
            self.watcher.notice(
                f"trial {proof.trial.number} could not be certified: a training failed: {why}"
            )

    def _at_work(self, study: optuna.Study, orders: Orders, left: int) -> Iterator[None]:
        """Runs a crew on a study; yields about once a second until it is done or left."""
        orders = dataclasses.replace(orders, environment=self.environment)
        crew = Crew(orders, self._places(left), self.planned.folder / "logs")
        self.count = crew.size

        def died(pid: int, code: int) -> None:
            number = count_crash(study, pid, code)
            reap(study)
            signalled = f"signal {-code}" if code < 0 else f"exit code {code}"
            again = "" if number is None else f"; trial {number} will be trained again"
            self.watcher.notice(f"a worker died ({signalled}) and was replaced{again}.")

        try:
            with self._interruptible(crew):
                ended = self._ended(study)
                while crew.check(died) and self.interrupts < 2:
                    yield
                    before, ended = ended, self._ended(study)
                    if ended > before:
                        crew.deaths = 0
                    time.sleep(POLL_SECONDS)
        finally:
            crew.kill()
            reap(study)

    def _places(self, left: int) -> list[Placement]:
        return placements(self.workers, left, self.planned.spec.space)

    def _ended(self, study: optuna.Study) -> int:
        return sum(t.state.is_finished() for t in study.get_trials(deepcopy=False))

    def _look(self) -> None:
        self.record = StudyRecord.of(self.planned.study)
        self.watcher.updated(self.record, self._run())

    @contextmanager
    def _interruptible(self, crew: Crew) -> Iterator[None]:
        """The first signal asks the workers to stop, the second stops them at once."""

        def interrupt(*_: object) -> None:
            self.interrupts += 1
            if self.interrupts == 1:
                self.watcher.notice("stopping; press Ctrl-C again to stop at once.")
                crew.ask_to_stop()

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

    def _run(self) -> Run:
        elapsed = time.monotonic() - self.started
        done = self.record.done - self.before
        left = max(0, self.goal - self.before - done)
        return Run(
            goal=self.goal,
            trained_before=self.before,
            workers=self.count,
            elapsed=elapsed,
            remaining=elapsed / done * left if done else None,
            storage=mask(self.planned.orders.storage),
            proving=self._proving(),
        )

    def _proving(self) -> Proving | None:
        if (proof := self.proving) is None:
            return None
        return Proving(
            trial=proof.trial,
            planned=proof.planned,
            epochs=proof.epochs,
            accuracies=tuple(t.test_accuracy or 0.0 for t in proof.tested()),
            trainings=tuple(t for t in proof.mine() if t.state.name == "RUNNING"),
        )

    def _result(self) -> Result:
        status: Literal["met", "not_met", "complete", "interrupted"]
        if self.interrupts:
            status = "interrupted"
        elif self.record.target is None:
            status = "complete" if self.record.done >= self.goal else "interrupted"
        else:
            status = "met" if self.record.incumbent is not None else "not_met"
        return Result(
            status=status,
            record=self.record,
            run=self._run(),
            results=self.planned.folder,
            resume=shlex.join(["tuner", "search", *self.planned.arguments]),
        )
