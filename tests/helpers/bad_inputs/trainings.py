"""Studies whose models cannot learn their data, or are trained by a `fit` that cannot be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.helpers.bad_inputs.row import Make, Row, text

STUDY = """
kind = "search"
question = "How small?"
data = "toys.npz"
space = "space.py:{space}"
metric = "{metric}"
target = 0.9
{more}
"""

SPACE = """
import keras
import keras_tuner

L = keras.layers


def model(input_shape, units, loss, activation=None, **more):
    inputs = L.Input(input_shape)
    x = L.Flatten()(L.Rescaling(1.0)(inputs))
    made = keras.Model(inputs, L.Dense(units, activation=activation)(x))
    made.compile("adam", loss, **more)
    return made


def good(hp, input_shape):
    return model(input_shape, 3, "sparse_categorical_crossentropy", "softmax")


class Good(keras_tuner.HyperModel):
    def __init__(self, input_shape):
        super().__init__()
        self.input_shape = input_shape

    def build(self, hp):
        return good(hp, self.input_shape)

"""


def arrays(task: str = "classes", **changes: np.ndarray) -> dict[str, np.ndarray]:
    """Windows of six times two numbers, with three classes or one number each."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((90, 6, 2)).astype(np.float32)
    y: Any = np.arange(90) % 3 if task == "classes" else x[:, 0, 0] * 40 + 7
    return {"x_train": x[:60], "y_train": y[:60], "x_test": x[60:], "y_test": y[60:], **changes}


def _with(
    code: str = "", space: str = "good", more: str = "", metric: str = "accuracy", **data: Any
) -> Make:
    """A study, its data, and a space whose module has more code."""

    def make(folder: Path) -> Path:
        np.savez(folder / "toys.npz", **arrays(**data))
        text("space.py", SPACE + code)(folder)
        fields = {"space": space, "metric": metric, "more": more}
        return text("mine.toml", STUDY.format(**fields))(folder)

    return make


def _row(name: str, make: Make, *said: str) -> Row:
    return Row(name, "search mine.toml", said, make)


def _function(body: str) -> str:
    return f"\ndef bad(hp, input_shape):\n    {body}\n"


def _fit(body: str) -> str:
    """A class with a `fit`, whose lines are given."""
    return "\n\nclass Bad(Good):\n    " + body.replace("\n", "\n    ") + "\n"


NUMBERS = {"task": "numbers", "metric": "mae"}
WEIGHTS = 'class_weight = "balanced"'

QUICK = [
    _row(
        "weights for a class that is not there",
        _with(more='class_weight = { "dog" = 2.0 }'),
        "'class_weight' names the class 'dog', which the data does not have",
        "Its classes are 0, 1, 2.",
    ),
    _row(
        "a weight below nothing",
        _with(more='class_weight = { "1" = -2.0 }'),
        "key 'class_weight' must be 'balanced', or a table with a weight of at least 0",
        "but got {'1': -2.0}",
    ),
    _row(
        "weights in a word", _with(more='class_weight = "auto"'), "'balanced', or", "but got 'auto'"
    ),
    _row(
        "weights of classes for numbers",
        _with(more=WEIGHTS, **NUMBERS),
        "'class_weight' weighs classes, but the answers of this data are numbers",
        "sample_weight_train",
    ),
]
"""Refused before Keras is imported."""

