"""How long a study took by the clock, and on what."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence

from tuner.records import words
from tuner.records.keys import StudyKey
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord

NAMED = {"tensorflow": "TensorFlow", "jax": "JAX", "keras": "Keras", "optuna": "Optuna"}

Span = tuple[float, float]


def seconds(record: StudyRecord, companions: Sequence[StudyRecord] = ()) -> float:
    """Seconds in which at least one training of a study or of its proofs was under way.

    Args:
        record: The study.
        companions: The studies of its proofs. What has been proven without one of them counts with
            the seconds that are stored with the proof.
    """
    trials = [*record.trials, *(t for c in companions for t in c.trials)]
    spans = [span for trial in trials if (span := _span(trial)) is not None]
    total, until = 0.0, -1.0
    for begin, end in sorted(spans):
        total += max(0.0, end - max(begin, until))
        until = max(until, end)
    if not companions:
        total += sum(proof.seconds for proof in record.model_certificates.values())
        total += sum(proof.seconds for proof in record.certificates.values())
    return total


def _span(trial: TrialRecord) -> Span | None:
    """When a trial was trained; of one that was lost, as long as its epochs took."""
    if trial.started is None:
        return None
    begin = trial.started.replace(tzinfo=datetime.UTC).timestamp()
    spent = trial.seconds
    if spent is None:
        spent = sum(e.seconds for e in trial.history[trial.taken_over :])
    if trial.ended is not None and trial.seconds is not None:
        end = trial.ended.replace(tzinfo=datetime.UTC).timestamp()
        return end - spent, end
    return begin, begin + spent


def told(seconds_: float, compared: float | None) -> str:
    """How long an answer took, a phrase."""
    own = f"{words.duration(seconds_)} of training and proofs by the clock"
    return f"{own}, and {words.duration(compared)} of what it is compared with" if compared else own


def machine(records: Iterable[StudyRecord]) -> str:
    """The machines that studies were begun on, and the versions that matter, once each."""
    told: list[str] = []
    for record in records:
        versions = record.attributes.get(StudyKey.VERSIONS, {})
        named = [f"{NAMED[key]} {v}" for key, v in versions.items() if key in NAMED]
        parts = [record.machine or "a machine that is not recorded", *named]
        told.append(", ".join(parts))
    return "; ".join(dict.fromkeys(told))
