"""One trial, from its claim to its outcome: build, gate, train, report, tell."""

from __future__ import annotations

import contextlib
import time
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import optuna
from optuna.trial import TrialState

from tuner.basics.files import part_of, remove_with_parts, whole
from tuner.basics.seeds import derived_seed
from tuner.objectives.metrics import DEFAULT_METRIC
from tuner.objectives.model_cost import ModelCost
from tuner.objectives.quantities import DEFAULT_QUANTITY, QUANTITIES, Quantity
from tuner.objectives.yardstick import of_constant
from tuner.records.epochs import Epoch, history_attributes
from tuner.records.keys import Outcome, StudyKey, TrialKey
from tuner.spaces.fits import has_own_fit
from tuner.spaces.hyperparameters import WALK_FIT, TrialHyperParameters
from tuner.storages import claims, leftovers
from tuner.storages.results import writing_to
from tuner.training.checkpoints import Checkpoint
from tuner.training.examples import Examples
from tuner.training.failures import diverged
from tuner.training.loop import epochs
from tuner.training.memory import require_memory
from tuner.training.own_fit import Fitting
from tuner.training.readings import Reading, reading_of
from tuner.training.scores import confusion
from tuner.training.settings import read_settings
from tuner.trials.checks import check_built, check_expected, check_measured, counted, value_of
from tuner.trials.files import check_saving
from tuner.trials.fitting import Fitted
from tuner.trials.learning import Learning
from tuner.trials.work import StopRequested, Work


