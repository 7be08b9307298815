from __future__ import annotations

import contextlib
import gc
import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from tests.helpers.networks import X, Y, array, model
from tuner.launchers.placement import Placement
from tuner.training.engines import engine_for
from tuner.training.engines.fit import FitEngine

tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="the TensorFlow engine"
)


@tensorflow
@pytest.mark.parametrize("channels", [6, 8])
def test_training_is_that_of_fit(channels):
    ours, stock = model(channels), model(channels)
    engine = engine_for(ours)
    for _ in range(3):
        engine.begin()
        engine.train(X[:48], Y[:48], 16)
        engine.train(X[48:], Y[48:], 16)  # 22 images: the last step takes six
        learnt = engine.results()
        kept = stock.fit(X, Y, batch_size=16, shuffle=False, verbose=0).history
    # The metrics see 16-image steps and one of six in both; only their cuts differ.
    assert learnt["loss"] == pytest.approx(kept["loss"][-1], rel=1e-4)
    assert learnt["accuracy"] == pytest.approx(kept["accuracy"][-1])
    engine.begin()
    engine.test(X, Y, 32)
    seen = stock.evaluate(X, Y, verbose=0, return_dict=True)
    assert engine.results() == pytest.approx(seen, rel=1e-4)
    for mine, theirs in zip(ours.weights, stock.weights, strict=True):
        np.testing.assert_allclose(mine.numpy(), theirs.numpy(), rtol=1e-3, atol=1e-5)


@tensorflow
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's saving
def test_the_model_is_stock_again_once_the_engine_is_closed(tmp_path):
    ours = model()
    engine = engine_for(ours)
    engine.train(X, Y, 16)
    engine.close()
    assert not [layer for layer in ours.layers if "call" in vars(layer)]
    ours.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(
        again.predict(X, verbose=0), ours.predict(X, verbose=0), rtol=1e-5, atol=1e-6
    )


@tensorflow
def test_nothing_is_left_of_a_training_that_has_ended():
    def graphs() -> int:
        gc.collect()
        return sum(type(o).__name__ == "FuncGraph" for o in gc.get_objects())

    def train() -> None:
        made = model(6)
        x = keras.layers.Activation("silu")(made.layers[-2].output)
        made = keras.Model(made.inputs, keras.layers.Dense(4, activation="softmax")(x))
        made.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
        with contextlib.closing(engine_for(made)) as engine:
            engine.train(X, Y, 16)
            engine.settle(X, 16)
        keras.utils.clear_session()

    train()
    before = graphs()
    train()
    assert graphs() == before


class Doubled(keras.Model):
    """Takes every step twice."""

    def train_step(self, data):
        super().train_step(data)
        return super().train_step(data)


class OwnLoop(keras.Model):
    """Trains in a way of its own."""

    def fit(self, *args, **options):
        return super().fit(*args, **options)


@tensorflow
def test_a_train_step_of_ones_own_is_used():
    made = model(base=Doubled)
    engine_for(made).train(X, Y, 35)
    assert int(made.optimizer.iterations) == 4


@pytest.mark.parametrize("make", [lambda: model(base=OwnLoop), lambda: model(run_eagerly=True)])
def test_a_model_with_a_loop_of_its_own_is_left_to_fit(make):
    made = make()
    engine = engine_for(made)
    assert isinstance(engine, FitEngine)
    engine.begin()
    engine.train(X, Y, 35)
    assert int(made.optimizer.iterations) == 2
    assert set(engine.results()) == {"loss", "accuracy"}


@tensorflow
@pytest.mark.parametrize("channels", [3, 4, 12])
def test_batch_normalisation_and_its_gradients_are_those_of_keras(channels):
    import tensorflow as tf

    from tuner.training.engines import norm

    rng = np.random.default_rng(channels)
    x = tf.constant(rng.normal(3.0, 2.0, (5, 6, 7, channels)).astype(np.float32))
    weight = tf.constant(rng.normal(size=x.shape).astype(np.float32))

    def gradients(layer):
        if not layer.built:
            layer.build(x.shape)
        layer.gamma.assign(np.linspace(0.5, 2.0, channels))
        layer.beta.assign(np.linspace(-1.0, 1.0, channels))
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=True)
        trainable = [x, layer.gamma.value, layer.beta.value]
        return [y, *tape.gradient(y, trainable, weight), layer.moving_mean, layer.moving_variance]

    stock = gradients(keras.layers.BatchNormalization(momentum=0.5))
    layer = keras.layers.BatchNormalization(momentum=0.5)
    layer.build(x.shape)
    inputs = keras.Input(x.shape[1:])
    assert norm.PATCH.apply(keras.Model(inputs, layer(inputs))) == [layer]
    for mine, theirs in zip(gradients(layer), stock, strict=True):
        np.testing.assert_allclose(mine.numpy(), theirs.numpy(), rtol=2e-3, atol=2e-4)


