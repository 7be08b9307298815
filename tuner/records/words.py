"""Numbers and curves as a reader wants them; plain strings without markup."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tuner.records.certificates import Certificate
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord

MEASURES: Mapping[str, str] = {"size": "parameters", "macs": "MACs", "bytes": "bytes"}
"""What a study minimises, in words."""

OUTCOME_WORDS: Mapping[str, str] = {"out_of_memory": "out of memory"}
"""Outcomes whose name in the storage is no English."""


def count(number: float | None) -> str:
    """``4,218``, or ``?`` for what is not known yet."""
    return "?" if number is None else f"{number:,.0f}"


def several(number: int, what: str) -> str:
    """``1 trial``, ``2 trials``."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def percent(fraction: float | None, digits: int = 1) -> str:
    """``75.8%`` of a fraction, or ``?`` for what is not known or not finite."""
    if fraction is None or not math.isfinite(fraction):
        return "?"
    return f"{100 * fraction:.{digits}f}%"


def points(fraction: float) -> str:
    """``0.5 points``: a difference of two accuracies."""
    return f"{100 * fraction:.3g} points"


def clock(seconds: float | None) -> str:
    """``3:21`` or ``1:02:03``."""
    if seconds is None or not math.isfinite(seconds):
        return "-:--"
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def duration(seconds: float | None) -> str:
    """``42 s``, ``3 min 21 s`` or ``2 h 05 min``."""
    if seconds is None:
        return "?"
    if seconds < 59.5:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    minutes, left = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {left:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def size(trial: TrialRecord) -> str:
    """``4,218 parameters (4,300 total)``; the first number is the trainable ones."""
    if trial.size is None:
        return "building"
    return f"{count(trial.size)} parameters ({count(trial.total_size)} total)"


def learnt(trial: TrialRecord) -> str:
    """``75.8% in 18 epochs``: the best validation accuracy."""
    return f"{percent(trial.val_accuracy)} in {several(trial.epochs, 'epoch')}"


def outcome(trial: TrialRecord, *, sweep: bool = False) -> str:
    """Why a trial ended, in words; a sweep has no target that could be missed."""
    if trial.outcome is None:
        return "lost" if trial.lost else trial.state.name.lower()
    if sweep and trial.outcome in ("missed", "reached"):
        return "trained"
    return OUTCOME_WORDS.get(trial.outcome, trial.outcome)


def values(trial: TrialRecord) -> str:
    """``units=64, rate=0.001``: hyperparameters, in a sweep those that vary."""
    shown = trial.cell if trial.cell is not None else trial.values
    return ", ".join(f"{k}={value(v)}" for k, v in shown.items())


def value(raw: Any) -> str:
    """A hyperparameter's value, floats to four digits."""
    return f"{raw:.4g}" if isinstance(raw, float) else str(raw)


def comparison(record: StudyRecord, trial: TrialRecord) -> str:
    """``18.5 times smaller than the reference``; empty where there is nothing to compare."""
    smaller = record.times_smaller(trial)
    if smaller is None:
        return ""
    what = "" if record.minimize == "size" else f" in {MEASURES[record.minimize]}"
    if smaller >= 1:
        return f"{times(smaller)} times smaller than the reference{what}"
    return f"{times(1 / smaller)} times larger than the reference{what}"


def times(number: float) -> str:
    """A factor in three digits, or all of those before the point."""
    digits = 0 if number >= 100 else 1 if number >= 10 else 2
    return f"{number:,.{digits}f}"


def target(record: StudyRecord) -> str:
    """What validation accuracy must reach to count, in words; empty in a sweep."""
    if record.target is None:
        return ""
    margin = f" + {points(record.margin)} margin" if record.margin else ""
    return f"target {percent(record.target)}{margin}"


def certificate(found: Certificate) -> str:
    """``certified: 76.1% on the test images, mean of 5 seeds, at least 75.4% with 95% ...``."""
    n = len(found.accuracies)
    mean = f"{percent(found.mean)} on the test images, mean of {several(n, 'fresh seed')}"
    least = percent(found.at_least())
    if found.certified:
        return f"certified: {mean}, at least {least} with {found.level:.0%} confidence"
    bound = "" if found.bound is None else f", lower bound {least}"
    early = f", given up after {n} of {found.planned}" if n < found.planned else ""
    return f"refuted: {mean}{bound}{early}; the target is {percent(found.target)}"


def made(found: Certificate) -> str:
    """How a certificate was made: seeds, images, time, machine."""
    seeds = ", ".join(str(seed) for seed in found.seeds)
    return (
        f"seeds {seeds}; {several(found.epochs, 'epoch')} each, {duration(found.seconds)} in all "
        f"on {found.machine}; data {found.data_hash[:12]}"
    )


def asked(record: StudyRecord) -> str:
    """What a study asks of a training, in words."""
    if record.target is None:
        return f"every training runs {record.horizon} epochs"
    return f"{target(record)} within {record.horizon} epochs"


def one_line(raw: object, limit: int = 200) -> str:
    """Any text as one line of at most `limit` characters."""
    line = " ".join(str(raw).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