class TrialRun(ABC):
    """The state of one running trial; what its kind does in its own way are the hooks.

    Attributes:
        settled: Whether batch normalisation's statistics are settled before each validation.
        quantity: What the trial's value is.
        horizon: The most epochs.
    """

    settled: ClassVar[bool] = True

    def __init__(self, trial: optuna.Trial, work: Work) -> None:
        self.trial = trial
        self.work = work
        attributes = trial.user_attrs
        self.dataset = attributes.get(TrialKey.DATA) or work.spec.datasets()[0]
        self.data = work.data[self.dataset]
        self.root = int(attributes.get(TrialKey.RETRY_OF, trial.number))
        self.seed = int(attributes.get(TrialKey.SEED, derived_seed(work.seed, self.root)))
        self.history: list[Epoch] = []
        self.learning = Learning(self.data, work.spec, has_own_fit(self._space))
        self.reading: Reading | None = None
        self.metric = work.spec.measured
        self.quantity: Quantity = DEFAULT_QUANTITY
        self.horizon = work.spec.horizon

    # Hooks

    def gate(self, cost: ModelCost) -> bool:
        """Whether training would be pointless; stores why."""
        return False

    def examples(self) -> Examples:
        """What to train and to validate on."""
        return self.learning.examples()

    @abstractmethod
    def report(self, epoch: Epoch) -> None:
        """Tells Optuna of an epoch."""

    def verdict(self, epoch: Epoch, cost: ModelCost) -> Outcome | None:
        """The outcome where the training ends with this epoch; None where it goes on."""
        return None

    @abstractmethod
    def conclude(self, model: Any, outcome: Outcome) -> Outcome:
        """Measures the trained model, keeps what is kept of it, and says the last word."""

    @abstractmethod
    def constrain(self, outcome: Outcome) -> None:
        """Sets the constraint of a trial that was trained."""

    @property
    def study_name(self) -> str:
        """Of the study that the training belongs to."""
        return self.work.study.study_name

    @property
    def name(self) -> str:
        """Of the trial's files, the same after it was lost and queued again."""
        return leftovers.trial_stem(self.root)

    # The same for every kind

    def go(self, started: float) -> Outcome:
        """Runs the trial; `started` is a time of `time.monotonic`."""
        import keras

        keras.utils.set_random_seed(self.seed)
        hp = TrialHyperParameters(self.trial)
        model = self._space.build(hp)
        check_built(self._space, model, compiled=not self.learning.by_fit)
        if (ask := getattr(self._space, WALK_FIT, None)) is not None:
            ask(hp, model)
        examples = self.examples()
        cost = counted(model, examples.first())
        check_expected(cost, self.trial.user_attrs.get(TrialKey.EXPECTED, {}), self._searched())
        value = value_of(cost, self.quantity)
        check_measured(self._space, hp.values, self.quantity, value)
        values = dict(hp.values)
        self._describe(values, cost)
        if self.gate(cost):
            return self._end("gated", value, started)
        check_saving(model, self.work.spec.space)
        self.reading = reading_of(model, examples)
        if self.learning.by_fit:
            model = self._anew(hp)
            trained = self._fit(model, hp, examples, cost)
        else:
            trained = self._train(model, values, examples, cost)
        return self._end(self.conclude(model, trained), value, started)

    @property
    def _space(self) -> Any:
        return self.work.spaces[self.dataset]

    def _anew(self, hp: TrialHyperParameters) -> Any:
        """The model built again, with nothing between: its random state is what `fit` goes on from.

        What was looked at of the first has drawn random numbers that keras-tuner would not have.
        """
        import keras

        keras.utils.clear_session(free_memory=False)
        keras.utils.set_random_seed(self.seed)
        return self._space.build(hp)

    def _fit(
        self, model: Any, hp: TrialHyperParameters, examples: Examples, cost: ModelCost
    ) -> Outcome:
        """Trains by the hypermodel's own `fit`."""
        assert self.reading is not None
        self._stop_if_asked()  # also says that the model was built and a training begins
        fitting = Fitting(
            space=self._space,
            hp=hp,
            examples=examples,
            reading=self.reading,
            metric=self.metric,
            planned=self.work.spec.horizon,
            most=self.horizon,
            seed=self.seed,
            pause=self._stop_if_asked,
        )
        training = Fitted(
            fitting,
            judge=lambda epoch: self._judge(epoch, cost),
            note=self._note,
            amend=self._amend,
            take_over=self._take_over,
        )
        outcome = training.train(model, self._checkpoint(dict(hp.values)))
        self.trial.set_user_attr(TrialKey.VALUES, dict(hp.values))
        return outcome

    def _amend(self, epoch: Epoch) -> None:
        """The latest epoch, as `fit` has left the model behind it."""
        self.history[-1] = epoch
        self._store_history(1)

    def _searched(self) -> str:
        """The trial of the search whose model this one is, as people know it."""
        study, number = self.work.study, self.root
        certified = study.user_attrs.get(StudyKey.CERTIFIES)
        if certified is not None:
            number = self.trial.user_attrs[TrialKey.CELL]["trial"]
        return f"trial {number} of study {(certified or study.study_name)!r}"

    def _describe(self, values: dict[str, Any], cost: ModelCost) -> None:
        known = {q.name: q.of_cost(cost) for q in QUANTITIES.values() if q.exact}
        with self._together():
            for key, value in {
                **known,
                TrialKey.VALUES: values,
                TrialKey.TOTAL_SIZE: cost.total_size,
                TrialKey.VALUE: self.quantity.of_cost(cost),
                TrialKey.SEED: self.seed,
                TrialKey.DATA_NAME: self.data.name,
                TrialKey.DATA_HASH: self.data.hash,
                TrialKey.VERSIONS: dict(self.work.versions),
            }.items():
                self.trial.set_user_attr(key, value)

    def _train(
        self, model: Any, values: dict[str, Any], examples: Examples, cost: ModelCost
    ) -> Outcome:
        settings = read_settings(values)
        require_memory(model, examples.x_train, settings.batch_size)
        checkpoint = self._checkpoint(values)
        checkpoint.resume(model, np.random.default_rng(self.seed))
        self._take_over(checkpoint.history)
        # Its worker may have died after the epoch that was the last, before it said so.
        if self.history and (outcome := self._judge(self.history[-1], cost)) is not None:
            return outcome
        self._stop_if_asked()  # also says that the model was built and a training begins
        training = epochs(
            model,
            examples,
            horizon=self.horizon,
            batch_size=settings.batch_size,
            augmentation=settings.augmentation,
            seed=self.seed,
            metric=self.metric,
            reading=self.reading,
            settled=self.settled,
            pause=self._stop_if_asked,
            checkpoint=checkpoint,
        )
        with contextlib.closing(training):
            for epoch in training:
                self._note(epoch)
                if (outcome := self._judge(epoch, cost)) is not None:
                    if outcome == "reached":
                        checkpoint.complete(model)
                    return outcome
                self._stop_if_asked()
        return "missed"

    def _judge(self, epoch: Epoch, cost: ModelCost) -> Outcome | None:
        """The outcome where the training ends with this epoch; None where it goes on."""
        if diverged(epoch):
            self.stop(f"the loss was {epoch.loss} in epoch {epoch.epoch}")
            return "diverged"
        with claims.steady(self.work.study):
            return self.verdict(epoch, cost)

    def _checkpoint(self, values: dict[str, Any]) -> Checkpoint:
        identity = {
            "study": self.study_name,
            "seed": self.seed,
            "values": values,
            "data": self.data.hash,
            "horizon": self.horizon,
        }
        return Checkpoint(self._checkpoint_file, identity)

    @property
    def _checkpoint_file(self) -> Path:
        return leftovers.checkpoint_of(self.work.results, self.name)

    def _take_over(self, history: list[Epoch]) -> None:
        """Says of this trial what a dead worker had trained of it."""
        if not history:
            return
        self.history = list(history)
        with self._together():
            self.trial.set_user_attr(TrialKey.TAKEN_OVER, len(history))
            self._store_history(len(history))
            for epoch in history:
                self.report(epoch)

    def _note(self, epoch: Epoch) -> None:
        self.history.append(epoch)
        with self._together(mine=True):
            self._store_history(1)
            self.report(epoch)

    def _together(self, *, mine: bool = False) -> AbstractContextManager[None]:
        return claims.together(self.trial, mine=mine)

    def _store_history(self, new: int) -> None:
        for key, block in history_attributes(self.history, new).items():
            self.trial.set_user_attr(key, block)

    def _stop_if_asked(self) -> None:
        if self.work.stopping():
            raise StopRequested

    def _end(self, outcome: Outcome, value: int, started: float) -> Outcome:
        with claims.steady(self.work.study), self._together():
            self.trial.set_user_attr(TrialKey.SECONDS, round(time.monotonic() - started, 2))
            if outcome != "gated":
                self.constrain(outcome)
            self.trial.set_user_attr(TrialKey.OUTCOME, outcome)
        if outcome in ("reached", "missed"):
            self.work.study.tell(self.trial, value)
        else:
            self.work.study.tell(self.trial, state=TrialState.PRUNED)
        self.forget()
        return outcome

    def forget(self) -> None:
        """Removes the checkpoint: the trial has ended, nobody goes on from there."""
        remove_with_parts(self._checkpoint_file)

    # For the hooks

    def stop(self, why: str) -> None:
        """Stores why the training ended early, one sentence."""
        self.trial.set_user_attr(TrialKey.STOP, why)

    def save(self, model: Any, name: str) -> Path:
        """Writes the model's file, whole or not at all.

        Raises:
            StorageError: The results folder cannot be written to.
        """
        folder = self.work.results
        part = part_of(folder / name)
        self.trial.set_user_attr(TrialKey.MODEL_FILE, name)
        with writing_to(folder):
            folder.mkdir(parents=True, exist_ok=True)
            with whole(part, folder / name):
                model.save(part)
        if self.work.files is not None:
            self.work.files.send(folder / name)
        return folder / name

    def test(self, model: Any) -> float:
        """Measures the model once on the test examples."""
        y, scores = self.scores(model, "test")
        measured = self.metric.of(y, scores)
        self.trial.set_user_attr(TrialKey.TEST_ACCURACY, measured)
        if (alone := self.alone(y)) is not None:
            self.trial.set_user_attr(TrialKey.ALONE, alone)
        return measured

    def alone(self, y: Any) -> float | None:
        """What one answer for all examples has; None of accuracy, whose confusion says it."""
        if self.metric is DEFAULT_METRIC:
            return None
        return of_constant(self.metric, np.asarray(y), len(self.data.classes))

    def scores(self, model: Any, part: Literal["validation", "test"]) -> tuple[Any, Any]:
        """The truth of a part and the model's scores; stores which classes it takes for which."""
        assert self.reading is not None
        y, scores = self.learning.scores(model, self.reading, part)
        if classes := len(self.data.classes):
            square = confusion(y, scores.argmax(axis=1), classes)
            self.trial.set_user_attr(TrialKey.CONFUSION, square.tolist())
        return y, scores
