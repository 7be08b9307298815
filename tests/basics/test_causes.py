"""Errors as Keras and TensorFlow raise them, and the sentence that names the cause."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from tuner.basics.causes import cause_of, sentence_of

L = keras.layers


class Own(keras.layers.Layer):
    """Has an argument that its config does not hold."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.inner = L.Dense(units)

    def call(self, x: Any) -> Any:
        return self.inner(x)


def wrong_shape(folder: Path) -> None:
    made = keras.Sequential([L.Input((4,)), L.Dense(3)])
    made(np.zeros((2, 5)))


def wrong_graph(folder: Path) -> None:
    made = keras.Sequential([L.Input((4,)), L.Dense(3)])
    made.compile("adam", "mse")
    made.fit(np.zeros((8, 4)), np.zeros((8, 7)), verbose=0)


def unknown_layer(folder: Path) -> None:
    made = keras.Sequential([L.Input((4,)), Own(3)])
    made.save(folder / "m.keras")
    keras.models.load_model(folder / "m.keras")


def plain(folder: Path) -> None:
    raise ValueError("13 is unlucky")


def silent(folder: Path) -> None:
    raise RuntimeError


def wrapped(folder: Path) -> None:
    try:
        raise KeyError("width")
    except KeyError as error:
        raise RuntimeError("Exception encountered when calling build()") from error


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize(
    ("raising", "says"),
    [
        (wrong_shape, "expected axis -1 of input shape to have value 4"),
        (wrong_graph, "shapes|Dimensions"),
        (unknown_layer, "Own"),
        (plain, "^ValueError: 13 is unlucky$"),
        (silent, "^RuntimeError$"),
        (wrapped, "^KeyError: 'width'$"),
    ],
)
def test_the_cause_is_named_in_one_line(
    raising: Callable[[Path], None], says: str, tmp_path: Path
) -> None:
    with pytest.raises(Exception) as caught:
        raising(tmp_path)
    cause = cause_of(caught.value)
    assert "\n" not in cause and len(cause) < 350
    import re

    assert re.search(says, cause), cause


def test_graph_execution_errors() -> None:
    text = """Graph execution error:

Detected at node while/sub defined at (most recent call last):
  File "a.py", line 1, in <module>

Incompatible shapes: [32] vs. [32,4]
\t [[{{node while/sub}}]] [Op:__inference_loop_4847]"""
    assert cause_of(RuntimeError(text)) == "RuntimeError: Incompatible shapes: [32] vs. [32,4]"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("the image\nis too small."), "the image is too small."),
        (RuntimeError("no such layer"), "no such layer"),
        (KeyError("width"), "KeyError: 'width'"),
        (AssertionError(), "AssertionError"),
    ],
)
def test_the_kind_is_told_where_the_sentence_needs_it(error: Exception, told: str) -> None:
    assert sentence_of(error) == told
    assert cause_of(error).endswith(told)
