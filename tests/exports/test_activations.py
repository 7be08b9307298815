from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import pytest

from tuner.exports.activations import peak
from tuner.exports.conversion import convert, taking

layers = keras.layers


def test_a_chain_needs_what_its_widest_layer_reads_and_makes() -> None:
    model = keras.Sequential([keras.Input((8,)), layers.Dense(100), layers.Dense(2)])
    assert peak(model) == 4 * 108
    assert peak(model, int8=True) == 108


def test_layers_that_map_each_value_need_no_memory_of_their_own() -> None:
    inputs = keras.Input((8,))
    x = layers.Activation("relu")(layers.Dense(100)(inputs))
    model = keras.Model(inputs, layers.Dense(2)(layers.Dropout(0.5)(x)))
    assert peak(model) == 4 * 108


def test_a_shortcut_stays_in_memory_until_it_is_added() -> None:
    inputs = keras.Input((4, 4, 2))  # 32 values
    stem = layers.Conv2D(4, 1)(inputs)  # 64
    x = layers.Activation("relu")(stem)  # not over the stem, which the shortcut still reads: 64
    x = layers.Conv2D(8, 1)(x)  # 128
    x = layers.Conv2D(4, 1)(x)  # 64
    model = keras.Model(inputs, layers.Add()([x, stem]))
    # While the widest layer runs: the stem, its activation and the widest output.
    assert peak(model) == 4 * (64 + 64 + 128)


def test_a_model_within_a_model_counts_what_is_inside() -> None:
    inner_inputs = keras.Input((8,))
    inner = keras.Model(inner_inputs, layers.Dense(2)(layers.Dense(100)(inner_inputs)))
    inputs = keras.Input((8,))
    assert peak(keras.Model(inputs, layers.Dense(3)(inner(inputs)))) == 4 * 108


def test_images_are_bytes_until_they_are_cast() -> None:
    inputs = keras.Input((8, 8, 1))
    model = keras.Model(inputs, layers.Dense(2)(layers.Flatten()(inputs)))
    assert peak(taking(model, "uint8")) == 64 + 4 * 64


def test_a_model_without_a_layer_graph_is_not_guessed_at() -> None:
    class Own(keras.Model):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            return x

    assert peak(Own()) is None


@pytest.mark.filterwarnings("ignore:builtin type .* has no __module__:DeprecationWarning")
def test_it_is_near_what_the_converted_file_keeps_alive(tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    inputs = keras.Input((16, 16, 3))
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(layers.Rescaling(1 / 64)(inputs))
    y = layers.BatchNormalization()(layers.Conv2D(8, 3, padding="same")(x))
    x = layers.MaxPooling2D()(layers.Activation("relu")(layers.Add()([x, y])))
    outputs = layers.Dense(4)(layers.GlobalAveragePooling2D()(x))
    model = keras.Model(inputs, outputs)
    file = str(tmp_path / "model.tflite")
    wrapped = convert(model, "tflite", file, None)
    estimate = peak(wrapped)
    assert estimate is not None
    assert estimate == pytest.approx(_alive_in(file), rel=0.1)


def _alive_in(file: str) -> int:
    """The same sum over the file's own operators, in the order in which they run."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(file, experimental_op_resolver_type=plain)
    interpreter.allocate_tensors()
    bytes_of = {
        d["index"]: int(d["shape"].prod()) * d["dtype"]().itemsize
        for d in interpreter.get_tensor_details()
    }
    operators = interpreter._get_ops_details()
    made = {int(t) for o in operators for t in o["outputs"]}
    made |= {d["index"] for d in interpreter.get_input_details()}
    last = {int(t): at for at, o in enumerate(operators) for t in o["inputs"] if int(t) in made}
    live = {d["index"] for d in interpreter.get_input_details()}
    highest = 0
    for at, operator in enumerate(operators):
        live |= {int(t) for t in operator["outputs"]}
        highest = max(highest, sum(bytes_of[t] for t in live))
        live = {t for t in live if last.get(t, -1) > at}
    return highest
