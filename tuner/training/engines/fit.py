"""Keras's own `fit` and `evaluate`: every backend, every model."""

from __future__ import annotations

from typing import Any

from tuner.training.augmentation import Draws
from tuner.training.engines import Array, taken
from tuner.training.engines.settling import Settling


class FitEngine:
    """Hands each call over to `fit` or `evaluate`."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._results: dict[str, float] = {}
        self._settling: Settling | None = None

    def chunk(self, x: Array) -> None:
        """A whole epoch."""

    def begin(self) -> None:
        """Forgets the metrics so far."""
        self._results = {}

    def train(
        self,
        x: Array,
        y: Array,
        batch_size: int,
        rows: Array | None = None,
        draws: Draws | None = None,
    ) -> None:
        """One epoch of `fit` in the order given."""
        x, y = taken(x, y, rows, draws)
        done = self._model.fit(x, y, batch_size=batch_size, verbose=0, shuffle=False)
        self._results = {name: float(values[-1]) for name, values in done.history.items()}

    def test(self, x: Array, y: Array, batch_size: int) -> None:
        """One call of `evaluate`."""
        seen = self._model.evaluate(x, y, batch_size=batch_size, verbose=0, return_dict=True)
        self._results = {name: float(value) for name, value in seen.items()}

    def settle(self, x: Array, batch_size: int) -> None:
        """Minibatch by minibatch, outside `fit`."""
        if self._settling is None:
            self._settling = Settling(self._model, lambda x: self._model(x, training=True))
        self._settling(x, batch_size)

    def results(self) -> dict[str, float]:
        """Of the latest call, which had all the images."""
        return self._results

    def close(self) -> None:
        """Nothing to give back."""
