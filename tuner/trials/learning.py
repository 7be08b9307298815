"""What a trial learns from and is measured on: a study's data, with what the study says of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from tuner.data import DataSet
from tuner.specs.spec import Study
from tuner.training.arrays import Array, count_of, some
from tuner.training.examples import Examples, answers_of
from tuner.training.piped import collect, first_batch
from tuner.training.readings import Reading
from tuner.training.scores import predict
from tuner.training.weights import class_weights, multiplied


def measured_output(spec: Study, data: DataSet) -> str | None:
    """The output that a study measures; None where its models have only one."""
    return spec.metric_output or next(iter(data.output_names), None)


@dataclass(frozen=True)
class _Pair:
    """The iterators of one training."""

    train: Any
    validation: Any


@dataclass(frozen=True)
class Learning:
    """The examples of a study's trainings on one data set.

    Attributes:
        data: The data set.
        spec: The study.
        by_fit: Whether the hypermodel's own `fit` trains: it is given the weights of classes by
            themselves, and validation examples always, for which its callbacks are written.
    """

    data: DataSet
    spec: Study
    by_fit: bool

    @property
    def output(self) -> str | None:
        """The output that is measured, of a model of several."""
        return measured_output(self.spec, self.data)

    @cached_property
    def _streams(self) -> Any:
        return self.data.streams()

    def examples(self, part: Literal["train", "learning"] = "train") -> Examples:
        """What to train and to validate on.

        Args:
            part: Training examples, validated on the validation examples; or both together,
                validated on none.
        """
        part = "train" if self.by_fit else part
        if self.data.pipeline:
            return self._piped(part)
        if part == "train":
            (x, y), (x_seen, y_seen) = self.data.train(), self.data.validation()
        else:
            x, y = self.data.learning()
            x_seen, y_seen = some(x, slice(0, 0)), some(y, slice(0, 0))
        labels = answers_of(y, self.output)
        separate = self.class_weight is not None
        by_class = None if separate else self._weights_of_classes(labels)
        return Examples(
            x,
            y,
            x_seen,
            y_seen,
            num_classes=self.data.num_outputs,
            task=self.data.task,
            weights=multiplied(self.data.weights(part), by_class, labels),
            validation_weights=self.data.weights("validation") if count_of(x_seen) else None,
            output=self.output,
            class_weight=self.class_weight,
        )

    def _piped(self, part: Literal["train", "learning"]) -> Examples:
        streams = self._streams
        x, _ = first_batch(streams.train)
        y = self.data.answers("train")[: count_of(x)]
        validation = streams.validation if part == "train" else None
        return Examples(
            x,
            y,
            some(x, slice(0, 0)),
            y[:0],
            num_classes=self.data.num_outputs,
            task=self.data.task,
            output=self.output,
            streams=_Pair(streams.train if part == "train" else streams.learning, validation),
            class_weight=self.class_weight,
        )

    @cached_property
    def class_weight(self) -> dict[int, float] | None:
        """What Keras's `fit` is to be given as its argument of that name.

        None where there is none, and where every example has a weight that it is multiplied with:
        Keras takes only one of the two.
        """
        if not (self.by_fit or self.data.pipeline) or self.data.weighted:
            return None
        if self.spec.class_weight is None:
            return None
        found = self._weights_of_classes(self.data.answers("train"))
        return None if found is None else dict(enumerate(map(float, found)))

    def _weights_of_classes(self, labels: Array) -> Array | None:
        return class_weights(self.spec.class_weight, self.data.classes, labels)

    def scores(
        self, model: Any, reading: Reading, part: Literal["validation", "test"]
    ) -> tuple[Array, Array]:
        """The truth of a part, and a model's scores; of ``test`` it is a look at the test examples.

        Args:
            model: Its weights are what counts.
            reading: How it was compiled.
            part: Which.
        """
        if self.data.pipeline:
            truth, scores, _ = collect(model, getattr(self._streams, part), reading)
            return truth, scores
        x, y = self.data.test() if part == "test" else self.data.validation()
        return np.asarray(answers_of(y, reading.output)), predict(model, x, reading)
