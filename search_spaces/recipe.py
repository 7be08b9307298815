"""How a model is trained: hyperparameters that every family shares.

Learning rates have a name an optimizer, ``adam_rate`` and ``sgd_rate``, because their good values
lie two decades apart: one shared range would waste most of a search of 30 to 50 trials, and a
study file stays readable ("adam_rate = 0.001"). Only the chosen optimizer's rate is asked for.
Weight decay is what the optimizer takes off a weight in one step at the peak rate, the rate times
the usual coefficient, so that one range serves both: SGD's usual 0.2 x 5e-4 and AdamW's
0.005 x 0.02 are both 1e-4.

The training loop augments the images, outside the model: it reads ``flip`` (mirrored at random),
``shift`` (at most so many pixels, each way), ``cutout`` (side in pixels of a square set to the
mean, 0: none) and ``batch_size`` from the values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


class HyperParameters(Protocol):
    """What a family asks of its hyperparameters: a part of `keras_tuner.HyperParameters`."""

    def Int(  # noqa: N802, D102
        self,
        name: str,
        min_value: int,
        max_value: int,
        step: int | None = None,
        sampling: str = "linear",
        default: int | None = None,
    ) -> Any: ...

    def Float(  # noqa: N802, D102
        self,
        name: str,
        min_value: float,
        max_value: float,
        step: float | None = None,
        sampling: str = "linear",
        default: float | None = None,
    ) -> Any: ...

    def Choice(  # noqa: N802, D102
        self, name: str, values: list[Any], ordered: bool | None = None, default: Any = None
    ) -> Any: ...

    def Boolean(self, name: str, default: bool = False) -> Any: ...  # noqa: N802, D102


@dataclass(frozen=True)
class Recipe:
    """How a model is trained. As a family's class attribute: where its search starts."""

    optimizer: str = "adam"
    """``adam`` (decoupled weight decay) or ``sgd`` (Nesterov momentum 0.9)."""
    adam_rate: float = 5e-3
    """Adam's peak learning rate."""
    sgd_rate: float = 0.2
    """SGD's peak learning rate."""
    schedule: str = "linear"
    """``one_cycle``, ``cosine``, ``linear``, each down to 0 at the horizon, or ``constant``."""
    batch_size: int = 128
    weight_decay: float = 0.0
    """Fraction of a weight taken off in one step at the peak rate."""
    label_smoothing: float = 0.0
    flip: bool = True
    shift: int = 2
    """Pixels."""
    cutout: int = 0
    """Pixels."""


SCHEDULES = ["one_cycle", "cosine", "linear", "constant"]


def declare(
    hp: HyperParameters, start: Recipe, batch_range: tuple[int, int], *, classes: bool = True
) -> Recipe:
    """Asks for every training hyperparameter.

    Args:
        hp: Who answers.
        start: The defaults.
        batch_range: Smallest and largest minibatch, images.
        classes: Whether the answers are classes, whose labels can be smoothed.
    """
    optimizer = hp.Choice("optimizer", ["adam", "sgd"], default=start.optimizer)
    adam_rate, sgd_rate = start.adam_rate, start.sgd_rate
    if optimizer == "adam":
        adam_rate = hp.Float("adam_rate", 5e-4, 2e-2, sampling="log", default=adam_rate)
    else:
        sgd_rate = hp.Float("sgd_rate", 0.03, 0.6, sampling="log", default=sgd_rate)
    low, high = batch_range
    return Recipe(
        optimizer=optimizer,
        adam_rate=adam_rate,
        sgd_rate=sgd_rate,
        schedule=hp.Choice("schedule", SCHEDULES, default=start.schedule),
        batch_size=hp.Int(
            "batch_size", low, high, sampling="log", default=min(max(start.batch_size, low), high)
        ),
        weight_decay=hp.Float("weight_decay", 0.0, 3e-4, default=start.weight_decay),
        label_smoothing=hp.Float("label_smoothing", 0.0, 0.15, default=start.label_smoothing)
        if classes
        else 0.0,
        flip=hp.Boolean("flip", default=start.flip),
        shift=hp.Int("shift", 0, 4, default=start.shift),
        cutout=hp.Int("cutout", 0, 12, default=start.cutout),
    )


def compile_model(
    model: Any, recipe: Recipe, train_size: int, horizon: int, *, spread: float | None = None
) -> None:
    """Compiles a Keras model for one-hot labels, or for amounts.

    Args:
        model: Gives class probabilities, or amounts.
        recipe: How to train it.
        train_size: Training images.
        horizon: Epochs over which the learning rate falls.
        spread: Mean square of the amounts' deviations, by which the loss is divided: rates are
            good for amounts of any scale then. None: of classes.
    """
    import keras  # here, so that asking for hyperparameters needs no backend

    steps = horizon * -(-train_size // recipe.batch_size)
    rate = recipe.adam_rate if recipe.optimizer == "adam" else recipe.sgd_rate
    decay = recipe.weight_decay / rate or None
    schedule = _learning_rate(recipe.schedule, rate, steps)
    if recipe.optimizer == "adam":
        optimizer = keras.optimizers.Adam(schedule, weight_decay=decay)
    else:
        optimizer = keras.optimizers.SGD(schedule, momentum=0.9, nesterov=True, weight_decay=decay)
    # Biases and batch normalisation's scales and shifts are few, and shrinking them only biases.
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    smoothed = keras.losses.CategoricalCrossentropy(label_smoothing=recipe.label_smoothing)
    model.compile(
        optimizer=optimizer,
        loss=smoothed if spread is None else keras.losses.MeanSquaredError(),
        loss_weights=None if spread is None else [1 / spread],
        metrics=["accuracy"] if spread is None else None,
        # On a CPU TensorFlow's own kernels are faster than XLA's for small networks.
        jit_compile=False if keras.backend.backend() == "tensorflow" else "auto",
    )


def _learning_rate(schedule: str, rate: float, steps: int) -> Any:
    import keras

    if schedule == "one_cycle":
        # Smith & Topin 2017 (arXiv 1708.07120) with a cosine fall; Keras counts the warm-up apart.
        warm_up = max(steps // 4, 1)
        return keras.optimizers.schedules.CosineDecay(
            rate / 10, max(steps - warm_up, 1), warmup_target=rate, warmup_steps=warm_up
        )
    if schedule == "cosine":
        return keras.optimizers.schedules.CosineDecay(rate, steps)
    if schedule == "linear":
        return keras.optimizers.schedules.PolynomialDecay(rate, steps, end_learning_rate=0.0)
    return rate
