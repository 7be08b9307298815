"""One trial, from its claim to its outcome: build, gate, train, report, tell."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from tuner.basics.seeds import derived_seed
from tuner.curves.forecasts import ended_curves, project_shortfall
from tuner.data import DataSet
from tuner.errors import SpaceError
from tuner.objectives.model_cost import ModelCost, measure
from tuner.records.epochs import Epoch
from tuner.records.keys import GATE, SHORTFALL, Outcome, TrialKey
from tuner.spaces.hyperparameters import TrialHyperParameters
from tuner.specs.spec import Minimize, SearchStudy, Study, SweepStudy
from tuner.storages import claims
from tuner.training.augmentation import from_values
from tuner.training.failures import diverged
from tuner.training.loop import DEFAULT_BATCH_SIZE, Images, epochs
from tuner.training.scores import confusion, predict
from tuner.trials import artifacts
from tuner.trials.search import GATE_SLACK


class StopRequested(Exception):  # noqa: N818 - not an error
    """The user or the time limit asked for the training to stop."""


class TakenOverError(Exception):
    """Another worker trains this trial, having taken this one's for dead."""


@dataclasses.dataclass(frozen=True)
class Work:
    """What every trial of a study shares within a worker."""

    study: optuna.Study
    spec: Study
    spaces: Mapping[str, Any]
    """A hypermodel for each data set that the study names."""
    data: Mapping[str, DataSet]
    results: Path
    seed: int
    versions: Mapping[str, str]
    stopping: Callable[[], bool]
    """Whether to stop; asked every few thousand images."""
    certifying: bool = False
    """Whether the trials are the trainings of certificates."""


