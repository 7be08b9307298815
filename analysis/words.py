"""Numbers and names as a reader wants them; plain text without markup."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord

MEASURES: Mapping[str, str] = {"size": "parameters", "macs": "MACs", "bytes": "bytes"}
"""What a study minimises."""


def count(number: float | None) -> str:
    """``4,218``, or ``?`` for what is not known."""
    return "?" if number is None else f"{number:,.0f}"


def percent(fraction: float | None, digits: int = 1) -> str:
    """``75.8 %`` of a fraction, or ``?`` for what is not known or not finite."""
    if fraction is None or not math.isfinite(fraction):
        return "?"
    return f"{100 * fraction:.{digits}f} %"


def goal(fraction: float | None) -> str:
    """``75 %`` or ``72.5 %``: a target, which has as many digits as it was given."""
    return "?" if fraction is None else f"{100 * fraction:.4g} %"


def points(difference: float) -> str:
    """``0.5 points``: a difference of two accuracies."""
    return f"{100 * difference:.3g} points"


def several(number: int, what: str) -> str:
    """``1 trial``, ``2 trials``."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def times(number: float) -> str:
    """A factor in three digits, or all of those before the point."""
    digits = 0 if number >= 100 else 1 if number >= 10 else 2
    return f"{number:,.{digits}f}"


def duration(seconds: float | None) -> str:
    """``42 s``, ``3 min 21 s`` or ``2 h 05 min``."""
    if seconds is None or not math.isfinite(seconds):
        return "?"
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes, left = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {left:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def value(raw: Any) -> str:
    """A hyperparameter's value, floats to four digits."""
    return f"{raw:.4g}" if isinstance(raw, float) else str(raw)


def cell(trial: TrialRecord) -> str:
    """``batch_size=32``: what distinguishes a training of a sweep."""
    return ", ".join(f"{k}={value(v)}" for k, v in (trial.cell or {}).items()) or "as it is"


def size(trial: TrialRecord) -> str:
    """``4,218 parameters (4,282 total)``; the first number is the trainable ones."""
    return f"{count(trial.size)} parameters ({count(trial.total_size)} total)"


def outcome(trial: TrialRecord, *, sweep: bool = False) -> str:
    """Why a trial ended; a sweep has no target that could be missed."""
    if trial.outcome is None:
        return "lost" if trial.lost else trial.state.name.lower()
    if sweep and trial.outcome in ("missed", "reached"):
        return "trained"
    return trial.outcome.replace("_", " ")


def comparison(record: StudyRecord, trial: TrialRecord) -> str:
    """``18.5 times smaller than the reference``; empty where there is nothing to compare."""
    smaller = record.times_smaller(trial)
    if smaller is None:
        return ""
    what = "" if record.minimize == "size" else f" in {MEASURES[record.minimize]}"
    if smaller >= 1:
        return f"{times(smaller)} times smaller than the reference{what}"
    return f"{times(1 / smaller)} times larger than the reference{what}"