@tensorflow
@pytest.mark.parametrize("channels", [3, 8])
@pytest.mark.parametrize("frozen", [False, True])
def test_inference_normalises_by_the_moving_averages_as_keras_does(channels, frozen):
    from tuner.training.engines import norm

    rng = np.random.default_rng(channels)
    x = rng.normal(3.0, 2.0, (5, 6, 7, channels)).astype(np.float32)
    layer = keras.layers.BatchNormalization()
    inputs = keras.Input(x.shape[1:])
    made = keras.Model(inputs, layer(inputs))
    for weight, low in zip(layer.weights, (0.5, -1.0, 2.0, 0.1), strict=True):
        weight.assign(rng.uniform(low, low + 1.0, channels))
    layer.trainable = not frozen
    modes = (False, True) if frozen else (False,)
    stock = [array(made(x, training=training)) for training in modes]
    assert norm.PATCH.apply(made) == [layer]
    ours = [array(made(x, training=training)) for training in modes]
    np.testing.assert_allclose(ours, stock, rtol=1e-4, atol=1e-5)


CROPS = {
    "rows and columns": ({"cropping": ((1, 2), (0, 3))}, (3, 4, 5)),
    "channels": ({"cropping": ((0, 0), (1, 2)), "data_format": "channels_first"}, (6, 7, 2)),
    "nothing": ({"cropping": 0}, (6, 7, 5)),
}


@tensorflow
@pytest.mark.parametrize("kind", ["silu", *CROPS])
def test_cheaper_layers_and_their_gradients_are_those_of_keras(kind):
    import tensorflow as tf

    from tuner.training.engines import cropping, silu

    rng = np.random.default_rng(0)
    x = tf.constant(rng.normal(0.0, 3.0, (4, 6, 7, 5)).astype(np.float32))
    options, shape = CROPS.get(kind, ({}, (6, 7, 5)))
    stock = keras.layers.Cropping2D(**options) if options else keras.layers.Activation("silu")
    inputs = keras.Input(x.shape[1:])
    made = keras.Model(inputs, stock(inputs))
    weight = tf.constant(rng.normal(size=(4, *shape)).astype(np.float32))

    def gradients():
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = made(x, training=True)
        return [y, tape.gradient(y, x, weight)]

    before = gradients()
    patch = cropping.PATCH if options else silu.PATCH
    assert patch.apply(made) == [stock]
    for mine, theirs in zip(gradients(), before, strict=True):
        np.testing.assert_allclose(mine.numpy(), theirs.numpy(), rtol=1e-5, atol=1e-6)
    patch.restore([stock])
    assert "call" not in vars(stock)


@tensorflow
def test_the_graph_of_a_training_is_traced_once():
    traced = 0

    class Counted(keras.Model):
        def train_step(self, data):
            nonlocal traced
            traced += 1
            return super().train_step(data)

    engine = engine_for(model(base=Counted))
    for _ in range(2):
        engine.train(X, Y, 16)
    assert traced == 1


@tensorflow
@pytest.mark.parametrize(
    "layer",
    [
        keras.layers.BatchNormalization(scale=False),
        keras.layers.BatchNormalization(axis=1),
        keras.layers.BatchNormalization(dtype="mixed_bfloat16"),
    ],
    ids=["no scale", "another axis", "half precision"],
)
def test_other_kinds_of_batch_normalisation_are_left_alone(layer):
    from tuner.training.engines import norm

    inputs = keras.Input((4, 4, 3))
    assert norm.PATCH.apply(keras.Model(inputs, layer(inputs))) == []


class Projected(keras.layers.Layer):
    """Holds a strided convolution, as a user's own block might."""

    def __init__(self, **options):
        super().__init__(**options)
        self.shortcut = keras.layers.Conv2D(66, 1, strides=2, padding="same")

    def call(self, x):
        return self.shortcut(x)


