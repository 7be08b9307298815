"""The samplers and pruners that ``--sampler`` and ``--pruner`` take, by name."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from tuner.basics.seeds import derived_seed
from tuner.errors import UsageError

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial


SAMPLERS = ("smallest", "tpe", "random", "gp", "nsgaii", "qmc")


def make_sampler(
    name: str,
    *,
    seed: int,
    asked: int,
    horizon: int,
    size_of: Callable[[dict[str, Any]], int] | None = None,
    search_space: dict[str, Any] | None = None,
    center: dict[str, Any] | None = None,
    cost_of: Callable[[dict[str, Any]], float] | None = None,
    prior: Sequence[FrozenTrial] = (),
) -> BaseSampler:
    """Makes a sampler for the next trial.

    Args:
        name: One of `SAMPLERS`.
        seed: The study's seed, with the worker's mixed in.
        asked: How many trials the study has: Optuna does not store a sampler's random state, so
            its own samplers would repeat themselves in a study that goes on.
        horizon: The most epochs of a training.
        size_of: Params to size, for ``smallest``.
        search_space: The whole space, for ``smallest``.
        center: The space's defaults, for ``smallest``.
        cost_of: Params to what an epoch costs, for ``smallest``.
        prior: An earlier study's trials as this study would see them, for ``smallest``.

    Raises:
        UsageError: The sampler needs a package that is not installed.
    """
    import optuna

    if name == "smallest":
        from tuner.samplers.smallest_feasible.sampler import SmallestFeasibleSampler

        return SmallestFeasibleSampler(
            size_of=size_of,
            horizon=horizon,
            seed=seed,
            cost_of=cost_of,
            search_space=search_space,
            center=center,
            prior=prior,
        )
    state = derived_seed("sampler", seed, asked)
    makers: dict[str, Callable[[], BaseSampler]] = {
        "tpe": lambda: optuna.samplers.TPESampler(seed=state),
        "random": lambda: optuna.samplers.RandomSampler(seed=state),
        "gp": lambda: optuna.samplers.GPSampler(seed=state),
        "nsgaii": lambda: optuna.samplers.NSGAIISampler(seed=state),
        "qmc": lambda: optuna.samplers.QMCSampler(seed=seed),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        try:
            return makers[name]()
        except ImportError as error:
            raise UsageError(
                f"--sampler {name} needs a package that is not installed: {error.name}; "
                f"install it, or choose one of {', '.join(SAMPLERS)}."
            ) from error
