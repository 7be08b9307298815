"""Many optimizer steps in one call of a TensorFlow graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import ops

from tuner.training.arrays import Array, joined
from tuner.training.augmentation import Draws
from tuner.training.engines import CHUNK, cropping, norm, silu, strided, taken, within
from tuner.training.engines.settling import Settling

PATCHES = (norm.PATCH, strided.PATCH, cropping.PATCH, silu.PATCH)


class TensorFlowEngine:
    """Loops over the model's own `train_step` and `test_step` inside one `tf.function` each.

    So custom steps, losses, metrics and loss scaling work as under `fit`. On a CPU nothing is
    compiled with XLA, whatever the model asks for: on small networks its kernels have half the
    speed of TensorFlow's own (`tests/benchmarks/training/README.md`).
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._gradients_before = _custom_gradients()
        self._patched = {patch: patch.apply(model) for patch in PATCHES}
        # Fused with the activation behind it, oneDNN's batch normalisation takes five times as
        # long; without batch normalisation the same rewriting makes convolutions faster.
        tf.config.optimizer.set_experimental_options({"remapping": not self._patched[norm.PATCH]})
        self._runs: dict[tuple[str, int, int], Callable[..., Any]] = {}
        self._forward: Callable[..., Any] | None = None
        self._settling: Settling | None = None

    def chunk(self, x: Array) -> int:
        """The same for all images, but for large ones."""
        return within(x, CHUNK)

    def begin(self) -> None:
        """Forgets the metrics so far."""
        self._model.reset_metrics()

    def train(
        self,
        x: Array,
        y: Array,
        batch_size: int,
        rows: Array | None = None,
        draws: Draws | None = None,
        weights: Array | None = None,
    ) -> None:
        """One step for each minibatch."""
        self._run("train_step", batch_size, *taken(x, y, rows, draws, weights))

    def test(self, x: Array, y: Array, batch_size: int, weights: Array | None = None) -> None:
        """The metrics of each minibatch."""
        self._run("test_step", batch_size, *taken(x, y, None, None, weights))

    def predict(self, x: Array, batch_size: int) -> Any:
        """Minibatch by minibatch, by the model's own step."""
        if self._forward is None:
            signature = [tf.TensorSpec([None, *x.shape[1:]], x.dtype)]
            step = self._model.predict_step
            self._forward = tf.function(step, input_signature=signature, autograph=False)
        starts = range(0, len(x), batch_size)
        return joined([self._forward(x[i : i + batch_size]) for i in starts])

    def settle(self, x: Array, batch_size: int) -> None:
        """In a graph of its own, which never learns."""
        if self._settling is None:
            signature = [tf.TensorSpec([None, *x.shape[1:]], x.dtype)]
            forward = tf.function(
                lambda x: self._model(x, training=True), input_signature=signature, autograph=False
            )
            self._settling = Settling(self._model, forward)
        self._settling(x, batch_size)

    def results(self) -> dict[str, float]:
        """The model's metrics."""
        return {name: float(value) for name, value in self._model.get_metrics_result().items()}

    def close(self) -> None:
        """Puts the stock layers back and drops the graphs."""
        for patch, layers in self._patched.items():
            patch.restore(layers)
        self._patched.clear()
        self._runs.clear()
        self._forward = None
        self._settling = None
        # TensorFlow keeps each gradient that a graph defines for ever, and with it the graph:
        # twelve megabytes a trial.
        for name in _custom_gradients() - self._gradients_before:
            del ops.gradient_registry._registry[name]

    def _run(self, step: str, batch_size: int, *data: Array) -> None:
        """Hands over examples, answers, and weights if any."""
        key = step, batch_size, len(data)
        run = self._runs.get(key)
        if run is None:
            # Variables that the graph had to make itself would have it traced twice.
            self._model._symbolic_build(data_batch=tuple(part[:1] for part in data))
            run = self._runs[key] = self._loop(step, batch_size, *data)
        run(*data)

    def _loop(self, step: str, batch_size: int, *data: Array) -> Callable[..., Any]:
        one = getattr(self._model, step)
        if self._model.jit_compile and tf.config.list_physical_devices("GPU"):
            one = tf.function(one, jit_compile=True, reduce_retracing=True)

        def loop(*parts: Any) -> None:
            count = tf.shape(parts[0])[0]

            def body(start: Any) -> Any:
                end = start + batch_size
                one(tuple(part[start:end] for part in parts))
                return end

            tf.while_loop(lambda start: start < count, body, [tf.constant(0)])

        signature = [tf.TensorSpec([None, *part.shape[1:]], part.dtype) for part in data]
        looping: Callable[..., Any] = tf.function(loop, input_signature=signature, autograph=False)
        return looping


def _custom_gradients() -> set[str]:
    """The names of those in TensorFlow's register, which offers no way to take one out."""
    return {name for name in ops.gradient_registry._registry if name.startswith("CustomGradient-")}
