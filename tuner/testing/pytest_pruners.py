"""What any Optuna pruner must do, as a pytest suite: the counterpart of Optuna's for samplers.

Inherit from :class:`PrunerTestCase` and override the fixture ``pruner``, which returns a factory::

    from tuner.testing.pytest_pruners import PrunerTestCase

    class TestMyPruner(PrunerTestCase):
        @pytest.fixture
        def pruner(self):
            return lambda: MyPruner(n_warmup_steps=3)

A pruner for studies of one direction only raises ValueError in others; it says so by overriding
``directions`` as well.

The trials report values in [0, 1] at steps 1 to ``STEPS``; what a pruner is told of its own
trainings, a horizon for example, should allow for that.
"""

from __future__ import annotations

import copy
import math
import pickle
from typing import TYPE_CHECKING, Literal

import optuna
import pytest
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from tuner.basics.optuna_private import stored

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from optuna.pruners import BasePruner
    from optuna.trial import FrozenTrial, Trial

    Factory = Callable[[], BasePruner]

STEPS = 16
"""The last step that a trial of this suite reports."""

_OTHERS = 8


def _level(number: int) -> float:
    """A final value for each trial: spread over [0.05, 0.65], in no order."""
    return 0.05 + 0.6 * (number * 0.618034 % 1.0)


def _value(number: int, step: int) -> float:
    """A learning curve: falls, ever slower, from about 0.9 to the trial's level."""
    level = _level(number)
    start = 0.9 + 0.01 * level  # no ties: Wilcoxon's test takes minutes over them
    return level + (start - level) / step


def _objective(trial: Trial) -> float:
    """Reports a curve that depends on the trial's number alone; the best value is the lowest."""
    trial.suggest_float("x", 0.0, 1.0)
    for step in range(1, STEPS + 1):
        trial.report(_value(trial.number, step), step)
        if trial.should_prune():
            raise optuna.TrialPruned
    return _value(trial.number, STEPS)


def _study(pruner: BasePruner) -> optuna.Study:
    """A study of complete trials with whole curves."""
    study = optuna.create_study(pruner=pruner)
    study.add_trials(
        [
            optuna.create_trial(
                value=_value(number, STEPS),
                intermediate_values={s: _value(number, s) for s in range(1, STEPS + 1)},
            )
            for number in range(_OTHERS)
        ]
    )
    return study


def _ask(study: optuna.Study, values: Mapping[int, float]) -> FrozenTrial:
    """A running trial that has reported these values."""
    trial = study.ask()
    for step, value in values.items():
        trial.report(value, step)
    return stored(study, trial)


