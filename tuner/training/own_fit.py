"""A training by a hypermodel's own `fit`, as keras-tuner runs it, watched through one callback.

The weights are those that keras-tuner gives for the same seed: nothing of the training is this
program's. After each epoch the study's metric is measured on all validation examples, and the
training ends there where the caller says so.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from tuner.basics.seeds import derived_seed
from tuner.errors import SpaceError
from tuner.objectives.metrics import Metric
from tuner.records.epochs import Epoch
from tuner.spaces.fits import WEIGHTS, Ended, call_fit, refused, unseen
from tuner.training.arrays import Array, count_of
from tuner.training.checkpoints import Checkpoint
from tuner.training.engines.settling import numbers
from tuner.training.examples import Examples
from tuner.training.losses import cost, loss_of
from tuner.training.piped import coded, collect
from tuner.training.readings import Reading
from tuner.training.scores import outputs_of

SAME = 1e-6
"""What a model is left with by `fit` differs from its last epoch by more than this, or is it."""


@dataclass(frozen=True)
class Fitting:
    """A training that a hypermodel's own `fit` is to do.

    Attributes:
        space: The hypermodel.
        hp: The configuration.
        examples: What to train and to validate on.
        reading: How its models take answers.
        metric: What is measured of the validation examples.
        planned: Epochs that `fit` is told.
        most: Epochs after which it is ended, at most as many.
        seed: Of a training that goes on from a checkpoint.
        pause: Called after every minibatch; may raise to end the training there.
    """

    space: Any
    hp: Any
    examples: Examples
    reading: Reading
    metric: Metric
    planned: int
    most: int
    seed: int
    pause: Callable[[], None]

    def arguments(self, callback: Any, begin: int) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """What `fit` is called with behind hyperparameters and model, by place and by name."""
        examples, encode = self.examples, self.reading.encode
        streams, validation = examples.streams, [examples.x_validation]
        data: tuple[Any, ...] = (examples.x_train, encode(examples.y_train))
        validation.append(encode(examples.y_validation))
        if examples.validation_weights is not None:
            validation.append(examples.validation_weights)
        if streams is not None:
            data = (coded(streams.train, self.reading),)
        given: dict[str, Any] = {
            "validation_data": tuple(validation)
            if streams is None
            else coded(streams.validation, self.reading),
            "epochs": self.planned,
            "callbacks": [callback],
            "verbose": 0,
        }
        if examples.weights is not None:
            given["sample_weight"] = examples.weights
        if examples.class_weight is not None:
            given["class_weight"] = dict(examples.class_weight)
        if begin:
            given["initial_epoch"] = begin
        return data, given

    def run(
        self, model: Any, each: Callable[[Epoch], bool], checkpoint: Checkpoint | None = None
    ) -> bool:
        """Trains a model.

        Args:
            model: Freshly built, its backend's random state as `build` has left it.
            each: Told of every epoch; returns whether the training ends with it.
            checkpoint: Where the training was when its process died, and where it comes to.

        Returns:
            Whether `each` has ended it. If not, the last epoch that it was told of is the model as
            `fit` has left it.

        Raises:
            SpaceError: The `fit` trains nothing that can be seen, or leaves out what it is given.
        """
        begin = 0 if checkpoint is None else len(checkpoint.history)
        watch = Watch(self, model, each, checkpoint, begin)
        if begin and not model.built:
            model(self.examples.first())  # its variables are there before the checkpoint's
        data, given = self.arguments(watch, begin)
        with _recorded(model) as calls:
            try:
                call_fit(self.space, self.hp, model, data, given, lambda: watch.begun)
            except Ended:
                pass
            except Exception:
                if watch.cause is None:
                    raise
        if watch.cause is not None:
            raise watch.cause
        self._check(watch, calls, given)
        if not watch.ended:
            watch.look_again()
        return watch.ended

    def _check(
        self, watch: Watch, calls: list[Mapping[str, Any]], given: Mapping[str, Any]
    ) -> None:
        """Whether `fit` heeded what it was given.

        Raises:
            SpaceError: It did not.
        """
        if not watch.seen:
            raise SpaceError(unseen(self.space))
        for name in WEIGHTS & given.keys():
            if not any(c.get(name) is not None for c in calls):
                raise SpaceError(refused(self.space, name))


@contextlib.contextmanager
def _recorded(model: Any) -> Iterator[list[Mapping[str, Any]]]:
    """What a model's `fit` is called with by name, meanwhile."""
    calls: list[Mapping[str, Any]] = []
    usual = model.fit

    def fit(*arguments: Any, **keywords: Any) -> Any:
        calls.append(keywords)
        return usual(*arguments, **keywords)

    model.fit = fit
    try:
        yield calls
    finally:
        del model.fit


