from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from tests.helpers.networks import X, Y, array, model
from tuner.launchers.backends import PROGRAMS, shared_programs
from tuner.launchers.placement import Placement
from tuner.training.augmentation import Augmentation
from tuner.training.engines import engine_for, even, pooling
from tuner.training.engines.fit import FitEngine
from tuner.training.engines.jax import QUICK, REPEATABLE, JaxEngine, _changes, augmented, compiled
from tuner.training.loop import Examples, epochs

both = pytest.mark.parametrize("resident", [True, False], ids=["on the device", "streamed"])


def weights(of: keras.Model) -> list[np.ndarray]:
    return [array(w) for w in of.weights]


def assert_same_weights(one: keras.Model, other: keras.Model) -> None:
    for mine, theirs in zip(weights(one), weights(other), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=1e-5)


@both
def test_training_is_that_of_fit(resident: bool) -> None:
    ours, stock = model(), model()
    engine = JaxEngine(ours, resident)
    for _ in range(3):
        engine.begin()
        engine.train(X, Y, 14)
        learnt = engine.results()
        kept = stock.fit(X, Y, batch_size=14, shuffle=False, verbose=0).history
    assert learnt["loss"] == pytest.approx(kept["loss"][-1], rel=1e-4)
    assert learnt["accuracy"] == pytest.approx(kept["accuracy"][-1])
    engine.begin()
    engine.test(X, Y, 32)  # two minibatches and what is left
    seen = stock.evaluate(X, Y, verbose=0, return_dict=True)
    assert engine.results() == pytest.approx(seen, rel=1e-4)
    engine.close()
    assert_same_weights(ours, stock)


@both
def test_the_last_minibatch_is_filled_up(resident: bool) -> None:
    ours, stock = model(), model()
    JaxEngine(ours, resident).train(X, Y, 16)
    order = np.r_[0:70, 0:10]
    stock.fit(X[order], Y[order], batch_size=16, shuffle=False, verbose=0)
    assert int(ours.optimizer.iterations) == 5
    assert_same_weights(ours, stock)


def test_images_on_the_device_and_from_the_host_train_alike() -> None:
    rng = np.random.default_rng(3)
    rows = rng.permutation(70)[:50]
    draws = Augmentation(flip=True, shift=2, cutout=3).draw((50, 8, 8), rng)
    one, other = model(), model()
    JaxEngine(one, True).train(X, Y, 16, rows, draws)
    JaxEngine(other, False).train(X, Y, 16, rows, draws)
    assert_same_weights(one, other)
    plain = model()
    JaxEngine(plain, True).train(X, Y, 16, rows)
    assert any(not np.allclose(a, b) for a, b in zip(weights(one), weights(plain), strict=True))


@pytest.mark.parametrize(
    "augmentation",
    [
        Augmentation(),
        Augmentation(flip=True),
        Augmentation(shift=2),
        Augmentation(cutout=3),
        Augmentation(flip=True, shift=1, cutout=4),
        Augmentation(shift=50, cutout=50),
    ],
)
def test_augmentation_on_the_device_gives_the_same_images(augmentation: Augmentation) -> None:
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (40, 12, 10, 3), dtype=np.uint8)
    rows = rng.permutation(40)[:30]
    draws = augmentation.draw((30, 12, 10), rng)
    changes = {name: values[0] for name, values in _changes(draws, np.arange(30)[None]).items()}
    found = augmented(jnp.asarray(images), jnp.asarray(rows), changes, draws.side)
    np.testing.assert_array_equal(np.asarray(found), draws.apply(images[rows]))


