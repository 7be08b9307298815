"""What the trials of a study say about size and shortfall, as arrays."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from optuna.trial import TrialState

from tuner.curves import projection
from tuner.curves.forecasts import ended_curves
from tuner.samplers.smallest_feasible import outcomes
from tuner.samplers.smallest_feasible.encoding import place

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from optuna.trial import FrozenTrial

    from tuner.samplers.smallest_feasible.encoding import Encoding
    from tuner.samplers.smallest_feasible.outcomes import SizeOf

_SEEN = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING)
"""Of shortfall and size; waiting ones have no parameters yet."""


_MOST = 400
"""The most trials of a study that the surrogate learns from: its time is cubic in their number, and
with many workers the next proposal is wanted before long."""


@dataclass
class Evidence:
    """What is known, one row a trial.

    Attributes:
        tried: Coordinates of all trials but those of `again`, proposals not to repeat, [n, d], NaN
            where missing.
        again: Those of trials whose model was refuted, which another seed may train to better ones:
            they may be proposed again, [a, d]. None where configurations are what is real.
        points: Coordinates of the trials that were trained, [m, d].
        shortfall: Their projected final shortfall, [m].
        spread: Its standard deviation, [m].
        sizes: Their sizes, NaN where unknown, [m].
        met: Which of them are known to have met the target, bool [m].
        running: Coordinates of the trials under way, [r, d].
        running_sizes: Their sizes, NaN where unknown, [r].
        sized: Coordinates of all trials whose size is known, untrained ones included, [s, d].
        known_sizes: Their sizes, [s].
        incumbent: The smallest size that met the target, infinity while there is none.
        ceiling: The largest size of a running trial that the user queued, infinity without one:
            a reference is queued to be beaten in size, so nothing above it is worth a training.
        earlier: How many of the trained come from an earlier study; they are the first rows.
        refuted: How many met the target by luck, as certificates found.
        numbers: Numbers of the trained trials, -1 for an earlier study's, [m].
        proven: Which of the trained are proven to meet the target, bool [m].
        doubted: Whether one that met the target may have been lucky.
        models: Whether each trained model is real or not by itself; else its configuration is.
        failed: Coordinates of trials that could not be trained, the newest of them, [f, d].
        worked: Of own trials that could, likewise, [w, d].
    """

    tried: np.ndarray
    again: np.ndarray
    points: np.ndarray
    shortfall: np.ndarray
    spread: np.ndarray
    sizes: np.ndarray
    met: np.ndarray
    running: np.ndarray
    running_sizes: np.ndarray
    sized: np.ndarray
    known_sizes: np.ndarray
    incumbent: float
    ceiling: float
    earlier: int
    refuted: int
    numbers: np.ndarray
    proven: np.ndarray
    doubted: bool
    models: bool
    failed: np.ndarray
    worked: np.ndarray

    @property
    def is_earlier(self) -> np.ndarray:
        """Which of the trained come from an earlier study, bool [m]."""
        return np.arange(self.count) < self.earlier

    @property
    def limit(self) -> float:
        """The size that proposals stay below."""
        return min(self.incumbent, self.ceiling)

    @property
    def count(self) -> int:
        """How many trials were trained."""
        return len(self.shortfall)

    @property
    def own(self) -> int:
        """How many of them by this study."""
        return self.count - self.earlier


class _Trained(NamedTuple):
    """One trial that was trained: a row of `Evidence`."""

    point: np.ndarray
    outcome: outcomes.Outcome
    size: float
    met: bool
    number: int = -1
    proven: bool = False


class _Sized(NamedTuple):
    """A trial with its coordinates [d] and its size, both worked out once: they take time."""

    trial: FrozenTrial
    point: np.ndarray
    size: float


def read(
    trials: Sequence[FrozenTrial],
    encoding: Encoding,
    horizon: int | None,
    size_of: SizeOf,
    refuted: Mapping[int, float] | None = None,
    prior: Sequence[FrozenTrial] = (),
    proven: Mapping[int, float] | None = None,
    noise: float = 0.0,
    prove: Literal["model", "recipe"] = "recipe",
) -> Evidence:
    """Collect the evidence of a study's complete, pruned, running and failed trials.

    Args:
        trials: The trials.
        encoding: Of their parameters.
        horizon: The most epochs of a training; None: the last step seen.
        size_of: Size of a configuration, where it is known.
        refuted: Shortfall, above 0, of trials that met the target by luck, by their numbers.
        prior: Trials of an earlier study, their shortfalls relative to this study's target.
        proven: Shortfall, as proofs measured it, of trials that are proven to meet the target.
        noise: Standard deviation of one measured shortfall around the model's true one. It counts
            as soon as a trial may have met the target by it.
        prove: Whether what met the target is real where its own training is, or where the mean of
            fresh ones is.
    """
    refuted, proven = refuted or {}, proven or {}
    failed = [encoding.encode(t.params) for t in trials if outcomes.is_failed(t)]
    trials = [t for t in trials if t.state in _SEEN]
    horizon = horizon or max((t.last_step or 1 for t in trials), default=1)
    sized = [_Sized(t, encoding.encode(t.params), outcomes.size(t, size_of)) for t in trials]
    earlier = _earlier(prior, encoding, horizon, size_of)
    experience = projection.Experience(ended_curves(trials), horizon)
    own = [row for one in sized if (row := _own(one, experience, refuted, proven)) is not None]
    doubted = _is_doubted(own, noise)
    if doubted and noise > 0:
        by_number = {one.trial.number: one.trial for one in sized}
        own = [
            row if row.number in refuted else _noisy(row, by_number[row.number], noise)
            for row in own
        ]
    counts = sum(t.number in refuted for t in trials)
    again = _again(sized, {row.number for row in own}, refuted) if prove == "model" else []
    return _evidence(
        sized,
        [*earlier, *_telling(own)],
        encoding,
        earlier=len(earlier),
        refuted=counts,
        again=again,
        doubted=doubted,
        models=prove == "model",
        failed=failed,
        worked=[row.point for row in own],
    )


def _telling(rows: list[_Trained]) -> list[_Trained]:
    """The rows that say most of where the answer is, in their order; all where they are few.

    A quarter are the smallest that met the target, a quarter the newest, and the others those that
    ended nearest to the target.
    """
    if len(rows) <= _MOST:
        return rows
    met = sorted((i for i, row in enumerate(rows) if row.met), key=lambda i: (rows[i].size, i))
    kept = {*met[: _MOST // 4], *range(len(rows) - _MOST // 4, len(rows))}
    near = sorted(range(len(rows)), key=lambda i: (abs(rows[i].outcome.shortfall), i))
    for i in near:
        if len(kept) == _MOST:
            break
        kept.add(i)
    return [rows[i] for i in sorted(kept)]


def _own(
    one: _Sized,
    experience: projection.Experience,
    refuted: Mapping[int, float],
    proven: Mapping[int, float],
) -> _Trained | None:
    """A trial of this study as a row; None where it says nothing."""
    trial, point, size = one
    outcome = outcomes.outcome_of(trial, experience)
    if outcome is None:
        return None
    number = trial.number
    measured = refuted.get(number, proven.get(number))
    if measured is not None:  # a proof is a better witness than the training
        outcome = outcomes.Outcome(measured, projection.SEED_NOISE)
    met = trial.state == TrialState.COMPLETE and outcomes.is_met(trial) and number not in refuted
    return _Trained(point, outcome, size, met, number, met and number in proven)


def _again(
    sized: Sequence[_Sized], trained: Collection[int], refuted: Mapping[int, float]
) -> list[np.ndarray]:
    """Places where each training met the target with a model that was refuted, [d] each."""
    held = {
        place(one.point)
        for one in sized
        if one.trial.number not in refuted
        and (one.trial.number in trained or one.trial.state == TrialState.RUNNING)
    }
    found = {place(one.point): one.point for one in sized if one.trial.number in refuted}
    return [point for where, point in found.items() if where not in held]


def _is_doubted(rows: Sequence[_Trained], noise: float) -> bool:
    """Whether one that met the target may have been lucky.

    It may where measurements are noisy, or where the same configuration has missed the target too.
    """
    unproven = [row for row in rows if row.met and not row.proven]
    if noise > 0:
        return bool(unproven)
    missed = {place(row.point) for row in rows if not row.met}
    return any(place(row.point) in missed for row in unproven)


def _noisy(row: _Trained, trial: FrozenTrial, noise: float) -> _Trained:
    """A row as it is believed where measurements are noisy."""
    mean, spread = row.outcome
    if row.met and not row.proven:
        mean += outcomes.luck(trial.intermediate_values, noise)
    return row._replace(outcome=outcomes.Outcome(mean, math.hypot(spread, noise)))


def _earlier(
    prior: Sequence[FrozenTrial], encoding: Encoding, horizon: int, size_of: SizeOf
) -> list[_Trained]:
    """An earlier study's trials as rows; none of them has met the target here.

    Where this study has a parameter that the earlier one had not, its trials stand at the center:
    their size is what it would be here.
    """
    experience = projection.Experience(ended_curves(prior), horizon)
    unknown = [name not in (p for t in prior for p in t.params) for name in encoding.names]
    rows = []
    for trial in prior:
        outcome = outcomes.outcome_elsewhere(trial, experience)
        if outcome is None:
            continue
        point = np.clip(encoding.encode(trial.params), 0.0, 1.0)
        point = np.where(unknown, encoding.center, point)
        size = outcomes.size_elsewhere(trial, point, encoding, size_of)
        rows.append(_Trained(point, outcome, size, met=False))
    return rows


def _evidence(
    sized: Sequence[_Sized],
    rows: Sequence[_Trained],
    encoding: Encoding,
    *,
    earlier: int,
    refuted: int,
    again: list[np.ndarray],
    doubted: bool,
    models: bool,
    failed: list[np.ndarray],
    worked: list[np.ndarray],
) -> Evidence:
    """The arrays, of all trials and of those that were trained."""
    running = [one for one in sized if one.trial.state == TrialState.RUNNING]
    known = [one for one in sized if math.isfinite(one.size)]
    queued = [
        one.size
        for one in running
        if "fixed_params" in one.trial.system_attrs and math.isfinite(one.size)
    ]
    feasible = [row.size for row in rows if row.met and math.isfinite(row.size)]
    open_to = {place(point) for point in again}
    tried = [one.point for one in sized if place(one.point) not in open_to]
    return Evidence(
        tried=_stack([*tried, *failed], encoding),
        again=_stack(again, encoding),
        points=_stack([row.point for row in rows], encoding),
        shortfall=np.array([row.outcome.shortfall for row in rows]),
        spread=np.array([row.outcome.spread for row in rows]),
        sizes=np.array([row.size for row in rows]),
        met=np.array([row.met for row in rows], bool),
        running=_stack([one.point for one in running], encoding),
        running_sizes=np.array([one.size for one in running]),
        sized=_stack([one.point for one in known[-_MOST:]], encoding),
        known_sizes=np.array([one.size for one in known[-_MOST:]]),
        incumbent=min(feasible, default=math.inf),
        ceiling=max(queued, default=math.inf),
        earlier=earlier,
        refuted=refuted,
        numbers=np.array([row.number for row in rows], int),
        proven=np.array([row.proven for row in rows], bool),
        doubted=doubted,
        models=models,
        failed=_stack(failed[-_MOST:], encoding),
        worked=_stack(worked[-_MOST:], encoding),
    )


def _stack(rows: list[np.ndarray], encoding: Encoding) -> np.ndarray:
    return np.array(rows).reshape(len(rows), len(encoding.names))
