"""A trial of a search: gated by the incumbent, stopped at the target or short of it."""

from __future__ import annotations

import math
from typing import Any

import optuna
from optuna.trial import FrozenTrial

from tuner.basics.numbers import count
from tuner.basics.optuna_private import show_constraints
from tuner.curves.forecasts import ENDED, ended_curves, project_shortfall
from tuner.objectives.model_cost import ModelCost
from tuner.objectives.quantities import quantity_of
from tuner.records.epochs import Epoch
from tuner.records.keys import GATE, SHORTFALL, Outcome, TrialKey
from tuner.records.objectives import objective_of
from tuner.records.proofs import by_recipe, refuted_models
from tuner.specs.spec import SearchStudy
from tuner.storages import claims
from tuner.trials import artifacts
from tuner.trials.base import TrialRun
from tuner.trials.checks import check_reported
from tuner.trials.work import Work

GATE_SLACK = 1e-6
"""Keeps the gate's constraint above 0 where a size equals the incumbent's."""


class SearchTrial(TrialRun):
    """The state of one running trial of a search."""

    def __init__(self, trial: optuna.Trial, work: Work) -> None:
        super().__init__(trial, work)
        assert isinstance(work.spec, SearchStudy)
        self.quantity = quantity_of(work.spec.minimize)
        self.objective = objective_of(work.study.user_attrs)
        self.metric = self.objective.metric
        self.is_reference = bool(trial.user_attrs.get(TrialKey.REFERENCE))
        self.doubted = frozenset(trial.user_attrs.get(TrialKey.DOUBTED, ()))
        self._goes_on = False

    def gate(self, cost: ModelCost) -> bool:
        """Turns away what is not smaller than the incumbent, and what was trained already.

        Where recipes are proven, one that met the target may be trained with another seed, to learn
        whether it did by luck.
        """
        if self.is_reference or self._repeats():
            return False
        if (incumbent := self._smaller(cost)) is not None:
            value, best = self.quantity.of_cost(cost) or 0, incumbent.value or 1
            self.stop(
                f"{self.quantity.name} {count(value)} is not below the {count(best)} "
                f"of trial {incumbent.number}, which met the target"
            )
            self.trial.set_constraint(GATE, math.log(value / best) + GATE_SLACK)
            return True
        if (twin := self._twin()) is not None:
            self.stop(f"trial {twin} is the same configuration")
            self.trial.set_constraint(GATE, GATE_SLACK)
            return True
        return False

    def report(self, epoch: Epoch) -> None:
        """The shortfall: Optuna's pruners then work in the direction of the study."""
        self.trial.report(self.objective.reported(epoch.val_measured), step=epoch.epoch)

    def verdict(self, epoch: Epoch, cost: ModelCost) -> Outcome | None:
        """Ends where the target is met, a smaller model has met it, or the pruner says so."""
        if self.objective.is_met(epoch.val_measured):
            self._goes_on = self.work.keeps_checkpoints
            return "reached"
        if self.is_reference or epoch.epoch == self.horizon:
            return None
        if (incumbent := self._smaller(cost)) is not None:
            self.stop(f"trial {incumbent.number} met the target with a smaller model")
            return "pruned"
        if self.trial.should_prune():
            self.stop("it was not going to meet the target")
            return "pruned"
        return None

    def conclude(self, model: Any, outcome: Outcome) -> Outcome:
        """Keeps a model that met the target, and which classes it confuses."""
        if outcome == "reached":
            y, scores = self.scores(model, "validation")
            measured = self.metric.of(y, scores)
            check_reported(self.history[-1].val_measured, measured, len(y), self.metric)
            file = self.save(model, f"trial-{self.trial.number:04d}.keras")
            artifacts.keep(self.trial, self.work.results.parent, file, self.work.files)
        return outcome

    def forget(self) -> None:
        """Keeps the checkpoint of a training that met the target, where its model is to be proven.

        It was stopped short of its schedule's end, and is trained on before it is tested.
        """
        if not self._goes_on:
            super().forget()

    def constrain(self, outcome: Outcome) -> None:
        """The shortfall: measured where the training ran out, projected where it did not."""
        best = self.metric.best_of(e.val_measured for e in self.history)
        shortfall = self.objective.reported(self.metric.worst if best is None else best)
        if outcome == "diverged":
            shortfall = self.objective.worst_shortfall
        elif outcome == "pruned":
            mean, sd = project_shortfall(
                {e.epoch: self.objective.reported(e.val_measured) for e in self.history},
                self.horizon,
                ended_curves(self.work.study.get_trials(deepcopy=False, states=ENDED)),
            )
            self.trial.set_user_attr(TrialKey.PROJECTED, [float(mean), float(sd)])
            # It was stopped, so it has not met the target, whatever the projection hopes for.
            shortfall = max(float(mean), GATE_SLACK)
        self.trial.set_constraint(SHORTFALL, shortfall)
        show_constraints(self.work.study, self.trial, [shortfall])

    def _smaller(self, cost: ModelCost) -> FrozenTrial | None:
        """The incumbent, where this model is not smaller."""
        # One that perhaps met the target by luck does not gate this one.
        incumbent = claims.incumbent(self.work.study, self.doubted)
        if incumbent is None or (self.quantity.of_cost(cost) or 0) < (incumbent.value or 0):
            return None
        return incumbent

    def _repeats(self) -> bool:
        """Whether it has the configuration of a trial whose recipe is doubted."""
        if not self.doubted or not by_recipe(self.work.study.user_attrs):
            return False
        trials = self.work.study.get_trials(deepcopy=False)
        return any(
            trials[number].params == self.trial.params
            and trials[number].user_attrs.get(TrialKey.OUTCOME) == "reached"
            for number in self.doubted
        )

    def _twin(self) -> int | None:
        """An earlier trial with the same hyperparameters that was or is being trained.

        One whose model was refuted says nothing against another model of its configuration.
        """
        mine = self.trial.params
        failed = refuted_models(self.work.study.user_attrs)
        for other in self.work.study.get_trials(deepcopy=False)[: self.trial.number]:
            outcome = other.user_attrs.get(TrialKey.OUTCOME)
            counts = claims.is_running(other) or outcome not in (None, "gated")
            if counts and other.number not in failed and other.params == mine:
                return other.number
        return None
