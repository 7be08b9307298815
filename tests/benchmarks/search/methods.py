"""Every method on a `Problem`: ours, Optuna's samplers and pruners, and other libraries' searches.

Optuna's methods are given log2(size) to minimise (ours the size, whose logarithm it takes itself)
and the best shortfall as a constraint, pruners the shortfall after every epoch. Libraries without
constraints minimise a penalised objective instead. With ``gate``, a configuration that is not
smaller than the smallest that met the target is not trained, and is told as infeasible (Optuna) or
by its size (others).
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import math
import tempfile
import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from problems import BudgetSpentError, Meter, Params, Problem

from tuner.curves.forecasts import ended_curves, probability_of_reaching
from tuner.pruners.target import TargetPruner
from tuner.samplers.smallest_feasible import acquisition
from tuner.samplers.smallest_feasible.candidates import Pool
from tuner.samplers.smallest_feasible.prediction import Prediction
from tuner.samplers.smallest_feasible.sampler import SmallestFeasibleSampler

Foretold = list[tuple[float, bool]]
"""Probabilities of meeting the target by the horizon, and whether it would have been met."""
OptunaParts = tuple[optuna.samplers.BaseSampler, optuna.pruners.BasePruner]


class RecordingPruner(TargetPruner):
    """TargetPruner that keeps what it foretold: (trial, epoch, probability of meeting)."""

    def __init__(self, horizon: int, **kwargs: Any) -> None:
        super().__init__(horizon, audit=0.0, **kwargs)
        self.foretold: list[tuple[int, int, float]] = []

    def prune(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> bool:
        curves = ended_curves(study.get_trials(deepcopy=False))
        chance = probability_of_reaching(trial.intermediate_values, self.horizon, curves)
        self.foretold.append((trial.number, trial.last_step or 0, chance))
        return super().prune(study, trial)


class UngatedSampler(SmallestFeasibleSampler):
    """Ablation: the sampler prefers small models, but may propose any size."""

    def best(self, pool: Pool) -> np.ndarray:
        return acquisition.best(pool, _gain_of_any_size)


def _gain_of_any_size(prediction: Prediction, logs: np.ndarray, spread: np.ndarray) -> np.ndarray:
    return np.asarray(logs.max() - logs + acquisition.EARLY_LEAD)


class OneEpochPruner(optuna.pruners.BasePruner):
    """Stops all after one epoch but the best tenth so far (Egele et al. 2023, arXiv 2307.15422).

    The paper trains the three best to the end when the search is over; a search that can be
    stopped at any time has to do so on the way.
    """

    def prune(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> bool:
        if trial.last_step != 1:
            return False
        trials = study.get_trials(deepcopy=False)
        first = [t.intermediate_values[1] for t in trials if 1 in t.intermediate_values]
        return trial.intermediate_values[1] > np.quantile(first, 0.1)


def optuna_search(
    problem: Problem, meter: Meter, seed: int, *, make: Callable[..., OptunaParts], gate: bool
) -> Foretold:
    """Search until the budget is spent; what the pruner foretold, and whether it came true."""
    sampler, pruner = make(problem, seed)
    study = optuna.create_study(sampler=sampler, pruner=pruner)
    return search_study(problem, meter, study, gate=gate)


def search_study(
    problem: Problem, meter: Meter, study: optuna.Study, *, gate: bool = False
) -> Foretold:
    """The same in a study that is there."""
    sampler, pruner = study.sampler, study.pruner
    met: dict[int, bool] = {}
    with contextlib.suppress(BudgetSpentError):
        while True:
            trial = study.ask(problem.space)
            if gate and meter.too_large(trial.params):
                trial.set_constraint("shortfall", 1.0)
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                meter.trials += 1
                if meter.trials >= meter.most_trials:
                    break
                continue

            def stop(epoch: int, value: float, trial: optuna.Trial = trial) -> bool:
                trial.report(value, epoch)
                return trial.should_prune()

            best, stopped = meter.train(trial.params, stop=stop)
            trial.set_constraint("shortfall", best)
            met[trial.number] = bool(problem.shortfall(trial.params).min() <= 0)
            if stopped:
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            else:
                size = problem.size(trial.params)
                ours = isinstance(sampler, SmallestFeasibleSampler)
                study.tell(trial, size if ours else math.log2(size))
    if not isinstance(pruner, RecordingPruner):
        return []
    return [
        (chance, met[number])
        for number, epoch, chance in pruner.foretold
        if epoch >= pruner.n_warmup and number in met
    ]


def penalised(problem: Problem, params: Params, shortfall: float) -> float:
    """log2(size); above every size, a bit for each point of accuracy that is missing."""
    if shortfall <= 0:
        return math.log2(problem.size(params))
    return math.log2(problem.largest) + 100 * shortfall


def _gated(problem: Problem, meter: Meter, params: Params) -> float:
    meter.trials += 1
    if meter.trials >= meter.most_trials:
        raise BudgetSpentError
    return math.log2(problem.size(params))


def _keras_tuner_space(problem: Problem) -> Any:
    import keras_tuner

    hps = keras_tuner.HyperParameters()
    for name, dist in problem.space.items():
        if isinstance(dist, CategoricalDistribution):
            hps.Choice(name, list(dist.choices))
        else:
            assert isinstance(dist, (IntDistribution, FloatDistribution))
            ask = hps.Int if isinstance(dist, IntDistribution) else hps.Float
            ask(name, dist.low, dist.high, sampling="log" if dist.log else "linear")
    return hps


def keras_tuner_search(
    problem: Problem, meter: Meter, seed: int, *, hyperband: bool, gate: bool
) -> Foretold:
    """keras-tuner's oracles. Hyperband goes on with a training instead of beginning it anew."""
    import keras_tuner

    common: dict[str, Any] = {
        "objective": keras_tuner.Objective("score", "min"),
        "hyperparameters": _keras_tuner_space(problem),
        "seed": seed,
        "allow_new_entries": False,
        "tune_new_entries": False,
    }
    if hyperband:
        oracle = keras_tuner.oracles.HyperbandOracle(
            max_epochs=problem.horizon, hyperband_iterations=10**6, **common
        )
    else:
        oracle = keras_tuner.oracles.BayesianOptimizationOracle(max_trials=10**6, **common)
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(BudgetSpentError):
        oracle._set_project_dir(folder, "search")
        while True:
            trial = oracle.create_trial("only")
            values = trial.hyperparameters.values
            if trial.status == "STOPPED" or not values:
                break
            params = {name: values[name] for name in problem.space}
            start, until = values.get("tuner/initial_epoch", 0), values.get("tuner/epochs")
            if gate and meter.too_large(params):
                score = _gated(problem, meter, params)
            else:
                best, _ = meter.train(params, until, start)
                score = penalised(problem, params, best)
            oracle.update_trial(trial.trial_id, {"score": score})
            trial.status = "COMPLETED"
            oracle.end_trial(trial)
    return []


