"""Many optimizer steps in one call on JAX, with the images on the accelerator.

On a GPU a small network's step takes less time than Python needs to start it, and an epoch less
than a processor needs to augment its images. So a whole epoch is one call: the images lie on the
device, of each minibatch only the rows and what augmentation does to them are sent there, and the
steps are a loop of the compiled program.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tuner.training.arrays import Array
from tuner.training.augmentation import Draws
from tuner.training.engines import CHUNK, even, pooling, taken, within
from tuner.training.engines.settling import Settling, minibatches

SHARE = 0.25
"""Of the device's memory that the images may take; more of them are sent chunk by chunk."""

QUICK = {
    "xla_gpu_enable_triton_gemm": False,
    "xla_gpu_experimental_enable_fusion_autotuner": False,
}
"""How XLA compiles for a GPU: it tries fewer kernels, which takes half of the processor's time."""
REPEATABLE = {"xla_gpu_exclude_nondeterministic_ops": True}
"""And so that the same seed gives the same weights; it tries no convolutions' kernels then."""
SCATTERING = ("stablehlo.scatter", "stablehlo.select_and_scatter")
"""Operations that XLA makes repeatable by going number by number, or not at all."""

State = tuple[list[Any], ...]
"""Trainable, other, optimizer's and metrics' values, as Keras's own steps take them; without the
optimizer's in a test."""


