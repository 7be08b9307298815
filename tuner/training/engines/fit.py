"""Keras's own `fit` and `evaluate`: every backend, every model."""

from __future__ import annotations

from typing import Any

from tuner.training.arrays import Array, Arrays
from tuner.training.augmentation import Draws
from tuner.training.engines import taken
from tuner.training.engines.settling import Settling


class FitEngine:
    """Hands each call over to `fit` or `evaluate`."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._results: dict[str, float] = {}
        self._settling: Settling | None = None

    def chunk(self, x: Arrays) -> None:
        """A whole epoch."""

    def begin(self) -> None:
        """Forgets the metrics so far."""
        self._results = {}

    def train(
        self,
        x: Arrays,
        y: Arrays,
        batch_size: int,
        rows: Array | None = None,
        draws: Draws | None = None,
        weights: Array | None = None,
    ) -> None:
        """One epoch of `fit` in the order given."""
        x, y, *weighed = taken(x, y, rows, draws, weights)
        done = self._model.fit(
            x,
            y,
            sample_weight=weighed[0] if weighed else None,
            batch_size=batch_size,
            verbose=0,
            shuffle=False,
        )
        self._results = {name: float(values[-1]) for name, values in done.history.items()}

    def test(self, x: Arrays, y: Arrays, batch_size: int, weights: Array | None = None) -> None:
        """One call of `evaluate`."""
        seen = self._model.evaluate(
            x, y, sample_weight=weights, batch_size=batch_size, verbose=0, return_dict=True
        )
        self._results = {name: float(value) for name, value in seen.items()}

    def predict(self, x: Arrays, batch_size: int) -> Any:
        """One call of Keras's own."""
        return self._model.predict(x, batch_size=batch_size, verbose=0)

    def settle(self, x: Arrays, batch_size: int) -> None:
        """Minibatch by minibatch, outside `fit`."""
        if self._settling is None:
            self._settling = Settling(self._model, lambda x: self._model(x, training=True))
        self._settling(x, batch_size)

    def results(self) -> dict[str, float]:
        """Of the latest call, which had all the examples."""
        return self._results

    def close(self) -> None:
        """Nothing to give back."""