SLOW = [
    _row(
        "a fit that trains nothing",
        _with(_fit("def fit(self, hp, model, *args, **kwargs):\n    return None"), "Bad"),
        "the fit() of Bad returns without a training that can be seen",
        "model.fit with the callbacks that it is given",
    ),
    _row(
        "a fit without callbacks",
        _with(_fit("def fit(self, hp, model, x, y):\n    return model.fit(x, y)"), "Bad"),
        "the fit() of Bad takes no callbacks, so that its epochs cannot be seen",
        "callbacks=callbacks",
    ),
    _row(
        "a fit that keeps its callbacks",
        _with(
            _fit("def fit(self, hp, model, x, y, callbacks):\n    return model.fit(x, y)"), "Bad"
        ),
        "the fit() of Bad takes no callbacks, so that its epochs cannot be seen",
    ),
    _row(
        "a fit that needs more",
        _with(
            _fit("def fit(self, hp, model, x, y, rate, **kw):\n    model.fit(x, y, **kw)"), "Bad"
        ),
        "the fit() of Bad cannot be called as fit(hp, model, x, y",
        "'rate'",
    ),
    _row(
        "a fit that weighs nothing",
        _with(
            _fit(
                "def fit(self, hp, model, x, y, callbacks, **kw):\n"
                "    model.fit(x, y, callbacks=callbacks)"
            ),
            "Bad",
            WEIGHTS,
        ),
        "the fit() of Bad does not pass the study's class_weight on to model.fit",
    ),
    _row(
        "a fit that weighs no examples",
        _with(
            _fit("def fit(self, hp, model, x, y, callbacks):\n    model.fit(x, y)"),
            "Bad",
            sample_weight_train=np.ones(60, np.float32),
        ),
        "the fit() of Bad does not pass the data's sample_weight on to model.fit",
    ),
    _row(
        "a loss that takes no labels",
        _with(
            "\ndef broken(y, p):\n    raise OSError('no weights')\n"
            + _function("return model(input_shape, 3, broken)"),
            "bad",
        ),
        "loss 'broken' takes neither class indices, [n], nor one-hot labels, [n, 3]",
        "compile it with 'sparse_categorical_crossentropy'",
    ),
    _row(
        "a loss of classes for numbers",
        _with(
            _function("return model(input_shape, 1, 'categorical_crossentropy')"), "bad", **NUMBERS
        ),
        "loss 'categorical_crossentropy' is no lower for right numbers than for wrong ones",
        "such as 'mse' or 'mae'",
    ),
    _row(
        "outputs that are too many",
        _with(_function("return model(input_shape, 5, 'mse')"), "bad"),
        "the model gives 5 numbers for an example, but there are 3 classes",
        "a layer of 3 units",
    ),
    _row(
        "two numbers for one",
        _with(_function("return model(input_shape, 2, 'mse')"), "bad", **NUMBERS),
        "the model gives 2 numbers for an example, but an answer is one number",
        "Dense(1)",
    ),
    _row(
        "a softmax for a number",
        _with(_function("return model(input_shape, 1, 'mse', 'softmax')"), "bad", **NUMBERS),
        "ends with a softmax of one unit, which is 1 for every example",
    ),
    _row(
        "an input of another shape",
        _with(_function("return model((7, 2), 3, 'mse')"), "bad"),
        "the model cannot take an example of toys, 6x2 numbers (float32)",
        "give its Input the shape input_shape",
    ),
    _row(
        "a flip of windows",
        _with(_function("hp.Boolean('flip'); return good(hp, input_shape)"), "bad"),
        "hyperparameter 'flip' changes images, and cannot change examples of 6x2 numbers (float32)",
        "leave it out of the search space",
    ),
    _row(
        "an output that is not there",
        _with(more='metric_output = "head"'),
        "the model has no output 'head' but",
        "metric_output",
    ),
    _row(
        "several outputs and none named",
        _with(
            _function(
                "made = good(hp, input_shape); two = keras.Model(made.inputs[0], "
                "[made.outputs[0], made.outputs[0] * 2]); two.compile('adam', 'mse'); return two"
            ),
            "bad",
        ),
        "the model has 2 outputs; give it one",
        "metric_output",
    ),
    _row(
        "a model that is not compiled",
        _with(
            _function(
                "made = good(hp, input_shape); return keras.Model(made.inputs[0], made.outputs[0])"
            ),
            "bad",
        ),
        "build() must return a compiled Keras model",
    ),
]
"""Refused once Keras is imported."""
