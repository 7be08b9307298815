"""One run of a search: crews of workers, and a watcher told of what the storage shows."""

from __future__ import annotations

import dataclasses
import math
import shlex
import time
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import optuna

from tuner.basics import gpus
from tuner.basics.environment import keras_backend
from tuner.basics.secrets import masked
from tuner.certificates import SEEDS, trainings
from tuner.certificates.models import ModelProofs
from tuner.errors import ArtifactError
from tuner.exports.rehearsal import Rehearsal
from tuner.launchers import DEFAULT_LAUNCHER, Launcher
from tuner.launchers.elsewhere import ElsewhereLauncher
from tuner.launchers.supervision import Supervision
from tuner.objectives.proof import Prove
from tuner.records.keys import TrialKey
from tuner.records.standing import GivenUp
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord
from tuner.sessions.certifying import Certifying
from tuner.sessions.plan import Planned
from tuner.sessions.progress import ModelProgress, RunProgress, machines, remaining
from tuner.sessions.result import CertificateResult, Result, Status
from tuner.sessions.standing import Standing
from tuner.sessions.watcher import Attended, Watcher
from tuner.spaces import carried
from tuner.storages import leftovers
from tuner.storages.claims import never_finish_an_epoch, reap
from tuner.storages.sent_files import SentFiles
from tuner.workers.orders import WorkerOrders

LOOKS = (0.8, 0.87, 0.94)
"""Shares of the trials after which a new incumbent's recipe is certified, before the end, where its
recipe must hold: if it was a lucky one the rest of the trials looks between it and the next."""

SMALL = 10
"""A search of fewer trials certifies once, at its end."""

ASK_SECONDS = 60.0
"""After which an artifact store that did not answer is asked again."""


