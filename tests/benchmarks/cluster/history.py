"""A study with many ended trials, of a made-up family of models that costs nothing to train."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial, TrialState, create_trial
from sqlalchemy import create_engine, text

from tuner.records.epochs import Epoch, history_attributes
from tuner.records.keys import SHORTFALL, StudyKey, TrialKey

SPACE: dict[str, BaseDistribution] = {
    **{f"width{i}": IntDistribution(4, 64, log=True) for i in range(3)},
    **{f"depth{i}": IntDistribution(1, 3) for i in range(3)},
    "rate": FloatDistribution(1e-3, 1e-1, log=True),
    "activation": CategoricalDistribution(["relu", "silu", "gelu"]),
    "decay": FloatDistribution(1e-5, 1e-2, log=True),
}
TARGET = 0.755


def size_of(values: Mapping[str, Any]) -> int:
    """Parameters of a configuration."""
    widths = [(values[f"width{i}"], values[f"depth{i}"]) for i in range(3)]
    return sum(9 * width * width * depth + width for width, depth in widths)


def final_shortfall(values: Mapping[str, Any], rng: random.Random) -> float:
    """Where its training would end."""
    off = 0.05 * abs(math.log10(values["rate"]) + 2)
    return 0.1 - 0.045 * math.log(size_of(values) / 2_000) + off + rng.gauss(0, 0.005)


def draw(rng: random.Random) -> dict[str, Any]:
    """A configuration at random."""
    found: dict[str, Any] = {}
    for name, d in SPACE.items():
        if isinstance(d, CategoricalDistribution):
            found[name] = rng.choice(d.choices)
        elif isinstance(d, IntDistribution) and not d.log:
            found[name] = rng.randint(d.low, d.high)
        else:
            assert isinstance(d, FloatDistribution | IntDistribution)
            number = math.exp(rng.uniform(math.log(d.low), math.log(d.high)))
            found[name] = round(number) if isinstance(d, IntDistribution) else number
    return found


def fill(study: optuna.Study, count: int, horizon: int = 25, *, reach: bool = False) -> None:
    """Adds ended trials, a third of them trained to the horizon.

    Args:
        study: To.
        count: How many.
        horizon: Epochs of a training at most.
        reach: Whether any may meet the target; otherwise what is larger than the smallest that did
            would not be trained, and a simulation would only gate.
    """
    rng = random.Random(0)
    study.set_user_attr(StudyKey.PROVE, "none")
    study.add_trials([_ended(draw(rng), rng, horizon, reach) for _ in range(count)])


def _ended(values: dict[str, Any], rng: random.Random, horizon: int, reach: bool) -> FrozenTrial:
    end = final_shortfall(values, rng)
    end = end if reach else max(end, 0.01)
    epochs = horizon if rng.random() < 0.3 else rng.randint(3, 12)
    curve = [end + 0.3 * math.exp(-e / 5) + rng.gauss(0, 0.004) for e in range(1, epochs + 1)]
    met = next((e for e, value in enumerate(curve, 1) if value <= 0), None)
    curve = curve[:met]
    outcome = "reached" if met else "missed" if len(curve) == horizon else "pruned"
    complete = outcome != "pruned"
    history = [Epoch(e, 1.0, TARGET - v, 1.0, TARGET - v, 1.0) for e, v in enumerate(curve, 1)]
    size = size_of(values)
    return create_trial(
        state=TrialState.COMPLETE if complete else TrialState.PRUNED,
        value=float(size) if complete else None,
        params=values,
        distributions=SPACE,
        user_attrs={
            TrialKey.OUTCOME: outcome,
            TrialKey.SIZE: size,
            TrialKey.VALUE: size,
            TrialKey.VALUES: values,
            TrialKey.SECONDS: 1.0,
            **history_attributes(history, len(history)),
        },
        intermediate_values=dict(enumerate(curve, 1)),
        constraints={SHORTFALL: min(curve) if complete else max(min(curve), 1e-6)},
    )


CHILDREN = {
    "trial_params": "param_name, param_value, distribution_json",
    "trial_values": "objective, value, value_type",
    "trial_user_attributes": "key, value_json",
    "trial_system_attributes": "key, value_json",
    "trial_intermediate_values": "step, intermediate_value, intermediate_value_type",
}
"""Tables of what belongs to a trial, and their columns."""


def multiply(url: str, count: int, times: int) -> None:
    """Copies the trials of a study alone in its database, which is much faster.

    Args:
        url: Of the database.
        count: How many trials there are.
        times: How many times as many there shall be.
    """
    engine = create_engine(url)
    with engine.begin() as connection:
        for by in range(count, count * times, count):
            connection.execute(
                text(
                    "INSERT INTO trials (trial_id, number, study_id, state, datetime_start, "
                    "datetime_complete) SELECT trial_id + :by, number + :by, study_id, state, "
                    "datetime_start, datetime_complete FROM trials WHERE number < :count"
                ),
                {"by": by, "count": count},
            )
            for table, columns in CHILDREN.items():
                connection.execute(
                    text(
                        f"INSERT INTO {table} (trial_id, {columns}) SELECT trial_id + :by, "
                        f"{columns} FROM {table} WHERE trial_id <= :count"
                    ),
                    {"by": by, "count": count},
                )
        if engine.dialect.name == "postgresql":
            connection.execute(
                text("SELECT setval('trials_trial_id_seq', max(trial_id)) FROM trials")
            )
    engine.dispose()