class JaxEngine:
    """Loops over the model's own `train_step` and `test_step` inside one compiled call each.

    The last minibatch of an epoch is filled up with images from its beginning, so that one compiled
    step serves all of them: compiling takes longer than an epoch.

    Args:
        model: A compiled Keras model that wants to be compiled with XLA.
        resident: Whether the images lie on the device and are augmented there; None: where that
            is no CPU, and they fit.
    """

    def __init__(self, model: Any, resident: bool | None = None) -> None:
        self._model = model
        self._resident = jax.default_backend() != "cpu" if resident is None else resident
        self._runs: dict[Any, Callable[..., Any]] = {}
        self._pools = pooling.PATCH.apply(model)
        self._held: dict[int, tuple[Array, Any]] = {}
        self._settling = Settling(model, model)

    def chunk(self, x: Array) -> int | None:
        """A whole epoch, unless the images come from the host."""
        return None if self._is_held(x) else within(x, CHUNK)

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
        """One step for each minibatch, the last one filled up."""
        rows = np.arange(len(x)) if rows is None else rows
        batch_size = min(batch_size, len(x))
        steps = -(-len(rows) // batch_size)
        filled = np.resize(np.arange(len(rows)), steps * batch_size).reshape(steps, batch_size)
        if self._is_held(x):
            changes = {} if draws is None else _changes(draws, filled)
            side = 0 if draws is None else draws.side
            self._run("train", self._all_on_device(x, y, weights), rows[filled], changes, side)
        else:
            self._step("train", filled, *taken(x, y, rows, draws, weights))

    def test(self, x: Array, y: Array, batch_size: int, weights: Array | None = None) -> None:
        """The metrics of each minibatch."""
        whole = even(len(x), batch_size)
        parts = [np.arange(len(x)).reshape(-1, whole)] if whole else []
        if not whole:
            end = len(x) // batch_size * batch_size
            parts = [np.arange(end).reshape(-1, batch_size), np.arange(end, len(x))[None]]
        for rows in parts:
            if self._is_held(x):
                self._run("test", self._all_on_device(x, y, weights), rows, {}, 0)
            else:
                self._step("test", rows, *taken(x, y, None, None, weights))

    def predict(self, x: Array, batch_size: int) -> Any:
        """By Keras's own program."""
        size = even(len(x), batch_size) or batch_size
        return self._model.predict(x, batch_size=size, verbose=0)

    def settle(self, x: Array, batch_size: int) -> None:
        """With a program of its own, which never learns, and the sums on the device."""
        model = self._model
        settling = self._settling
        if not settling.layers:
            return
        parts = minibatches(x, batch_size)
        trainable = _values(model.trainable_variables)
        others = _values(model.non_trainable_variables)
        sums = [np.zeros(a.shape, np.float32) for a in settling.averages]
        with settling.without_memory():  # for the first call, which traces
            key = "settle", parts[0].shape
            if key not in self._runs:
                summing = _summing(model, settling.averages)
                self._runs[key] = compiled(summing, sums, trainable, others, parts[0])
            for part in parts:
                sums = self._runs[key](sums, trainable, others, part)
        for average, total in zip(settling.averages, sums, strict=True):
            average.assign(total / len(parts))

    def results(self) -> dict[str, float]:
        """The model's metrics."""
        return {name: float(value) for name, value in self._model.get_metrics_result().items()}

    def close(self) -> None:
        """Drops the compiled programs and the images on the device."""
        pooling.PATCH.restore(self._pools)
        self._pools = []
        self._runs.clear()
        self._held.clear()

    def _is_held(self, x: Array) -> bool:
        """Whether these images lie on the device from their first use on."""
        if not self._resident:
            return False
        limit = (jax.local_devices()[0].memory_stats() or {}).get("bytes_limit")
        return limit is None or x.nbytes <= SHARE * limit

    def _on_device(self, values: Array) -> Any:
        """A copy there, made once; the caller does not change the values meanwhile."""
        if id(values) not in self._held:
            self._held[id(values)] = values, jnp.asarray(values)
        return self._held[id(values)][1]

    def _all_on_device(self, *values: Array | None) -> tuple[Any, ...]:
        return tuple(self._on_device(v) for v in values if v is not None)

    def _run(
        self, step: str, data: tuple[Any, ...], rows: Array, changes: dict[str, Array], side: int
    ) -> None:
        """All the minibatches whose rows are [steps, batch_size], in one call."""
        key = step, data[0].shape, len(data), rows.shape, tuple(changes), side
        given = data, rows.astype(np.int32), changes
        if key not in self._runs:
            loop = _loop(self._one(step, *data), side)
            self._runs[key] = compiled(loop, self._state(step), *given)
        self._update(step, lambda state: self._runs[key](state, *given))

    def _step(self, step: str, rows: Array, *data: Array) -> None:
        """The same with a call for each: inside a loop XLA's convolutions are slow on a CPU."""
        key = step, rows.shape[1], len(data)
        if key not in self._runs:
            self._runs[key] = jax.jit(self._one(step, *data), donate_argnums=0)
        one = self._runs[key]

        def steps(state: State) -> State:
            for chosen in rows:
                state = one(state, tuple(part[chosen] for part in data))
            return state

        self._update(step, steps)

    def _one(self, step: str, *data: Any) -> Callable[[State, Any], State]:
        """The model's own step, of a state and a minibatch."""
        model = self._model
        # Variables that the program had to make itself would be lost.
        model._symbolic_build(data_batch=tuple(np.asarray(part[:1]) for part in data))
        own = model.train_step if step == "train" else model.test_step
        return lambda state, data: own(state, data)[1]

    def _variables(self, step: str) -> list[list[Any]]:
        """Those that a step changes, in the groups that Keras's own steps take."""
        model = self._model
        optimizer = [model.optimizer.variables] if step == "train" else []
        learnt = [model.trainable_variables, model.non_trainable_variables]
        return [*learnt, *optimizer, model.metrics_variables]

    def _state(self, step: str) -> State:
        return tuple(_values(group) for group in self._variables(step))

    def _update(self, step: str, run: Callable[[State], State]) -> None:
        """Gives the variables the values that a run makes of theirs."""
        after = run(self._state(step))
        for group, values in zip(self._variables(step), after, strict=True):
            for variable, value in zip(group, values, strict=True):
                variable.assign(value)


def compiled(function: Callable[..., Any], *arguments: Any) -> Callable[..., Any]:
    """A program for arguments of these shapes, the first of them donated to it.

    On a GPU XLA is asked for kernels that give the same numbers every time, unless it would have
    to go number by number for it, and is kept from trying out many of them. What the user says in
    ``XLA_FLAGS`` holds.
    """
    lowered = jax.jit(function, donate_argnums=0).lower(*arguments)
    program = lowered.as_text()
    slow = any(name in program for name in SCATTERING)
    said = os.environ.get("XLA_FLAGS", "")
    for wanted in [QUICK] if slow else [QUICK | REPEATABLE, QUICK]:
        options: dict[str, Any] = {n: value for n, value in wanted.items() if n not in said}
        try:
            return lowered.compile(options)
        except jax.errors.JaxRuntimeError as error:
            names = ", ".join(options)
            warnings.warn(f"XLA compiles without {names}, since with: {error}", stacklevel=2)
    return lowered.compile()


def _values(variables: list[Any]) -> list[Any]:
    return [variable.value for variable in variables]


def _summing(model: Any, averages: list[Any]) -> Callable[..., Any]:
    """Adds to sums what moving averages are after one minibatch."""
    places = {id(v): i for i, v in enumerate(model.non_trainable_variables)}
    wanted = [places[id(a)] for a in averages]

    def summed(sums: list[Any], trainable: list[Any], others: list[Any], x: Any) -> list[Any]:
        _, after = model.stateless_call(trainable, others, x, training=True)
        return [total + after[i] for total, i in zip(sums, wanted, strict=True)]

    return summed


def _changes(draws: Draws, order: Array) -> dict[str, Array]:
    """What augmentation does to each image of each step, [steps, batch_size] each."""
    named = {name: getattr(draws, name) for name in ("flipped", "down", "across", "tops", "lefts")}
    return {name: values[order] for name, values in named.items() if values is not None}


def _loop(one: Callable[..., Any], side: int) -> Callable[..., Any]:
    """A loop of a step over all minibatches, with augmentation."""

    def loop(state: Any, data: tuple[Any, ...], rows: Any, changes: dict[str, Any]) -> Any:
        x, *others = data

        def body(i: Any, state: Any) -> Any:
            now = {name: values[i] for name, values in changes.items()}
            chosen = (part[rows[i]] for part in others)
            return one(state, (augmented(x, rows[i], now, side), *chosen))

        return jax.lax.fori_loop(0, rows.shape[0], body, state)

    return loop


def augmented(x: Any, rows: Any, changes: dict[str, Any], side: int) -> Any:
    """Some images, changed as `Draws.apply` changes them, to the same numbers.

    Args:
        x: All images, [n, height, width, channels].
        rows: Which, int32, [m].
        changes: Fields of `Draws`, [m] each.
        side: Of the square that is cut out.

    Returns:
        Of the same type, [m, height, width, channels].
    """
    if not changes:
        return x[rows]
    height, width = x.shape[1:3]
    i, j = (jnp.broadcast_to(jnp.arange(n), (len(rows), n)) for n in (height, width))
    if "flipped" in changes:
        j = jnp.where(changes["flipped"][:, None], width - 1 - j, j)
    if "down" in changes:
        i = _reflected(i + changes["down"][:, None], height)
        j = _reflected(j + changes["across"][:, None], width)
    images = x[rows[:, None, None], i[:, :, None], j[:, None, :]]
    if "tops" not in changes:
        return images
    grid = images[:, ::4, ::4]
    if jnp.issubdtype(images.dtype, jnp.integer):
        count = grid.shape[1] * grid.shape[2]
        mean = (grid.astype(jnp.int32).sum((1, 2)) // count).astype(images.dtype)
    else:
        mean = grid.mean((1, 2))
    mean = mean[:, None, None]
    down, across = (
        jnp.arange(n) - changes[name][:, None] for n, name in ((height, "tops"), (width, "lefts"))
    )
    inside = [(d >= 0) & (d < side) for d in (down, across)]
    return jnp.where((inside[0][:, :, None] & inside[1][:, None, :])[..., None], mean, images)


def _reflected(index: Any, size: int) -> Any:
    index = jnp.abs(index)
    return jnp.minimum(index, 2 * (size - 1) - index)
