"""One run of a search: crews of workers, and a watcher told of what the storage shows."""

from __future__ import annotations

import dataclasses
import math
import shlex
import time
from collections.abc import Iterator, Mapping
from typing import Literal

import optuna

from tuner.basics.environment import keras_backend
from tuner.basics.secrets import masked
from tuner.certificates import SEEDS, trainings
from tuner.launchers import DEFAULT_LAUNCHER, Launcher, gpus
from tuner.launchers.supervision import Supervision
from tuner.records.studies import StudyRecord
from tuner.sessions.certifying import Certifying
from tuner.sessions.plan import Planned
from tuner.sessions.progress import RunProgress
from tuner.sessions.result import CertificateResult, Result, Status
from tuner.sessions.watcher import Attended, Watcher
from tuner.storages.claims import never_finish_an_epoch, reap
from tuner.workers.orders import WorkerOrders

LOOKS = (0.8, 0.87, 0.94)
"""Shares of the trials after which a new incumbent is certified, before the end: where it was a
lucky one the rest of the trials looks between it and the next, and a second one is soon found."""

SMALL = 10
"""A search of fewer trials certifies once, at its end."""


class Session:
    """One run: goes on with a study until it has its trials and, if asked, its certificate.

    Args:
        planned: The study and the orders for its workers.
        watcher: Is told what happens.
        workers: How many, or ``auto``.
        certified: Whether to certify what is found.
        seeds: Trainings a certificate.
        launcher: What starts the workers.

    Attributes:
        record: The study as it was when last looked at.
    """

    def __init__(
        self,
        planned: Planned,
        watcher: Watcher,
        workers: int | Literal["auto"],
        *,
        certified: bool,
        seeds: int = SEEDS,
        launcher: Launcher = DEFAULT_LAUNCHER,
    ) -> None:
        self.planned = planned
        self.watcher = Attended(watcher)
        self.record = StudyRecord.of(planned.study)
        self._workers: int | Literal["auto"] = workers
        self._launcher = launcher
        self._started = time.monotonic()
        self._interrupts = 0
        self._count = 0
        self._shared: Mapping[str, str] = {}
        self._certified = certified and planned.certifiable and self.record.target is not None
        self._certifying = Certifying(self, seeds)
        self._before = self.record.done
        self._noticed: set[str] = set()
        self._exhausted = False

    @property
    def goal(self) -> int:
        """Trained trials that the study shall have."""
        return self.planned.orders.goal

    def run(self) -> Result:
        """Trains and certifies until all is done, or something stops it."""
        with self._launcher.shared() as self._shared:
            reap(self.planned.study)
            left = self.goal - self._before
            space = self.planned.spec.space
            self._count = self._launcher.size(self._workers, left, space) if left > 0 else 0
            self.watcher.started(self.record, self._progress())
            for number, losses in never_finish_an_epoch(self.planned.study):
                self.watcher.notice(
                    f"trial {number} was lost {losses} times in a row before it ended an epoch; "
                    "if this command is stopped again and again, let it run for longer than one."
                )
            if why := gpus.missing(keras_backend(), gpus.visible()):
                self.watcher.notice(why)
            self._go()
            self.look()
            result = self._result()
        self.watcher.finished(result)
        self.watcher.leave()
        return result

    def certify(self, number: int | None) -> CertificateResult:
        """Certifies one trial, or the smallest that can be, without training for the search.

        Args:
            number: The trial; None: the incumbent, and where it is refuted the next.
        """
        with self._launcher.shared() as self._shared:
            reap(self.planned.study)
            self.watcher.started(self.record, self._progress())
            if number is not None:
                self._certifying.certify(trainings.candidate(self.record, number))
            else:
                self._certifying.smallest()
            self.look()
        self.watcher.leave()
        record = self.record
        found = record.certificate if number is None else record.certificates.get(number)
        return CertificateResult(found, record, self._interrupts > 0)

    def work(self, study: optuna.Study, orders: WorkerOrders, left: int) -> Iterator[None]:
        """Runs a crew on a study; yields about once a second until it is done or left."""
        orders = dataclasses.replace(orders, environment=dict(self._shared))
        crew = self._launcher.start(
            orders, self._workers, left, self.planned.spec.space, self.planned.folder / "logs"
        )
        self._count = crew.size
        supervision = Supervision(crew, study, self.watcher.notice, orders.deadline)
        try:
            for _ in supervision.watch():
                yield
                if self.watcher.gone:
                    supervision.stop()
        finally:
            self._interrupts += supervision.interrupts

    def look(self) -> None:
        """Reads the study and tells the watcher."""
        self.record = StudyRecord.of(self.planned.study)
        for line in self.record.notices:
            if line not in self._noticed:
                self._noticed.add(line)
                self.watcher.notice(line)
        self.watcher.updated(self.record, self._progress())

    def stopped(self) -> bool:
        """Whether the user or the time limit has stopped it."""
        deadline = self.planned.orders.deadline
        if self._interrupts > 0 or self.watcher.gone:
            return True
        return deadline is not None and time.time() >= deadline

    def _go(self) -> None:
        while not self.stopped():
            stage = self._stage()
            if self.record.done < stage and not self._exhausted:
                self._exhausted = not self._train(stage)
            if self.stopped():
                return
            if self._certified and self._certifying.smallest():
                self._exhausted = (
                    False  # where it was refuted, larger models are worth training again
                )
                continue
            if self._exhausted or self.record.done >= self.goal:
                return

    def _stage(self) -> int:
        """How many trained trials there shall be before the next look at the incumbent."""
        if not self._certified or self.goal < SMALL:
            return self.goal
        stages = (math.ceil(share * self.goal) for share in LOOKS)
        return next((stage for stage in stages if stage > self.record.done), self.goal)

    def _train(self, stage: int) -> bool:
        """Trains until the study has so many trials; false where no more could be trained."""
        before = self.record.done
        orders = dataclasses.replace(self.planned.orders, goal=stage)
        for _ in self.work(self.planned.study, orders, stage - before):
            self.look()
        self.look()
        return self.record.done >= stage

    def _progress(self) -> RunProgress:
        elapsed = time.monotonic() - self._started
        done = self.record.done - self._before
        left = max(0, self.goal - self._before - done)
        return RunProgress(
            goal=self.goal,
            trained_before=self._before,
            workers=self._count,
            elapsed=elapsed,
            remaining=elapsed / done * left if done else None,
            storage=masked(self.planned.orders.storage),
            certifying=self._certifying.progress(),
        )

    def _result(self) -> Result:
        status: Status
        if self._interrupts:
            status = "interrupted"
        elif self.record.target is None:
            status = "complete" if self.record.done >= self.goal else "interrupted"
        else:
            status = "met" if self.record.incumbent is not None else "not_met"
        return Result(
            status=status,
            record=self.record,
            run=self._progress(),
            results=self.planned.folder,
            exhausted=self._exhausted and not self.stopped(),
            certifiable=self.planned.certifiable,
            resume=shlex.join(["tuner", "search", *self.planned.arguments]),
        )