class PrunerTestCase:
    """Behaviour that a study, its storage and its user rely on, whatever the rule for pruning."""

    @pytest.fixture
    def pruner(self) -> Factory:
        """A function without arguments that makes the pruner. Override it."""
        raise NotImplementedError

    @pytest.fixture
    def directions(self) -> Collection[str]:
        """The directions of studies that the pruner is for. Override it where one is left out."""
        return ("minimize", "maximize")

    def test_without_reports_nothing_is_pruned(self, pruner: Factory) -> None:
        study = _study(pruner())
        assert not study.pruner.prune(study, _ask(study, {}))

    def test_answers_yes_or_no(self, pruner: Factory) -> None:
        study = _study(pruner())
        for value in (0.0, 0.3, 1.0):
            trial = _ask(study, {1: 0.9, STEPS // 2: value})
            assert study.pruner.prune(study, trial) in (True, False)

    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
    @pytest.mark.parametrize("before", [{}, {1: 0.9, 2: 0.5}], ids=["first", "later"])
    def test_reports_that_are_not_finite(
        self, pruner: Factory, value: float, before: dict[int, float]
    ) -> None:
        study = _study(pruner())
        trial = _ask(study, {**before, 3: value})
        assert study.pruner.prune(study, trial) in (True, False)

    def test_others_reports_that_are_not_finite(self, pruner: Factory) -> None:
        study = _study(pruner())
        for value in (math.nan, math.inf):
            reports = dict.fromkeys(range(1, STEPS + 1), value)
            study.add_trial(optuna.create_trial(value=0.5, intermediate_values=reports))
        trial = _ask(study, {1: 0.9, 2: 0.5, 3: 0.4})
        assert study.pruner.prune(study, trial) in (True, False)

    @pytest.mark.parametrize(
        "steps",
        [(0,), (0, 1, 2), (2, 4, 8), (5, 3, 9), (STEPS,), (STEPS, STEPS + 5)],
        ids=["zero", "from zero", "sparse", "out of order", "only the last", "beyond the last"],
    )
    def test_reports_at_any_steps(self, pruner: Factory, steps: tuple[int, ...]) -> None:
        study = _study(pruner())
        trial = _ask(study, {step: _value(3, max(step, 1)) for step in steps})
        assert study.pruner.prune(study, trial) in (True, False)

    def test_the_first_trial_of_a_study(self, pruner: Factory) -> None:
        study = optuna.create_study(pruner=pruner())
        study.optimize(_objective, n_trials=1)
        assert study.trials[0].state in (TrialState.COMPLETE, TrialState.PRUNED)

    def test_trials_in_every_state(self, pruner: Factory) -> None:
        study = _study(pruner())
        study.add_trials(
            [
                optuna.create_trial(state=TrialState.PRUNED),
                optuna.create_trial(state=TrialState.PRUNED, intermediate_values={1: 0.9}),
                optuna.create_trial(state=TrialState.FAIL),
                optuna.create_trial(state=TrialState.FAIL, intermediate_values={1: math.nan}),
                optuna.create_trial(state=TrialState.RUNNING),
                optuna.create_trial(state=TrialState.WAITING),
                optuna.create_trial(value=0.4),
            ]
        )
        trial = _ask(study, {s: _value(1, s) for s in range(1, STEPS // 2)})
        assert study.pruner.prune(study, trial) in (True, False)

    def test_leaves_the_trial_as_it_is(self, pruner: Factory) -> None:
        study = _study(pruner())
        trial = _ask(study, {1: 0.9, 2: 0.8, 3: 0.75})
        before = copy.deepcopy(trial)
        study.pruner.prune(study, trial)
        for seen in (trial, stored(study, trial)):
            assert seen.state == before.state
            assert seen.params == before.params
            assert seen.values == before.values
            assert seen.intermediate_values == before.intermediate_values

    @pytest.mark.parametrize("direction", ["minimize", "maximize"])
    @pytest.mark.parametrize("n_jobs", [1, 2])
    def test_every_trial_of_a_study_ends(
        self,
        pruner: Factory,
        directions: Collection[str],
        direction: Literal["minimize", "maximize"],
        n_jobs: int,
    ) -> None:
        study = optuna.create_study(direction=direction, pruner=pruner())
        if direction not in directions:
            with pytest.raises(ValueError, match=direction):
                study.optimize(_objective, n_trials=1)
            return
        study.optimize(_objective, n_trials=12, n_jobs=n_jobs)
        assert [t.number for t in study.trials] == list(range(12))
        for trial in study.trials:
            assert trial.state in (TrialState.COMPLETE, TrialState.PRUNED)
            assert trial.state == TrialState.COMPLETE or trial.intermediate_values
            assert trial.state == TrialState.PRUNED or trial.last_step == STEPS

    def test_decides_alike_with_a_storage_on_disk(
        self, pruner: Factory, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        path = tmp_path_factory.mktemp("storage") / "journal.log"
        backend = JournalFileBackend(str(path))
        states = []
        for storage in (None, optuna.storages.JournalStorage(backend)):
            study = optuna.create_study(study_name="s", storage=storage, pruner=pruner())
            study.optimize(_objective, n_trials=12)
            states.append([(t.state, t.last_step) for t in study.trials])
        assert states[0] == states[1]

    def test_decides_alike_after_a_restart(self, pruner: Factory) -> None:
        whole = optuna.create_study(study_name="s", pruner=pruner())
        whole.optimize(_objective, n_trials=12)
        storage = optuna.storages.InMemoryStorage()
        for _ in range(3):
            study = optuna.create_study(
                study_name="s", storage=storage, pruner=pruner(), load_if_exists=True
            )
            study.optimize(_objective, n_trials=4)
        assert [t.state for t in study.trials] == [t.state for t in whole.trials]

    def test_decides_alike_once_pickled(self, pruner: Factory) -> None:
        states = []
        for made in (pruner(), pickle.loads(pickle.dumps(pruner()))):
            study = optuna.create_study(study_name="s", pruner=made)
            study.optimize(_objective, n_trials=12)
            states.append([(t.state, t.last_step) for t in study.trials])
        assert states[0] == states[1]