@tensorflow
@pytest.mark.parametrize("nested", [False, True])
def test_strided_1x1_convolutions_train_as_under_fit(nested):
    def strided():
        keras.utils.set_random_seed(1)
        inputs = keras.layers.Input((9, 8, 3))
        x = keras.layers.Rescaling(1 / 64)(inputs)
        one = Projected() if nested else keras.layers.Conv2D(66, 1, strides=(3, 2))
        x = keras.layers.GlobalAveragePooling2D()(one(x))
        made = keras.Model(inputs, keras.layers.Dense(4, activation="softmax")(x))
        made.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return made

    x = np.pad(X, ((0, 0), (0, 1), (0, 0), (0, 0)))
    ours, stock = strided(), strided()
    engine = engine_for(ours)
    for _ in range(3):
        engine.train(x, Y, 16)
        stock.fit(x, Y, batch_size=16, shuffle=False, verbose=0)
    engine.close()
    for mine, theirs in zip(ours.weights, stock.weights, strict=True):
        np.testing.assert_allclose(mine.numpy(), theirs.numpy(), rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(
        ours.predict(x, verbose=0), stock.predict(x, verbose=0), rtol=1e-3, atol=1e-5
    )
    assert not any("convolution_op" in vars(layer) for layer in ours._flatten_layers())


ONEDNN = """
import keras, numpy as np
from tuner.training.engines import engine_for
inputs = keras.layers.Input((16, 16, 4))
x = keras.layers.Conv2D(4, 1, strides=2)(inputs)
x = keras.layers.Conv2D(66, 1, strides=2)(x)
x = keras.layers.GlobalAveragePooling2D()(x)
model = keras.Model(inputs, keras.layers.Dense(4, activation="softmax")(x))
model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
engine = engine_for(model)
images = np.zeros((8_000, 16, 16, 4), np.uint8)
engine.train(images, np.zeros(8_000, np.int64), 40)
print("trained", int(model.optimizer.iterations))
"""


@pytest.mark.slow
@tensorflow
def test_a_strided_1x1_convolution_does_not_crash_onednn():
    # Without the engine's care it does, on one thread of a processor with AVX2 and no AVX-512.
    environment = {**os.environ, **Placement(threads=1).environment()}
    done = subprocess.run(
        [sys.executable, "-c", ONEDNN], env=environment, capture_output=True, text=True, timeout=150
    )
    assert (done.returncode, done.stdout.strip()) == (0, "trained 200"), done.stderr


def settled_model(**options) -> keras.Model:
    """Two normalised layers, the second frozen."""
    made = model(**options)
    inputs = keras.Input((8, 8, 3))
    frozen = keras.layers.BatchNormalization()
    frozen.trainable = False
    both = keras.Model(inputs, frozen(made(inputs)))
    both.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"], **options)
    return both


@pytest.mark.parametrize("eagerly", [False, True], ids=["engine", "fit"])
def test_settled_statistics_are_those_of_the_present_weights(eagerly):
    made = settled_model(run_eagerly=eagerly)
    norms = [
        n
        for n in made._flatten_layers(include_self=False)
        if isinstance(n, keras.layers.BatchNormalization)
    ]
    followed, frozen = (next(n for n in norms if n.trainable is t) for t in (True, False))
    convolution = next(
        n for n in made._flatten_layers(include_self=False) if isinstance(n, keras.layers.Conv2D)
    )
    engine = engine_for(made)
    assert isinstance(engine, FitEngine) is eagerly
    engine.begin()
    engine.train(X, Y, 35)
    before = [array(w) for w in made.trainable_variables]
    engine.settle(X, 32)  # two minibatches, and six images that are left out
    seen = array(convolution(X.astype("float32") / 64))
    halves = [seen[:32], seen[32:64]]
    mean = np.mean([h.mean((0, 1, 2)) for h in halves], axis=0)
    variance = np.mean([h.var((0, 1, 2)) for h in halves], axis=0)
    np.testing.assert_allclose(array(followed.moving_mean), mean, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(array(followed.moving_variance), variance, rtol=1e-4, atol=1e-5)
    assert np.all(array(frozen.moving_mean) == 0)
    assert (followed.momentum, frozen.momentum) == (0.9, 0.99)
    for now, was in zip(made.trainable_variables, before, strict=True):
        np.testing.assert_array_equal(array(now), was)
    # Training goes on with moving averages that move as they did.
    engine.train(X[:35], Y[:35], 35)
    moved = array(followed.moving_mean)
    assert np.abs(moved - mean).max() < np.abs(mean).max()
    engine.close()


def test_a_model_without_batch_normalisation_has_nothing_to_settle():
    inputs = keras.Input((8, 8, 3))
    made = keras.Model(inputs, keras.layers.Dense(4)(keras.layers.Flatten()(inputs)))
    made.compile("sgd", "mse")
    before = [array(w) for w in made.weights]
    engine_for(made).settle(X, 32)
    for now, was in zip(made.weights, before, strict=True):
        np.testing.assert_array_equal(array(now), was)