def _smac_space(problem: Problem, seed: int) -> Any:
    import ConfigSpace as Cs

    space = Cs.ConfigurationSpace(seed=seed)
    for name, dist in problem.space.items():
        if isinstance(dist, CategoricalDistribution):
            space.add(Cs.Categorical(name, list(dist.choices)))
        elif isinstance(dist, IntDistribution):
            space.add(Cs.Integer(name, (dist.low, dist.high), log=dist.log))
        else:
            assert isinstance(dist, FloatDistribution)
            space.add(Cs.Float(name, (dist.low, dist.high), log=dist.log))
    return space


def smac_search(
    problem: Problem, meter: Meter, seed: int, *, hyperband: bool, gate: bool
) -> Foretold:
    """SMAC3: a random forest, by itself or with Hyperband, which goes on with its trainings."""
    import smac
    from smac.main.exceptions import ConfigurationSpaceExhaustedException
    from smac.runhistory.dataclasses import TrialValue

    space = _smac_space(problem, seed)
    facade_class = smac.MultiFidelityFacade if hyperband else smac.HyperparameterOptimizationFacade
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(BudgetSpentError):
        scenario = smac.Scenario(
            space,
            deterministic=True,
            n_trials=2 * meter.budget if hyperband else 2 * meter.budget // problem.horizon,
            min_budget=max(1, problem.horizon // 27) if hyperband else None,
            max_budget=problem.horizon if hyperband else None,
            seed=seed,
            output_directory=Path(folder),
        )
        facade = facade_class(
            scenario, lambda config, seed=0, budget=0: 0.0, overwrite=True, logging_level=False
        )
        paid: dict[Any, int] = {}
        while True:
            try:
                info = facade.ask()
            except (StopIteration, ConfigurationSpaceExhaustedException):
                break
            params = dict(info.config)
            if gate and meter.too_large(params):
                cost = _gated(problem, meter, params)
            else:
                until = round(info.budget) if hyperband else problem.horizon
                best, _ = meter.train(params, until, paid.get(info.config, 0))
                paid[info.config] = until
                cost = penalised(problem, params, best)
            facade.tell(info, TrialValue(cost=cost))
    return []


def ray_search(problem: Problem, meter: Meter, seed: int, *, gate: bool) -> Foretold:
    """Ray Tune's asynchronous successive halving, with its wrapper of Optuna's TPE.

    The scheduler and the searcher are asked directly: what Ray adds is to run many at a time.
    """
    from ray.tune.schedulers import ASHAScheduler
    from ray.tune.search.optuna import OptunaSearch

    searcher = OptunaSearch(problem.space, metric="score", mode="min", seed=seed)
    halving = ASHAScheduler(metric="shortfall", mode="min", max_t=problem.horizon)
    with contextlib.suppress(BudgetSpentError):
        for number in itertools.count():
            trial = types.SimpleNamespace(trial_id=str(number))
            params = searcher.suggest(trial.trial_id)
            assert params is not None
            if gate and meter.too_large(params):
                score = _gated(problem, meter, params)
            else:
                halving.on_trial_add(None, trial)

                def stop(epoch: int, value: float, trial: Any = trial) -> bool:
                    report = {"training_iteration": epoch, "shortfall": value}
                    decision = halving.on_trial_result(None, trial, report)
                    return decision == ASHAScheduler.STOP and epoch < problem.horizon

                best, _ = meter.train(params, stop=stop)
                halving.on_trial_remove(None, trial)
                score = penalised(problem, params, best)
            searcher.on_trial_complete(trial.trial_id, {"score": score})
    return []


@dataclass(frozen=True)
class Method:
    """A search, and the package that it needs."""

    run: Callable[[Problem, Meter, int], Foretold]
    needs: str = "optuna"


def _ours(problem: Problem, seed: int) -> OptunaParts:
    sampler = SmallestFeasibleSampler(problem.size, problem.horizon, seed)
    return sampler, RecordingPruner(problem.horizon)


def _ungated(problem: Problem, seed: int) -> OptunaParts:
    return UngatedSampler(problem.size, problem.horizon, seed), RecordingPruner(problem.horizon)


def _with(
    sampler: type[optuna.samplers.BaseSampler],
    pruner: Callable[[Problem], optuna.pruners.BasePruner],
) -> Callable[[Problem, int], OptunaParts]:
    return lambda problem, seed: (sampler(seed=seed), pruner(problem))  # type: ignore[call-arg]


def _nothing(problem: Problem) -> optuna.pruners.BasePruner:
    return optuna.pruners.NopPruner()


def _hyperband(problem: Problem) -> optuna.pruners.BasePruner:
    return optuna.pruners.HyperbandPruner(1, problem.horizon, reduction_factor=3)


def _optuna(
    make: Callable[[Problem, int], OptunaParts], gate: bool = False, **kwargs: Any
) -> Method:
    return Method(functools.partial(optuna_search, make=make, gate=gate), **kwargs)


_TPE = optuna.samplers.TPESampler
_PEERS: dict[str, tuple[Callable[..., Foretold], dict[str, Any], str]] = {
    name: (optuna_search, {"make": make}, needs)
    for name, make, needs in (
        ("random", _with(optuna.samplers.RandomSampler, _nothing), "optuna"),
        ("TPE", _with(_TPE, _nothing), "optuna"),
        ("GP", _with(optuna.samplers.GPSampler, _nothing), "torch"),
        ("NSGA-II", _with(optuna.samplers.NSGAIISampler, _nothing), "optuna"),
        ("TPE, median pruner", _with(_TPE, lambda _: optuna.pruners.MedianPruner()), "optuna"),
        ("TPE, Hyperband pruner", _with(_TPE, _hyperband), "optuna"),
        ("TPE, Wilcoxon pruner", _with(_TPE, lambda _: optuna.pruners.WilcoxonPruner()), "optuna"),
        ("TPE, 1-Epoch", _with(_TPE, lambda _: OneEpochPruner()), "optuna"),
    )
} | {
    "keras-tuner Bayesian": (keras_tuner_search, {"hyperband": False}, "keras_tuner"),
    "keras-tuner Hyperband": (keras_tuner_search, {"hyperband": True}, "keras_tuner"),
    "SMAC": (smac_search, {"hyperband": False}, "smac"),
    "SMAC Hyperband": (smac_search, {"hyperband": True}, "smac"),
    "Ray ASHA, TPE": (ray_search, {}, "ray"),
}

METHODS: dict[str, Method] = {
    "ours": _optuna(_ours),
    "ours, no curve model": _optuna(
        lambda problem, seed: (_ours(problem, seed)[0], optuna.pruners.NopPruner())
    ),
    "ours, no size gate": _optuna(_ungated),
    "TPE, TargetPruner, gate": _optuna(
        lambda problem, seed: (_TPE(seed=seed), RecordingPruner(problem.horizon)), gate=True
    ),
} | {
    f"{name}{', gate' * gate}": Method(functools.partial(run, gate=gate, **options), needs)
    for name, (run, options, needs) in _PEERS.items()
    for gate in (False, True)
}