class Watch(keras.callbacks.Callback):  # type: ignore[misc]
    """Sees each epoch of a user's `fit`, and ends it.

    Args:
        fitting: The training.
        model: What is trained.
        each: Told of every epoch.
        checkpoint: As in `Fitting.run`.
        begin: Epochs that were trained before.

    Attributes:
        begun: Whether anything of a training has been seen.
        seen: How many epochs were.
        ended: Whether the caller ended the training.
        cause: What is to be raised once `fit` has been left.
    """

    def __init__(
        self,
        fitting: Fitting,
        model: Any,
        each: Callable[[Epoch], bool],
        checkpoint: Checkpoint | None,
        begin: int,
    ) -> None:
        super().__init__()
        self.begun = self.ended = False
        self.seen = begin
        self.cause: BaseException | None = None
        self._fitting = fitting
        self._trained = model
        self._each = each
        self._checkpoint = checkpoint
        self._resuming = begin
        self._rng = np.random.default_rng(fitting.seed)
        self._started = time.monotonic()
        self._last: Epoch | None = None
        self._final: list[Array] | None = None

    def on_train_begin(self, logs: Any = None) -> None:
        """The first sign of life."""
        self.begun = True

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Goes on from a checkpoint; ends what would be beyond the last epoch."""
        self.begun = True
        self._leave_if_over()
        self._resume(epoch)
        self._started = time.monotonic()

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Asks whether to stop."""
        self.begun = True
        self._guarded(self._fitting.pause)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Measures, reports, and ends the training where that is wanted."""
        self.begun = True
        self._leave_if_over()
        self._resume(epoch)
        self._guarded(lambda: self._measure(logs or {}))
        self._started = time.monotonic()
        if self.ended:
            raise Ended
        if self.seen >= self._fitting.most:
            self._final = [numbers(variable) for variable in self._trained.weights]

    def look_again(self) -> None:
        """Measures the model as `fit` left it, which may be another than after its last epoch."""
        if self._last is None:  # nothing was left to train
            return
        found = self._validated()
        moved = abs(found[1] - self._last.val_measured) > SAME * max(1.0, abs(found[1]))
        if moved:
            self._tell(self._last.loss, self._last.measured, found)

    def _guarded(self, step: Callable[[], None]) -> None:
        """Whatever a step raises goes past the user's code, which might catch it."""
        try:
            step()
        except BaseException as error:
            self.cause = error
            raise Ended from error

    def _leave_if_over(self) -> None:
        """Ends a `fit` that goes on after the last epoch; the model is what it was after that."""
        if self.ended or self.cause is not None:
            raise Ended
        if self._final is not None:
            self._sync()
            self._trained.set_weights(self._final)
            raise Ended

    def _resume(self, epoch: int) -> None:
        """Puts the model back to where the training was; from its beginning where that fails."""
        begin, self._resuming = self._resuming, 0
        if not begin or self._checkpoint is None:
            return
        if epoch == begin and self._checkpoint.resume(self._trained, self._rng) == begin:
            # Else what is drawn from now on would be what the first epochs drew.
            keras.utils.set_random_seed(derived_seed(self._fitting.seed, "resumed", begin))
            return
        self.seen = 0
        self._checkpoint.history = []

    def _measure(self, logs: Mapping[str, Any]) -> None:
        self._sync()
        self.seen += 1
        loss = logs.get("loss")
        self._tell(None if loss is None else float(loss), math.nan, self._validated())
        if self._checkpoint is not None and getattr(self._trained, "optimizer", None):
            assert self._last is not None
            self._checkpoint.keep(self._trained, self._rng, self._last)

    def _tell(self, loss: float | None, measured: float, found: tuple[float, float]) -> None:
        self._last = Epoch(
            epoch=self.seen,
            loss=found[0] if loss is None else loss,
            measured=measured,
            val_loss=found[0],
            val_measured=found[1],
            seconds=round(time.monotonic() - self._started, 3),
        )
        self.ended = self._each(self._last)

    def _validated(self) -> tuple[float, float]:
        """Loss and metric on the validation examples; NaN where there are none."""
        fitting = self._fitting
        examples, reading = fitting.examples, fitting.reading
        if examples.streams is not None:
            truth, scores, loss = collect(self._trained, examples.streams.validation, reading)
            return loss, fitting.metric.of(truth, scores)
        if not count_of(examples.x_validation):
            return math.nan, math.nan
        given = outputs_of(self._trained, examples.x_validation)
        scores = reading.scores(self._trained, given)
        if not np.isfinite(scores).all():
            return math.inf, fitting.metric.worst
        own = loss_of(self._trained, reading.output)
        truth = examples.validated
        if own is None:
            return stand_in(scores, truth), fitting.metric.of(truth, scores)
        answers = reading.encode(examples.y_validation)
        answers = answers[reading.output] if isinstance(answers, Mapping) else answers
        raw = reading.chosen(self._trained, given)
        return cost(own, answers, raw), fitting.metric.of(truth, scores)

    def _sync(self) -> None:
        """On JAX a model's variables lag behind its training until somebody asks."""
        if hasattr(self._trained, "jax_state_sync"):
            self._trained.jax_state_sync()


def stand_in(scores: Array, truth: Array) -> float:
    """The loss of a model that was compiled with none: cross-entropy, or the squared error.

    Args:
        scores: As metrics take them.
        truth: Class indices, [n]; or numbers of the scores' shape.
    """
    if scores.ndim == 2 and truth.ndim == 1:
        total = np.maximum(scores.sum(axis=1), 1e-7)
        share = scores[np.arange(len(truth)), truth] / total
        return float(-np.log(np.clip(share, 1e-7, 1.0)).mean())
    return float(np.square(scores - truth).mean())
