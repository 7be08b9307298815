"""Hyperparameters that a trial answers, and spaces to ask for them."""

from __future__ import annotations

from typing import Any

import keras_tuner
import optuna
from optuna.trial import FixedTrial

from tuner.spaces.hyperparameters import TrialHyperParameters

MAKE: dict[str, Any] = {
    "input_shape": (32, 32, 3),
    "num_classes": 10,
    "train_size": 1000,
    "horizon": 5,
}


def answered(**params: Any) -> TrialHyperParameters:
    return TrialHyperParameters(FixedTrial(params))


def asked(hp: TrialHyperParameters) -> set[str]:
    """Names that the trial was asked for."""
    return set(hp.trial.params)


def everything_seen(ask: Any, trials: int = 300) -> list[Any]:
    """What a hyperparameter gives over many trials of one study, after a second look at each."""
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    seen = []
    for _ in range(trials):
        trial = study.ask()
        seen.append(ask(TrialHyperParameters(trial)))
        study.tell(trial, 0.0)
        assert ask(TrialHyperParameters(study.get_trials(deepcopy=False)[-1])) == seen[-1]
    return seen


class Branches(keras_tuner.HyperModel):  # type: ignore[misc]
    """The same names, meaning something else under each condition."""

    def describe(self, hp: Any) -> dict[str, Any]:
        kind = hp.Choice("kind", ["mlp", "cnn", "none"])
        with hp.conditional_scope("kind", ["mlp"]):
            units = hp.Choice("units", ["few", "many"])
            rate = hp.Float("rate", 0.0, 0.5)
        with hp.conditional_scope("kind", ["cnn"]):
            units = hp.Int("units", 4, 64, step=2, sampling="log") or units
            rate = hp.Int("rate", 1, 9, sampling="reverse_log") or rate
            deep = hp.Boolean("deep")
            with hp.conditional_scope("deep", [True]):
                hp.Int("layers", 2, 4)
        return {"kind": kind, "units": units, "rate": rate, "deep": deep}

    def measure(self, values: Any) -> Any:
        class Cost:
            size = values.get("units", 0) if values["kind"] == "cnn" else 1
            total = size + 1
            macs = 7

        return Cost
