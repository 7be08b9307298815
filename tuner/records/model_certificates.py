"""Certificates of models as they are stored, typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tuner.objectives.metrics import DEFAULT_METRIC, Metric
from tuner.records.certificates import Verdict, Verified, by_trial, shared_fields
from tuner.records.epochs import STORED
from tuner.records.keys import StudyKey


@dataclass(frozen=True)
class ModelCertificate(Verified):
    """Whether one model, the file that is named here, meets the target.

    The model is the one that met the target on validation examples, trained on to the end of its
    schedule. It was tested once on the test examples. Certified: the one-sided confidence bound of
    its metric meets the target, at the level of that look (`tuner.certificates.looks`).
    """

    trial: int
    """Number of the trial whose model it is."""
    verdict: Verdict
    target: float
    level: float
    """Confidence level of this look, above 0.95: all looks of a study share the 5 %."""
    look: int
    """Which look at the test examples of the study this was, from 1."""
    left: float
    """What is left of the 5 % for later looks, a fraction of 1."""
    test_size: int
    measured: float
    """The study's metric on the test examples."""
    bound: float
    """The one-sided lower bound of that."""
    val_measured: float
    """The same of the file on the validation examples."""
    epochs: int
    """That the file was trained for."""
    met_after: int
    """Epochs after which the trial had met the target."""
    trained: int
    """Epochs that were trained for this certificate."""
    size: int
    shared: int | None
    """How many test examples are also training examples; None where that was not counted."""
    train_size: int
    data_hash: str
    model_file: str
    """In the study's results folder."""
    sha256: str
    """Of the file."""
    versions: Mapping[str, str]
    hardware: Mapping[str, Any]
    seconds: float
    confusion: tuple[tuple[int, ...], ...] | None
    """Test examples by true (row) and predicted (column) class."""
    created: str
    """ISO 8601, UTC."""
    metric: Metric = DEFAULT_METRIC
    """What was measured."""
    alone: float | None = None
    """What the best answer that is the same for all test examples has, of other metrics than
    accuracy."""
    examples: str = "images"
    """What an example is, in words, several of them."""

    def at_least(self, digits: int = 1) -> float:
        """The bound, rounded to its worse side, to so many digits as people read it."""
        return self.metric.cautious(self.bound, digits)

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> ModelCertificate:
        """Reads what a study stores."""
        known = {name: fields.get(STORED.get(name, name)) for name in cls.__dataclass_fields__}
        known |= shared_fields(fields)
        return cls(**known)  # type: ignore[arg-type]


def model_certificates(attributes: Mapping[str, Any]) -> dict[int, ModelCertificate]:
    """The certificates of models among a study's user attributes, by trial number."""
    return by_trial(attributes, StudyKey.MODEL_CERTIFICATE, ModelCertificate.of)