class Session:
    """One run: goes on with a study until it has its trials and, if asked, its certificate.

    Args:
        planned: The study and the orders for its workers.
        watcher: Is told what happens.
        workers: How many, or ``auto``.
        prove: What to prove of what is found; None: what the plan says.
        seeds: Trainings of a recipe's certificate.
        launcher: What starts the workers.

    Attributes:
        record: The study as it was when last looked at.
        files: Models on their way to the results folder.
    """

    def __init__(
        self,
        planned: Planned,
        watcher: Watcher,
        workers: int | Literal["auto"],
        *,
        prove: Prove | None = None,
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
        self._prove = "none" if self.record.target is None else prove or planned.prove
        self._certifying = Certifying(self, seeds)
        self._before = self.record.done
        self._epochs_before = self.record.epochs_spent
        self._noticed: set[str] = set()
        self._proofs: ModelProofs | None = None
        self._rehearsal: Rehearsal | None = None
        self._exhausted = False
        self._standing = Standing(planned.study)
        self.files = SentFiles(planned.study)
        self._ask_again = 0.0

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
                    f"trial {number} was lost {losses} times in a row without another epoch; "
                    "if this command is stopped again and again, let it run for longer than one."
                )
            if why := gpus.missing(keras_backend(), gpus.visible()):
                self.watcher.notice(why)
            if (
                self._launcher.apart
                and self._count
                and not self._before
                and self.record.target is not None
            ):
                self._rehearsal = Rehearsal(self.record.space_arguments())
            try:
                self._go()
            finally:
                if self._rehearsal is not None:
                    self._rehearsal.stop()
                self._standing.end()
            self._clear()
            self.look()
            result = self._result()
        self.watcher.finished(result)
        self.watcher.leave()
        return result

    def certify(self, number: int | None) -> CertificateResult:
        """Proves one trial, or the smallest that can be, without training for the search.

        Args:
            number: The trial; None: the incumbent, and where it does not hold the next.
        """
        with self._launcher.shared() as self._shared:
            reap(self.planned.study)
            self.watcher.started(self.record, self._progress())
            try:
                self._certify(number)
            finally:
                self._standing.end()
            self.look()
        self.watcher.leave()
        return CertificateResult(self.record, number, self._prove, self._interrupts > 0)

    def _certify(self, number: int | None) -> None:
        chosen = trainings.candidate(self.record, number) if number is not None else None
        if self._prove in ("both", "model"):
            self._prove_models(number)
        if self._prove in ("both", "recipe") and not self.stopped():
            if self.record.prove == "recipe" and chosen is None:
                self._certifying.smallest()
            else:
                self._certifying.certify(chosen or self._uncertified())

    def work(self, study: optuna.Study, orders: WorkerOrders, left: int) -> Iterator[None]:
        """Runs a crew on a study; yields about once a second until it is done or left."""
        space = self.planned.spec.space
        orders = dataclasses.replace(
            orders,
            environment=dict(self._shared),
            # No file has it: it goes to the workers by the channel that starts them.
            carried=carried.parcels(self.planned.spec.model_dump()) if self._launcher.apart else {},
        )
        orders = self._standing.give(orders)
        logs = self.planned.folder / "logs"
        crew = self._launcher.start(orders, self._workers, left, space, logs)
        self._count = crew.size
        supervision = Supervision(crew, study, self.watcher.notice, orders.deadline)
        try:
            for _ in supervision.watch():
                yield
                if self.watcher.gone:
                    supervision.stop()
        finally:
            self._interrupts += supervision.interrupts

    def _clear(self) -> None:
        """Removes what killed processes have left."""
        main = self.planned.study
        proofs = self._begun_proofs()
        if proofs is not None:
            reap(proofs.study)
        proving = proofs is not None and proofs.is_open()
        self._ask_again = 0.0
        for line in self._bring(main.user_attrs) or self._send():
            self.watcher.notice(line)
        self.files.clear(self.planned.folder)
        leftovers.clear(main, self.planned.folder, proving=proving, files=self.files)

    def look(self) -> None:
        """Reads the study and tells the watcher."""
        self.record = StudyRecord.of(self.planned.study)
        self._standing.renew()
        away = self._bring(self.record.attributes)
        cannot = self._rehearsal.news() if self._rehearsal is not None else []
        told = GivenUp.of(self.record.attributes)
        gone = [told.line] if told is not None and self._standing.has_given(told.orders) else []
        for line in [*self.record.notices, *cannot, *gone, *away]:
            if line not in self._noticed:
                self._noticed.add(line)
                self.watcher.notice(line)
        self.watcher.updated(self.record, self._progress())

    def _bring(self, attributes: Mapping[str, Any]) -> list[str]:
        """Takes what was trained elsewhere; a line where the store that has it does not answer.

        The search does not wait for it: the models are safe there, and it is asked again.
        """
        if (now := time.monotonic()) < self._ask_again:
            return []
        try:
            self.files.fetch_all(self.planned.folder, attributes)
        except ArtifactError as error:
            self._ask_again = now + ASK_SECONDS
            return [f"models are not brought to the results folder now: {error}"]
        return []

    def _send(self) -> list[str]:
        """Gives the artifact store what the search had before it; a line where that fails."""
        record = StudyRecord.of(self.planned.study)
        names = [t.model_file for t in record.trials if t.model_file and t.outcome is not None]
        names += [name for c in record.certificates.values() for name in c.model_files]
        try:
            self.files.send_lacking(self.planned.folder, names)
        except ArtifactError as error:
            return [f"models of earlier runs are not in the artifact store yet: {error}"]
        return []

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
            if self._prove == "recipe" and self._certifying.smallest():
                # Where it was refuted, larger models are worth training again.
                self._exhausted = False
                continue
            if self._exhausted or self.record.done >= self.goal:
                break
        self._prove_at_end()

    def _prove_at_end(self) -> None:
        """What the workers have not proven yet, and the recipe of what was found."""
        if self._prove != "none" and not self.stopped():
            self._prove_models(None)
        if self._prove == "both" and not self.stopped():
            self._certifying.certify(self._uncertified())

    def _uncertified(self) -> TrialRecord | None:
        """The incumbent, where its model holds and its recipe has no certificate yet."""
        best = self.record.incumbent
        if best is None:
            return None
        known = self.record.certificates.get(best.number)
        return None if known is not None and known.planned >= self._certifying.seeds else best

    def _prove_models(self, number: int | None) -> None:
        """Has the workers prove a trial's model, or the incumbents' up to the first that holds."""
        before = None
        while not self.stopped():
            judged = self.record.model_certificates
            best = self.record.incumbent if number is None else self.record.trials[number]
            if best is None or best.number in judged or best.number == before:
                return
            before = best.number  # where its proof could not be made, nothing comes of another try
            orders = dataclasses.replace(
                self.planned.orders,
                goal=self.record.done,
                proves_models=True,
                prove_trial=number,
                until_little_gain=False,
            )
            for _ in self.work(self.planned.study, orders, 1):
                self.look()
            self.look()

    def _stage(self) -> int:
        """How many trained trials there shall be before the next look at the incumbent."""
        if self._prove != "recipe" or self.goal < SMALL:
            return self.goal
        stages = (math.ceil(share * self.goal) for share in LOOKS)
        return next((stage for stage in stages if stage > self.record.done), self.goal)

    def _train(self, stage: int) -> bool:
        """Trains until the study has so many trials; false where no more could be trained."""
        before = self.record.done
        orders = dataclasses.replace(
            self.planned.orders, goal=stage, proves_models=self._prove in ("both", "model")
        )
        for _ in self.work(self.planned.study, orders, stage - before):
            self.look()
        self.look()
        return self.record.done >= stage

    def _progress(self) -> RunProgress:
        elapsed = time.monotonic() - self._started
        return RunProgress(
            goal=self.goal,
            trained_before=self._before,
            workers=self._count,
            elapsed=elapsed,
            remaining=remaining(self.record, self.goal, elapsed, self._before, self._epochs_before),
            storage=masked(self.planned.orders.storage),
            elsewhere=self._launcher.name == ElsewhereLauncher.name,
            machines=machines(self.record),
            certifying=self._certifying.progress(),
            proving=self._proving(),
        )

    def _begun_proofs(self) -> ModelProofs | None:
        """The proofs of models, once there are any."""
        if self._proofs is None:
            self._proofs = ModelProofs.begun(self.planned.study)
        return self._proofs

    def _proving(self) -> ModelProgress | None:
        """The proof of a model that a worker is making."""
        proofs = None if self._prove == "none" else self._begun_proofs()
        running = None if proofs is None else proofs.running()
        if running is None:
            return None
        training = TrialRecord.of(running)
        proven = self.record.trials[int(running.user_attrs[TrialKey.CELL]["trial"])]
        return ModelProgress(proven, max(training.epochs, proven.epochs), self.record.horizon)

    def _result(self) -> Result:
        status: Status
        if self._interrupts:
            status = "interrupted"
        elif self.record.target is None:
            status = "complete" if self.record.done >= self.goal else "interrupted"
        else:
            status = "met" if self.record.incumbent is not None else "not_met"
        arguments = self.planned.arguments
        return Result(
            status=status,
            record=self.record,
            run=self._progress(),
            results=self.planned.folder,
            exhausted=self._exhausted and not self.stopped(),
            certifiable=self.planned.certifiable,
            resume=shlex.join(["tuner", "search", *arguments]) if arguments else "",
        )
