"""What is looked at of a built model before it is trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuner.basics.causes import sentence_of
from tuner.basics.importing import kind_of
from tuner.errors import SpaceError, StudyChangedError
from tuner.objectives.metrics.base import Metric
from tuner.objectives.model_cost import ModelCost, cost_of_model
from tuner.objectives.quantities import Quantity
from tuner.records.keys import TrialKey
from tuner.spaces.hyperparameters import name_of
from tuner.spaces.sizes import measured

NAMES_OF_COSTS = {
    TrialKey.SIZE: "trainable parameters",
    TrialKey.TOTAL_SIZE: "parameters",
    TrialKey.MACS: "multiply-accumulates",
}


def check_built(space: Any, model: Any, *, compiled: bool = True) -> None:
    """Looks at what a search space has built.

    Args:
        space: The hypermodel.
        model: What its ``build`` returned.
        compiled: Whether it must be compiled; what a `fit` of the user's own trains need not be.

    Raises:
        SpaceError: It is no model that can be trained.
    """
    import keras

    if isinstance(model, keras.Model) and (getattr(model, "optimizer", None) or not compiled):
        return
    if model is None:
        returned, do = "nothing", "end it with 'return model'"
    elif isinstance(model, keras.Model):
        returned, do = "one that is not compiled", "call model.compile() before it is returned"
    else:
        returned, do = kind_of(model), "return the model itself"
    wanted = "a compiled Keras model" if compiled else "a Keras model"
    raise SpaceError(
        f"build() must return {wanted}, but that of {name_of(space)} returns {returned}: {do}."
    )


def counted(model: Any, example: Any) -> ModelCost:
    """What a model costs; the first time that it is given an example.

    Args:
        model: A built model.
        example: A batch of one example, as it is stored.

    Raises:
        SpaceError: It cannot work with the numbers that examples are made of.
    """
    try:
        return cost_of_model(model, example)
    except Exception as error:
        kind = str(example.dtype)
        if kind not in str(error):
            raise
        raise SpaceError(
            f"the model cannot take examples as they are stored, as whole numbers ({kind}): "
            f"{sentence_of(error).rstrip('.')}; begin it with Rescaling(1 / 255), or with a cast."
        ) from error


def value_of(cost: ModelCost, quantity: Quantity) -> int:
    """What the study minimises.

    Raises:
        SpaceError: It is not known of this model, or there is nothing to minimise.
    """
    if cost.size == 0:
        raise SpaceError(
            "the model that the search space's build() returns has no trainable parameters; "
            "give it a layer that learns."
        )
    value = quantity.of_cost(cost)
    if value is None:
        raise SpaceError(
            f"the {quantity.unit} of the model cannot be counted, since a part of it runs "
            "where it cannot be watched; minimise size instead."
        )
    return value


def check_expected(cost: ModelCost, expected: Mapping[str, int], trial: str) -> None:
    """Compares a model that is trained again with what it was.

    Args:
        cost: What it costs now.
        expected: What it cost then, by names of `TrialKey`.
        trial: Which trial that was, in words.

    Raises:
        StudyChangedError: It is another model.
    """
    for key, was in expected.items():
        now = getattr(cost, key)
        if now is not None and now != was:
            raise StudyChangedError(
                f"{trial} was a model of {was:,} {NAMES_OF_COSTS[key]}, but build() now makes one "
                f"of {now:,} from the same hyperparameters; restore the search space, or start "
                "anew with another study name or --results folder."
            )


def check_reported(reported: float, measured: float, examples: int, metric: Metric) -> None:
    """Compares what a model reported of its validation with what its predictions are worth.

    Args:
        reported: By the metrics that it was compiled with.
        measured: Of its predictions on the same examples.
        examples: How many they are: predictions that are drawn differ by chance.
        metric: What both are.

    Raises:
        SpaceError: They disagree: no target was met.
    """
    if metric.missing(measured, reported) > examples**-0.5:
        raise SpaceError(
            f"the model reports an {metric.name} of {metric.written(reported)}, but its "
            f"predictions have {metric.written(measured)}; compile it with metrics=['accuracy'] "
            "in the search space's build()."
        )


def check_measured(space: Any, values: Mapping[str, Any], quantity: Quantity, value: int) -> None:
    """Compares the model with what the space's ``measure`` says of it.

    The sampler believes ``measure``: one that is wrong would lead the whole search astray.

    Args:
        space: The hypermodel.
        values: The configuration, by keras-tuner's names.
        quantity: What the study minimises.
        value: How much of it the built model has.

    Raises:
        SpaceError: They disagree.
    """
    said = measured(space, values, quantity)
    if said is not None and said != value:
        raise SpaceError(
            f"{name_of(space)}: measure() says {said:,} for the {quantity.unit} of a "
            f"configuration of which build() makes a model with {value:,}: {dict(values)}; "
            "mend measure(), or remove it: then the search learns what models cost."
        )
