"""Every sampler of the command line with every pruner of it."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from tests.helpers.dense_search import CENTER, SPACE, ask, shortfall_of, size_of
from tuner import api
from tuner.errors import UsageError
from tuner.pruners.registry import PRUNERS, make_pruner
from tuner.samplers import registry
from tuner.samplers.registry import SAMPLERS, SamplerSetting, make_sampler

HORIZON = 9
TRIALS = 14


def make(name: str, asked: int) -> optuna.samplers.BaseSampler:
    setting = SamplerSetting(
        seed=5, asked=asked, horizon=HORIZON, size_of=size_of, search_space=SPACE, center=CENTER
    )
    try:
        return make_sampler(name, setting)
    except UsageError as error:
        pytest.skip(str(error))


def train(study: optuna.Study) -> None:
    """One trial, as a worker's: gated at the incumbent, reported, its constraint set at its end."""
    met = [t.value for t in study.trials if t.constraints.get("shortfall", 1.0) <= 0 and t.value]
    trial = study.ask()
    params = ask(trial)
    if size_of(params) >= min(met, default=float("inf")):
        trial.set_constraint("gate", 1.0)
        study.tell(trial, state=TrialState.PRUNED)
        return
    final, best = shortfall_of(params), float("inf")
    for epoch in range(1, HORIZON + 1):
        best = min(best, final + (0.3 + 0.01 * trial.number) * (1 / epoch - 1 / HORIZON))
        trial.report(best, epoch)
        if best <= 0 or trial.should_prune():
            break
    trial.set_constraint("shortfall", best)
    if best > 0 and epoch < HORIZON:
        study.tell(trial, state=TrialState.PRUNED)
    else:
        study.tell(trial, size_of(params))


@pytest.mark.parametrize("pruner", PRUNERS)
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_with_every_pruner(sampler: str, pruner: str) -> None:
    study = optuna.create_study(pruner=make_pruner(pruner, horizon=HORIZON, seed=5))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        for asked in range(TRIALS):
            study.sampler = make(sampler, asked)
            train(study)
    assert len(study.trials) == TRIALS
    assert all(t.state in (TrialState.COMPLETE, TrialState.PRUNED) for t in study.trials)
    assert len({tuple(sorted(t.params.items())) for t in study.trials}) > TRIALS // 2


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_new_sampler_for_every_trial_does_not_repeat_itself(sampler: str) -> None:
    study = optuna.create_study()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        for asked in range(6):
            study.sampler = make(sampler, asked)
            trial = study.ask(SPACE)
            trial.set_constraint("shortfall", shortfall_of(trial.params))
            study.tell(trial, size_of(trial.params))
    assert len({tuple(sorted(t.params.items())) for t in study.trials}) == 6


def test_a_sampler_whose_package_is_missing_says_which(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(registry, "find_spec", lambda package: None)
    with pytest.raises(UsageError, match="--sampler gp needs the package 'torch', which is not"):
        make_sampler("gp", SamplerSetting(seed=0, asked=0, horizon=HORIZON))
    with pytest.raises(UsageError, match="needs the package 'torch'"):
        api.search("q4", sampler="gp", results=tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_names_are_known_before_optuna_is_loaded() -> None:
    code = (
        "import sys, tuner.samplers.registry, tuner.pruners.registry\n"
        "assert not {'optuna', 'scipy', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
