"""Proposes ever smaller models that are likely to meet the target."""

from __future__ import annotations

import math
import secrets
import zlib
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from optuna.samplers import BaseSampler
from optuna.trial import TrialState

from tuner.curves.forecasts import ended_curves, require_minimize, warn_of_rising_reports
from tuner.samplers.smallest_feasible import acquisition, candidates, evidence
from tuner.samplers.smallest_feasible.encoding import Encoding, union_space
from tuner.samplers.smallest_feasible.outlook import Outlook, outlook_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from optuna.distributions import BaseDistribution
    from optuna.study import Study
    from optuna.trial import FrozenTrial

_FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)
_SEEN = (*_FINISHED, TrialState.RUNNING, TrialState.FAIL)
_MOST_PRIOR = 100
"""The most trials of an earlier study that are used, the newest of them.

The time that the surrogate takes is cubic in their number.
"""
_STARTUP, _STARTUP_UNSIZED = 2, 4
"""Trained trials before the surrogate proposes, where sizes are known and where they are learned.

With two a search is near its answer soonest. Sizes that are learned must be seen first.
"""


class SmallestFeasibleSampler(BaseSampler):
    """Searches for the smallest model that meets a target, where the size needs no training.

    For a single-objective study that minimises the size, whose trials set the constraint
    ``shortfall`` (target - accuracy, at or below 0 where the target is met) and, if they train
    epoch by epoch, report it as their intermediate value with steps counted from 1.

    A Gaussian process over the configuration and the logarithm of its size predicts the final
    shortfall from all that has been seen: finished trials, stopped ones as what their curves
    project to, running ones as their prediction. Failed ones tell where configurations cannot be
    trained, and what lies there is less likely to be proposed. Until something meets the target,
    the proposal is what most likely meets it; from then on, what maximises the expected gain,
    ``max(0, log incumbent - log size) * P(target is met)``, which is expected improvement under a
    constraint (Gardner et al. 2014, ICML) with the improvement known exactly.

    The random state is derived from ``seed`` and the trial's number alone: a stopped and resumed
    study goes on with the proposals that it would have had.

    Args:
        size_of: Size of a configuration, at least 1. It gets a dict with at least the parameters
            of the configuration, more where the space is conditional, and raises ValueError for
            one that cannot be built, which is then not proposed. With None the size is learned
            from the values of complete trials, and of others from their user attribute ``value``.
        horizon: The most epochs one training may use, at least 1; default the last step seen.
        seed: At least 0; default a random one.
        cost_of: What an epoch of a configuration costs, above 0, in any unit; called as ``size_of``
            is. The expected gain is then weighed against it; default all cost the same.
        search_space: All parameters, for a conditional space the union of all its parts; default
            those seen in earlier trials.
        center: The author's default values, by name. First proposals stay near them in what does
            not change the size.
        n_startup: Trials with evidence before the surrogate proposes, at least 1; default 2 where
            ``size_of`` is known, else 4. It is 1 from when something has met the target and
            ``size_of`` is known. Those of ``prior`` count.
        prior: Finished trials of an earlier, similar study, whose intermediate values and
            constraint ``shortfall`` are relative to this study's target and horizon. What they
            say is carried over as far as this study's own trials bear it out; none of them counts
            as having met the target here.
        refuted: Trials that met the target by luck, as more trainings of the same configuration
            have shown: by number the mean shortfall of those, above 0. They count as having missed
            the target by that much.
        proven: Trials of which it is proven that they meet the target: by number the shortfall that
            the proof measured. It says more than their own training, which ended as it met the
            target.
        noise: Standard deviation of one measured shortfall around the model's true one, such as
            ``sqrt(a * (1 - a) / n)`` for an accuracy ``a`` on ``n`` images; default 0. Where it is
            above 0, a trial that met the target may have done so by luck. So it may where another
            trial of the same configuration has missed it. Then a proposal's gain is the mean over
            which of those that met the target really do.
        prove: What it means to meet the target really: ``"recipe"``, that the mean of fresh
            trainings of the configuration does; ``"model"``, that the model which was trained does
            by its true accuracy.
        repeat: Whether a configuration that met the target may be proposed again, to learn whether
            that was luck; it is where this is worth more than the next proposal. Of a model another
            training tells nothing, and none is repeated. Once it is refuted its configuration is a
            candidate again, because another seed makes another model.

    Raises:
        ValueError: An argument is out of its range; sampling raises it in a study with several
            objectives, or one that maximises.
    """

    def __init__(
        self,
        size_of: Callable[[dict[str, Any]], int] | None = None,
        horizon: int | None = None,
        seed: int | None = None,
        *,
        cost_of: Callable[[dict[str, Any]], float] | None = None,
        search_space: Mapping[str, BaseDistribution] | None = None,
        center: Mapping[str, Any] | None = None,
        n_startup: int | None = None,
        prior: Sequence[FrozenTrial] = (),
        refuted: Mapping[int, float] | None = None,
        proven: Mapping[int, float] | None = None,
        noise: float = 0.0,
        prove: Literal["model", "recipe"] = "recipe",
        repeat: bool = True,
    ) -> None:
        if horizon is not None and horizon < 1:
            raise ValueError(f"horizon must be at least 1 but got {horizon}.")
        if seed is not None and seed < 0:
            raise ValueError(f"seed cannot be negative but got {seed}.")
        if n_startup is not None and n_startup < 1:
            raise ValueError(f"n_startup must be at least 1 but got {n_startup}.")
        if not 0 <= noise < math.inf:
            raise ValueError(f"noise must be at least 0 but got {noise}.")
        self._size_of = size_of
        self._cost_of = cost_of
        self._horizon = horizon
        self._seed = secrets.randbits(63) if seed is None else seed
        self._space = dict(search_space) if search_space is not None else None
        self._center = dict(center or {})
        if n_startup is None:
            n_startup = _STARTUP if size_of is not None else _STARTUP_UNSIZED
        self._n_startup = n_startup
        self._prior = tuple(prior)[-_MOST_PRIOR:]
        self._refuted = dict(refuted or {})
        self._proven = dict(proven or {})
        self._noise = noise
        self._prove: Literal["model", "recipe"] = prove
        self._repeat = repeat and prove == "recipe"
        self._pooled: tuple[Any, candidates.Pool] | None = None
        self._compared: tuple[candidates.Pool, acquisition.Ranked] | None = None

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """The space given, else the union of what finished trials had."""
        self._check(study)
        return self._space_of(study)

    def _space_of(self, study: Study) -> dict[str, BaseDistribution]:
        if self._space is not None:
            return {name: self._space[name] for name in sorted(self._space)}
        return union_space(study.get_trials(deepcopy=False, states=_FINISHED))

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """The most promising configuration, with a value for every name in ``search_space``."""
        self._check(study)
        fixed = trial.system_attrs.get("fixed_params", {})
        if not search_space or all(name in fixed for name in search_space):
            return {}
        pool = self._pool(study, search_space, trial.number, fixed)
        if pool.evidence.count < self._needed(pool.evidence):
            return pool.decode(candidates.startup(pool))
        if self._repeat and not fixed and pool.evidence.doubted:
            again = outlook_of(self._ranked(pool), None, 1.0, self._noise).check
            if again is not None:
                return self._same(study, again, pool)
        return pool.decode(self.best(pool))

    def outlook(self, study: Study, left: int | None = None, check_cost: float = 1.0) -> Outlook:
        """What the search may expect of its next step; it proposes and stores nothing.

        Args:
            study: As its next trial would find it.
            left: How many trials are left; what is learned is worth more, the more are. Default
                many.
            check_cost: What it costs to learn for sure whether a model is real, where a training
                to the horizon is 1.

        Raises:
            ValueError: The study has several objectives, or maximises.
        """
        self._check(study)
        trials = study.get_trials(deepcopy=False)
        space = self._space_of(study)
        if not space:
            return Outlook()
        pool = self._pool(study, space, len(trials), {})
        if not pool.evidence.met.any():
            return Outlook()
        found = self._ranked(pool)
        if self._repeat:
            return outlook_of(found, left, 1.0, self._noise)
        return outlook_of(found, left, check_cost / self._mean_training(trials), None)

    def _mean_training(self, trials: Sequence[FrozenTrial]) -> float:
        """The epochs of a training, stopped ones included, as a share of the horizon."""
        steps = [step for t in trials if t.state in _FINISHED and (step := t.last_step)]
        return float(np.mean(steps)) / (self._horizon or max(steps)) if steps else 1.0

    def _pool(
        self, study: Study, space: dict[str, BaseDistribution], number: int, fixed: dict[str, Any]
    ) -> candidates.Pool:
        """Where the proposal of trial ``number`` comes from, with what the others have shown."""
        encoding = Encoding(space, self._center)
        trials = [t for t in study.get_trials(deepcopy=False, states=_SEEN) if t.number != number]
        seen = [(t.number, t.state, t.last_step, len(t.params)) for t in trials]
        key = (study.study_name, number, fixed, space, seen)
        if self._pooled is not None and self._pooled[0] == key:
            return self._pooled[1]
        warn_of_rising_reports(ended_curves(trials))
        known = evidence.read(
            trials,
            encoding,
            self._horizon,
            self._size_of,
            self._refuted,
            self._prior,
            self._proven,
            self._noise,
            self._prove,
        )
        pool = candidates.Pool(
            encoding,
            known,
            self._size_of,
            fixed,
            bool(self._center),
            self._rng(number),
            self._cost_of,
        )
        self._pooled = (key, pool)
        return pool

    def _same(self, study: Study, number: int, pool: candidates.Pool) -> dict[str, Any]:
        """The configuration of a trial, with a value for every name of the pool's space."""
        params = study.get_trials(deepcopy=False)[number].params
        return {
            name: params.get(name, value)
            for name, value in pool.decode(pool.encoding.center).items()
        }

    def best(self, pool: candidates.Pool) -> np.ndarray:
        """The most promising candidate [d]; a subclass may prefer others."""
        found = self._ranked(pool).best
        return candidates.startup(pool) if found is None else found

    def _ranked(self, pool: candidates.Pool) -> acquisition.Ranked:
        """The candidates of a pool, compared once: whoever asks for an outlook proposes next."""
        if self._compared is None or self._compared[0] is not pool:
            self._compared = (pool, acquisition.ranked(pool))
        return self._compared[1]

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """A random value for a parameter that no earlier trial had."""
        self._check(study)
        rng = self._rng(trial.number, param_name)
        encoding = Encoding({param_name: param_distribution}, {})
        return encoding.decode(rng.random((1, 1)))[0][param_name]

    def _check(self, study: Study) -> None:
        self._raise_error_if_multi_objective(study)
        require_minimize(study, type(self).__name__)

    def _needed(self, known: evidence.Evidence) -> int:
        met = math.isfinite(known.incumbent)
        return 1 if met and self._size_of is not None else self._n_startup

    def _rng(self, number: int, name: str = "") -> np.random.Generator:
        return np.random.default_rng([self._seed, number, zlib.crc32(name.encode())])