class TrialRun:
    """The state of one running trial of a search or a sweep."""

    def __init__(self, trial: optuna.Trial, work: Work) -> None:
        self.trial = trial
        self.work = work
        self.spec = work.spec
        attributes = trial.user_attrs
        self.dataset = attributes.get(TrialKey.DATA) or self.spec.datasets()[0]
        self.data = work.data[self.dataset]
        self.is_reference = bool(attributes.get(TrialKey.REFERENCE))
        root = attributes.get(TrialKey.RETRY_OF, trial.number)
        self.seed = int(attributes.get(TrialKey.SEED, derived_seed(work.seed, root)))
        self.history: list[Epoch] = []
        self.horizon = self.spec.horizon
        self.minimize: Minimize = "size"
        self.bar = 1.0
        if isinstance(self.spec, SearchStudy):
            self.minimize = self.spec.minimize
            self.bar = self.spec.target + self.spec.margin_for(self.data.validation_size)

    def go(self, started: float) -> Outcome:
        """Runs the trial; `started` is a time of `time.monotonic`."""
        import keras

        keras.utils.set_random_seed(self.seed)
        hp = TrialHyperParameters(self.trial)
        model = self.work.spaces[self.dataset].build(hp)
        if not getattr(model, "optimizer", None):
            raise SpaceError("the search space's build() must return a compiled Keras model.")
        cost = measure(model)
        self._describe(dict(hp.values), cost)
        if self._gated(cost):
            return self._end("gated", cost, started)
        outcome = self._conclude(model, self._train(model, dict(hp.values), cost))
        return self._end(outcome, cost, started)

    def _describe(self, values: dict[str, Any], cost: ModelCost) -> None:
        for key, value in {
            TrialKey.VALUES: values,
            TrialKey.SIZE: cost.size,
            TrialKey.TOTAL_SIZE: cost.total_size,
            TrialKey.MACS: cost.macs,
            TrialKey.BYTES: cost.bytes,
            TrialKey.VALUE: cost.of(self.minimize),
            TrialKey.SEED: self.seed,
            TrialKey.DATA: self.dataset,
            TrialKey.DATA_HASH: self.data.hash,
            TrialKey.VERSIONS: dict(self.work.versions),
        }.items():
            self.trial.set_user_attr(key, value)

    def _smaller(self, cost: ModelCost) -> FrozenTrial | None:
        """The incumbent, where this model is not smaller."""
        incumbent = claims.incumbent(self.work.study)
        if incumbent is None or cost.of(self.minimize) < (incumbent.value or 0):
            return None
        return incumbent

    def _gated(self, cost: ModelCost) -> bool:
        """Whether training would be pointless: too large, or trained already."""
        if self.is_reference or not isinstance(self.spec, SearchStudy):
            return False
        if (incumbent := self._smaller(cost)) is not None:
            value, best = cost.of(self.minimize), incumbent.value or 1
            self._stop(
                f"{self.minimize} {value:,} is not below the {best:,.0f} "
                f"of trial {incumbent.number}, which met the target"
            )
            self.trial.set_constraint(GATE, math.log(value / best) + GATE_SLACK)
            return True
        if (twin := self._twin()) is not None:
            self._stop(f"trial {twin} is the same configuration")
            self.trial.set_constraint(GATE, GATE_SLACK)
            return True
        return False

    def _twin(self) -> int | None:
        """An earlier trial with the same hyperparameters that was or is being trained."""
        mine = self.trial.params
        for other in self.work.study.get_trials(deepcopy=False)[: self.trial.number]:
            outcome = other.user_attrs.get(TrialKey.OUTCOME)
            counts = claims.is_running(other) or outcome not in (None, "gated")
            if counts and other.params == mine:
                return other.number
        return None

    def _train(self, model: Any, values: dict[str, Any], cost: ModelCost) -> Outcome:
        training = epochs(
            model,
            self._images(),
            horizon=self.horizon,
            batch_size=int(values.get("batch_size") or DEFAULT_BATCH_SIZE),
            augmentation=from_values(values),
            seed=self.seed,
            # A sweep compares trainings as Keras by itself would run them.
            settled=isinstance(self.spec, SearchStudy),
            pause=self._stop_if_asked,
        )
        with contextlib.closing(training):
            for epoch in training:
                self._report(epoch)
                if (outcome := self._verdict(epoch, cost)) is not None:
                    return outcome
                self._stop_if_asked()
        return "missed"

    def _images(self) -> Images:
        x_train, y_train = self.data.train()
        x_validation, y_validation = self.data.validation()
        return Images(x_train, y_train, x_validation, y_validation, len(self.data.classes))

    def _conclude(self, model: Any, outcome: Outcome) -> Outcome:
        """What is measured of the trained model, and kept of it."""
        if outcome == "reached":
            name = f"trial-{self.trial.number:04d}.keras"
            self._save(model, name)
            self._confuse(model, *self.data.validation())
            artifacts.keep(self.trial, self.work.results.parent, self.work.results / name)
        elif isinstance(self.spec, SweepStudy):
            # A sweep chooses nothing, so its test accuracies mislead nobody.
            self._test(model)
        return outcome

    def _test(self, model: Any) -> float:
        """Measures the model once on the test images."""
        accuracy = self._confuse(model, *self.data.test())
        self.trial.set_user_attr(TrialKey.TEST_ACCURACY, accuracy)
        return accuracy

    def _confuse(self, model: Any, x: Any, y: Any) -> float:
        """Stores which classes the model takes for which; returns its accuracy."""
        classes = len(self.data.classes)
        square = confusion(y, predict(model, x, classes), classes)
        self.trial.set_user_attr(TrialKey.CONFUSION, square.tolist())
        return float(square.trace() / square.sum())

    def _stop_if_asked(self) -> None:
        if self.work.stopping():
            raise StopRequested

    def _report(self, epoch: Epoch) -> None:
        if not claims.is_mine(self.work.study, self.trial):
            raise TakenOverError
        self.history.append(epoch)
        self.trial.set_user_attr(TrialKey.HISTORY, [finite(e) for e in self.history])
        self.trial.report(self.bar - epoch.val_accuracy, step=epoch.epoch)

    def _verdict(self, epoch: Epoch, cost: ModelCost) -> Outcome | None:
        """The outcome where the training ends with this epoch; None where it goes on."""
        if diverged(epoch):
            self._stop(f"the loss was {epoch.loss} in epoch {epoch.epoch}")
            return "diverged"
        if not isinstance(self.spec, SearchStudy):
            return None
        if epoch.val_accuracy >= self.bar:
            return "reached"
        if self.is_reference or epoch.epoch == self.horizon:
            return None
        if (incumbent := self._smaller(cost)) is not None:
            self._stop(f"trial {incumbent.number} met the target with a smaller model")
            return "pruned"
        if self.trial.should_prune():
            self._stop("it was not going to meet the target")
            return "pruned"
        return None

    def _stop(self, why: str) -> None:
        self.trial.set_user_attr(TrialKey.STOP, why)

    def _save(self, model: Any, name: str) -> None:
        self.work.results.mkdir(parents=True, exist_ok=True)
        part = self.work.results / f".{name}.part.keras"
        try:
            model.save(part)
            part.replace(self.work.results / name)
        finally:
            part.unlink(missing_ok=True)
        self.trial.set_user_attr(TrialKey.MODEL_FILE, name)

    def _end(self, outcome: Outcome, cost: ModelCost, started: float) -> Outcome:
        self.trial.set_user_attr(TrialKey.SECONDS, round(time.monotonic() - started, 2))
        if isinstance(self.spec, SearchStudy) and outcome != "gated":
            self._constrain(outcome)
        self.trial.set_user_attr(TrialKey.OUTCOME, outcome)
        if outcome in ("reached", "missed"):
            self.work.study.tell(self.trial, cost.of(self.minimize))
        else:
            self.work.study.tell(self.trial, state=TrialState.PRUNED)
        return outcome

    def _constrain(self, outcome: Outcome) -> None:
        """Sets the constraint: measured where the training ran out, projected where it did not."""
        best = max(e.val_accuracy for e in self.history)
        shortfall = self.bar - best
        if outcome == "diverged":
            shortfall = self.bar
        elif outcome == "pruned":
            mean, sd = project_shortfall(
                {e.epoch: self.bar - e.val_accuracy for e in self.history},
                self.spec.horizon,
                ended_curves(self.work.study.get_trials(deepcopy=False)),
            )
            self.trial.set_user_attr(TrialKey.PROJECTED, [float(mean), float(sd)])
            # It was stopped, so it has not met the target, whatever the projection hopes for.
            shortfall = max(float(mean), GATE_SLACK)
        self.trial.set_constraint(SHORTFALL, shortfall)
        # The dashboard knows constraints by Optuna's older key only.
        self.work.study._storage.set_trial_system_attr(
            self.trial._trial_id, "constraints", [shortfall]
        )


def finite(epoch: Epoch) -> dict[str, float | int | None]:
    """An epoch for the storage, whose JSON has no NaN.

    A very large number stands for a loss that is none, null for what was not validated.
    """
    fields = dataclasses.asdict(epoch)
    if math.isnan(epoch.val_accuracy):
        fields |= {"val_loss": None, "val_accuracy": None}
    return {
        k: (v if not isinstance(v, float) or math.isfinite(v) else 1e30) for k, v in fields.items()
    }