@pytest.mark.parametrize("size", [(12, 10), (13, 11)], ids=["even", "odd"])
def test_pooling_of_windows_side_by_side_is_that_of_keras(size: tuple[int, int]) -> None:
    inputs = keras.Input((*size, 3))
    layer = keras.layers.MaxPooling2D((2, 3))
    made = keras.Model(inputs, layer(inputs))
    rng = np.random.default_rng(5)
    images = jnp.asarray(rng.standard_normal((7, *size, 3)), "float32")
    scale = jnp.asarray(rng.standard_normal(made(images).shape), "float32")

    def found() -> tuple[np.ndarray, np.ndarray]:
        slope = jax.grad(lambda x: (made(x) * scale).sum())(images)
        return np.asarray(made(images)), np.asarray(slope)

    stock = found()
    changed = pooling.PATCH.apply(made)
    assert changed == [layer]
    for mine, theirs in zip(found(), stock, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    pooling.PATCH.restore(changed)
    assert "call" not in vars(layer)


def asked_of_xla(pool: keras.layers.Layer, monkeypatch: pytest.MonkeyPatch) -> dict[str, bool]:
    """The options with which a step of a model with such a layer is compiled."""
    asked: list[dict[str, bool]] = []
    stock = jax.stages.Lowered.compile

    def compile_(self: jax.stages.Lowered, options: dict[str, bool]) -> jax.stages.Compiled:
        asked.append(options)
        return stock(self, options)

    monkeypatch.setattr(jax.stages.Lowered, "compile", compile_)
    inputs = keras.Input((8, 8, 3))
    hidden = keras.layers.Flatten()(pool(keras.layers.Conv2D(4, 3)(inputs)))
    made = keras.Model(inputs, keras.layers.Dense(4)(hidden))
    made.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    engine = JaxEngine(made, True)
    engine.train(X, Y, 35)
    engine.close()
    (options,) = asked
    return options


def test_xla_is_asked_for_repeatable_kernels_unless_they_would_be_slow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("XLA_FLAGS", raising=False)
    apart, overlapping = keras.layers.MaxPooling2D(2), keras.layers.MaxPooling2D(3, strides=2)
    assert asked_of_xla(apart, monkeypatch) == QUICK | REPEATABLE
    assert asked_of_xla(overlapping, monkeypatch) == QUICK
    monkeypatch.setenv("XLA_FLAGS", "--xla_gpu_enable_triton_gemm=true")
    assert "xla_gpu_enable_triton_gemm" not in asked_of_xla(apart, monkeypatch)


@pytest.mark.parametrize("unknown", ["REPEATABLE", "QUICK"])
def test_an_option_that_xla_does_not_take_is_left_out(
    unknown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"tuner.training.engines.jax.{unknown}", {"xla_gpu_of_another_day": True})
    with pytest.warns(UserWarning, match="xla_gpu_of_another_day"):
        doubled = compiled(lambda x: 2 * x, jnp.ones(3))
    np.testing.assert_array_equal(doubled(jnp.ones(3)), [2, 2, 2])


class Doubled(keras.Model):
    """Takes every step twice, and counts how often that is traced."""

    traced = 0

    def train_step(self, state, data):
        type(self).traced += 1
        _, state = super().train_step(state, data)
        return super().train_step(state, data)


@both
def test_a_train_step_of_ones_own_is_used_and_compiled_once(resident: bool) -> None:
    made = model(base=Doubled)
    Doubled.traced = 0
    engine = JaxEngine(made, resident)
    for _ in range(2):
        engine.train(X, Y, 35)
    assert int(made.optimizer.iterations) == 8
    assert Doubled.traced == 1


def test_what_xla_cannot_compile_is_left_to_fit() -> None:
    made = model()
    assert isinstance(engine_for(made), JaxEngine)
    inputs = keras.Input((8, 8, 3))
    shifted = keras.Model(inputs, made(keras.layers.RandomTranslation(0.1, 0.1)(inputs)))
    shifted.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    assert isinstance(engine_for(shifted), FitEngine)


@both
def test_a_whole_training_learns(resident: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "tuner.training.loop.engine_for", lambda model, *_: JaxEngine(model, resident)
    )
    rng = np.random.default_rng(0)
    y = rng.integers(0, 4, 300)
    x = (rng.integers(0, 40, (300, 8, 8, 3)) + 60 * y[:, None, None, None]).astype(np.uint8)
    made = model()
    images = Examples(x[:200], y[:200], x[200:], y[200:], 4)
    options = {"horizon": 5, "batch_size": 32, "seed": 0}
    curve = list(epochs(made, images, augmentation=Augmentation(True, 1, 2), **options))
    assert curve[-1].val_measured > 0.9
    assert curve[-1].val_loss < curve[0].val_loss


@pytest.mark.parametrize(
    ("count", "most", "size"), [(5_000, 512, 500), (300, 512, 300), (5_003, 512, None)]
)
def test_minibatches_of_one_size(count: int, most: int, size: int | None) -> None:
    assert even(count, most) == size


TRAIN = """
from tests.helpers.networks import X, Y, model
from tuner.training.engines.jax import JaxEngine
JaxEngine(model()).train(X, Y, 14)
"""


def test_processes_share_what_is_compiled_for_as_long_as_a_command_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(PROGRAMS, raising=False)
    counts = []
    with shared_programs() as shared:
        environment = {**os.environ, **Placement().environment(), **shared}
        for _ in range(2):
            root = Path(__file__).parents[3]
            subprocess.run(
                [sys.executable, "-c", TRAIN], cwd=root, env=environment, check=True, timeout=150
            )
            counts.append(len(list(Path(shared[PROGRAMS]).glob("*-cache"))))
    assert counts[0] == counts[1] > 0
    assert not Path(shared[PROGRAMS]).exists()
