"""Certifies what a session has found: which trial, by whom, until there is a verdict."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Protocol

import optuna

from tuner.basics.hardware import hardware
from tuner.certificates import trainings
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord
from tuner.sessions.plan import Planned
from tuner.sessions.progress import CertificateProgress
from tuner.sessions.watcher import Watcher
from tuner.storages import leftovers
from tuner.storages.claims import reap
from tuner.storages.sent_files import SentFiles
from tuner.workers.orders import WorkerOrders


class Surroundings(Protocol):
    """What certifying needs of its session."""

    planned: Planned
    record: StudyRecord
    files: SentFiles

    @property
    def watcher(self) -> Watcher:
        """Is told what happens."""

    def work(self, study: optuna.Study, orders: WorkerOrders, left: int) -> Iterator[None]:
        """Runs a crew on a study; yields about once a second until it is done or left."""

    def look(self) -> None:
        """Reads the study and tells the watcher."""

    def stopped(self) -> bool:
        """Whether the user or the time limit has stopped the session."""


class Certifying:
    """The certificates of recipes of one session.

    Args:
        session: Whose.
        seeds: Trainings of a recipe's certificate.
    """

    def __init__(self, session: Surroundings, seeds: int) -> None:
        self._session = session
        self.seeds = seeds
        self._at: trainings.CertificateTrainings | None = None

    def smallest(self) -> bool:
        """Certifies the incumbent, where it is refuted the next, until one holds or none is left.

        One that met the target by luck is seldom alone, and what is still to be trained is wasted
        below the next of them.

        Returns:
            Whether there was a verdict.
        """
        judged = False
        session = self._session
        while not session.stopped() and self.certify(
            trainings.candidate(session.record, seeds=self.seeds)
        ):
            judged = True
        return judged

    def certify(self, trial: TrialRecord | None) -> bool:
        """Certifies a trial; false where there is none, or it came to no verdict."""
        if trial is None:
            return False
        session = self._session
        certificate = trainings.CertificateTrainings(session.planned.study, trial, self.seeds)
        self._at = certificate
        try:
            reap(certificate.study)
            self._train(certificate)
            if certificate.verdict() is None:
                self._explain(certificate)
                return False
            certificate.drop()
            leftovers.clear(certificate.study, session.planned.folder, files=session.files)
            seconds = sum(t.seconds or 0.0 for t in certificate.tested())
            certificate.store(seconds, hardware())
        finally:
            self._at = None
        session.look()
        return True

    def progress(self) -> CertificateProgress | None:
        """The certificate in the making, where there is one."""
        if (at := self._at) is None:
            return None
        return CertificateProgress(
            trial=at.trial,
            planned=at.planned,
            epochs=at.epochs,
            measured=tuple(t.test_measured or 0.0 for t in at.tested()),
            trainings=tuple(t for t in at.mine() if t.state.name == "RUNNING"),
        )

    def _train(self, certificate: trainings.CertificateTrainings) -> None:
        """Trains until there is a verdict."""
        if certificate.verdict() is not None:
            return
        session = self._session
        orders = dataclasses.replace(
            session.planned.orders,
            study_name=certificate.study.study_name,
            goal=certificate.goal,
            sampler="random",
        )
        for _ in session.work(certificate.study, orders, len(certificate.waiting())):
            session.look()
            if certificate.verdict() is not None:
                # Before its workers are stopped: what is taken back is not lost.
                certificate.drop()
                return

    def _explain(self, certificate: trainings.CertificateTrainings) -> None:
        if (failed := certificate.failed()) is not None:
            why = failed.error or failed.outcome
            self._session.watcher.notice(
                f"trial {certificate.trial.number} could not be certified: a training failed: {why}"
            )
