"""Evidence from a Keras Tuner project, as the study's sampler sees it."""

from __future__ import annotations

from typing import Any

import keras
import keras_tuner
import numpy as np
import optuna
from optuna.trial import FrozenTrial, TrialState

from tuner.data.kinds import InputsKind, Kind
from tuner.errors import UsageError
from tuner.objectives.quantities import Quantity
from tuner.records.keys import SHORTFALL, StudyKey
from tuner.records.studies import StudyRecord
from tuner.spaces import configurations
from tuner.spaces.exploration import Exploration
from tuner.trials.checks import counted


def evidence(
    study: optuna.Study, space: Any, found: Exploration, quantity: Quantity, kind: Kind
) -> list[FrozenTrial]:
    """The project's trials that this study's space could have made; none without such a project.

    Args:
        study: The study.
        space: Its hypermodel.
        found: What that holds.
        quantity: What is minimised.
        kind: What an example is, to build models for.

    Raises:
        UsageError: The space could have made none of them.
    """
    began = study.user_attrs.get(StudyKey.WARM_START) or {}
    target = StudyRecord.of(study).objective
    trials = []
    for each in began.get("read", ()):
        values = {k: v for k, v in each["values"].items() if k in found.names}
        try:
            params = configurations.encode(space, values)
            hp = keras_tuner.HyperParameters()
            hp.values.update(values)
            size = quantity.of_cost(counted(space.build(hp), _blank(kind)))
        except Exception:  # what a user's code raises of values that it does not know
            continue
        finally:
            keras.utils.clear_session(free_memory=False)
        assert target is not None
        shortfall = target.shortfall(each["measured"])
        trials.append(
            optuna.trial.create_trial(
                state=TrialState.COMPLETE,
                value=size,
                params=params,
                distributions={name: found.distributions[name] for name in params},
                intermediate_values={StudyRecord.of(study).horizon: shortfall},
                constraints={SHORTFALL: shortfall},
            )
        )
    if began.get("read") and not trials:
        raise UsageError(
            f"study {study.study_name!r} was to begin with the trials of {began['study']!r}, none "
            "of which its function could have made: their hyperparameters are others; leave the "
            "warm start out, and give another name."
        )
    return trials


def _blank(kind: Kind) -> Any:
    """An example of zeros, [1, …]; several inputs by name."""
    if isinstance(kind, InputsKind):
        return {name: _blank(each) for name, each in kind.kinds.items()}
    return np.zeros((1, *kind.shape), kind.dtype)
