"""Certificates as they are stored, typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from tuner.basics.numbers import gigabytes, several
from tuner.objectives.metrics import DEFAULT_METRIC, Metric, OwnMetric
from tuner.records.keys import StudyKey
from tuner.records.objectives import metric_in
from tuner.records.trials import read_matrix

Read = TypeVar("Read")

Verdict = Literal["certified", "refuted"]

EXACT = 1e-9
"""How near two fractions of a count are that are the same."""


class Verified:
    """What certificates of models and of recipes say alike, from fields that either has."""

    verdict: Verdict
    confusion: tuple[tuple[int, ...], ...] | None
    hardware: Mapping[str, Any]
    metric: Metric
    alone: float | None

    @property
    def constant(self) -> bool:
        """Whether every example is given the same class, and that is no good answer."""
        if self.metric is not DEFAULT_METRIC and not self.metric.of_classes:
            return False
        return self.confusion is not None and is_constant(self.confusion)

    @property
    def by_constant(self) -> float | None:
        """What answers that are all the same have on the test examples; None: it is unknown."""
        if self.alone is not None or self.metric is not DEFAULT_METRIC:
            return self.alone
        return None if self.confusion is None else largest_share(self.confusion)

    @property
    def certified(self) -> bool:
        """Whether the target is met with confidence."""
        return self.verdict == "certified"

    @property
    def machine(self) -> str:
        """``AMD EPYC, 2 cores, 25 GB``, and how many GPUs where there are any."""
        return machine(self.hardware)


@dataclass(frozen=True)
class Certificate(Verified):
    """Whether a configuration, trained from scratch with fresh seeds, meets the target.

    Each training sees training and validation images together, for somewhat more epochs
    than the trial used (`tuner.certificates.recipe`), and is then tested once on the test
    images.
    Certified: the one-sided lower confidence bound of the mean test accuracy is at or above the
    target.
    """

    trial: int
    """Number of the trial whose configuration was trained."""
    verdict: Verdict
    target: float
    level: float
    """Confidence level of the bound, 0.95."""
    planned: int
    """How many seeds a certificate takes; fewer were trained where it clearly held or failed."""
    seeds: tuple[int, ...]
    measured: tuple[float, ...]
    """The study's metric on the test examples, one a seed; stored as ``accuracies``."""
    mean: float
    bound: float | None
    """The one-sided lower bound, which holds under any stop; None for fewer than three seeds."""
    epochs: int
    size: int
    test_size: int
    shared: int | None
    """How many test images are also training images; None where that was not counted."""
    train_size: int
    """Images of each training, validation images included."""
    data_hash: str
    versions: Mapping[str, str]
    hardware: Mapping[str, Any]
    seconds: float
    """Of all trainings together."""
    confusion: tuple[tuple[int, ...], ...] | None
    """Test images by true (row) and predicted (column) class, summed over the seeds."""
    model_files: tuple[str, ...]
    """One a seed, in the study's results folder."""
    created: str
    """ISO 8601, UTC."""
    metric: Metric = DEFAULT_METRIC
    """What was measured."""
    alone: float | None = None
    """What the best answer that is the same for all test examples has, of other metrics than
    accuracy."""
    examples: str = "images"
    """What an example is, in words, several of them."""

    def at_least(self, digits: int = 1) -> float | None:
        """The bound, rounded to its worse side, to so many digits as people read it."""
        return None if self.bound is None else self.metric.cautious(self.bound, digits)

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Certificate:
        """Reads what a study stores."""
        known = {name: fields.get(name) for name in cls.__dataclass_fields__}
        known["measured"] = fields.get("accuracies")
        for name in ("seeds", "measured", "model_files"):
            known[name] = tuple(known[name] or ())
        known |= shared_fields(fields)
        return cls(**known)  # type: ignore[arg-type]


def shared_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What certificates of models and of recipes read alike; versions before lacked some."""
    return {
        "confusion": read_matrix(fields.get("confusion")),
        "metric": metric_in(fields),
        "examples": fields.get("examples", "images"),
    }


def metric_fields(metric: Metric) -> dict[str, Any]:
    """A metric as a certificate stores it."""
    if not isinstance(metric, OwnMetric):
        return {"metric": metric.name}
    direction = "maximize" if metric.greater_is_better else "minimize"
    return {"metric": metric.name, "metric_direction": direction}


def certificates(attributes: Mapping[str, Any]) -> dict[int, Certificate]:
    """The certificates among a study's user attributes, by trial number."""
    return by_trial(attributes, StudyKey.CERTIFICATE, Certificate.of)


def by_trial(
    attributes: Mapping[str, Any], prefix: str, read: Callable[[Mapping[str, Any]], Read]
) -> dict[int, Read]:
    """What a study stores under a prefix and a trial's number, in the order of the numbers."""
    found = {
        int(key.removeprefix(prefix)): read(fields)
        for key, fields in attributes.items()
        if key.startswith(prefix)
    }
    return dict(sorted(found.items()))


def is_constant(confusion: Sequence[Sequence[int]]) -> bool:
    """Whether a confusion matrix has predictions of a single class only."""
    return sum(any(column) for column in zip(*confusion, strict=True)) == 1


def largest_share(confusion: Sequence[Sequence[int]]) -> float:
    """The share of the largest true class: what a model that has learnt nothing gets right."""
    rows = [sum(row) for row in confusion]
    return max(rows) / max(1, sum(rows))


def has_learnt(
    confusion: Sequence[Sequence[int]] | None,
    measured: float,
    metric: Metric = DEFAULT_METRIC,
    alone: float | None = None,
) -> bool:
    """Whether predictions are better than one answer for all examples.

    A target that such an answer meets is met by models that are not. Examples of one class only
    say nothing about it.

    Args:
        confusion: Examples by true (row) and predicted (column) class; None where there are none.
        measured: The metric of the predictions.
        metric: What was measured.
        alone: What the best answer that is the same for all has, of other metrics than accuracy.
    """
    if metric is not DEFAULT_METRIC:
        return alone is None or metric.is_better(measured, alone)
    if confusion is None:
        return True
    accuracy = measured
    share = largest_share(confusion)
    return not is_constant(confusion) and (share == 1.0 or accuracy > share + EXACT)


def machine(about: Mapping[str, Any]) -> str:
    """``AMD EPYC, 2 cores, 25 GB``, and how many GPUs where there are any."""
    parts = [str(about.get("processor") or "an unknown processor")]
    if cores := about.get("cores"):
        parts.append(several(cores, "core"))
    if memory := about.get("memory"):
        parts.append(gigabytes(memory))
    if gpus := about.get("gpus"):
        parts.append(several(gpus, "GPU"))
    return ", ".join(parts)
