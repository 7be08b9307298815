"""The samplers that ``--sampler`` takes: a line for each, the first one the default.

A line makes the sampler from what a search knows. It imports on its call: the names are asked for
by ``tuner --help``, which is to answer before Optuna is loaded.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from tuner.basics.seeds import derived_seed
from tuner.errors import UsageError

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.study import Study
    from optuna.trial import FrozenTrial

    from tuner.samplers.smallest_feasible.outlook import Outlook
    from tuner.samplers.smallest_feasible.sampler import SmallestFeasibleSampler


@dataclass(frozen=True)
class SamplerSetting:
    """What a search knows when it makes the sampler for its next trial."""

    seed: int
    """The study's seed, with the worker's mixed in."""
    asked: int
    """How many trials the study has."""
    horizon: int
    """The most epochs of a training."""
    size_of: Callable[[dict[str, Any]], int] | None = None
    """Params to what is minimised, where that is known before any training."""
    cost_of: Callable[[dict[str, Any]], float] | None = None
    """Params to what an epoch costs, in any unit, where that is known."""
    search_space: Mapping[str, BaseDistribution] | None = None
    """The whole space, with all the parts of a conditional one, where it is known."""
    center: Mapping[str, Any] = field(default_factory=dict)
    """The space's defaults, by name."""
    prior: Sequence[FrozenTrial] = ()
    """An earlier study's trials as this study would see them."""
    refuted: Mapping[int, float] = field(default_factory=dict)
    """Shortfall, above 0, of the trials that proofs refuted, by number."""
    proven: Mapping[int, float] = field(default_factory=dict)
    """Shortfall, as proofs measured it, of the trials that they proved to meet the target."""
    noise: float = 0.0
    """Standard deviation of one measurement on the validation examples."""
    repeat: bool = False
    """Whether configurations are to meet the target, not single models; then one may be proposed
    again, to learn whether it met it by luck."""

    @property
    def state(self) -> int:
        """A seed that is another one for every trial.

        Optuna does not store a sampler's random state: with the study's seed alone its samplers
        would repeat themselves in a study that goes on.
        """
        return derived_seed("sampler", self.seed, self.asked)


def _smallest_feasible(setting: SamplerSetting) -> SmallestFeasibleSampler:
    from tuner.samplers.smallest_feasible.sampler import SmallestFeasibleSampler

    return SmallestFeasibleSampler(
        size_of=setting.size_of,
        horizon=setting.horizon,
        seed=setting.seed,
        cost_of=setting.cost_of,
        search_space=setting.search_space,
        center=setting.center,
        prior=setting.prior,
        refuted=setting.refuted,
        proven=setting.proven,
        noise=setting.noise,
        prove="recipe" if setting.repeat else "model",
        repeat=setting.repeat,
    )


def _optunas() -> Any:
    """Optuna's own samplers."""
    import optuna

    return optuna.samplers


_MAKERS: dict[str, Callable[[SamplerSetting], BaseSampler]] = {
    "smallest": _smallest_feasible,
    "tpe": lambda setting: _optunas().TPESampler(seed=setting.state),
    "random": lambda setting: _optunas().RandomSampler(seed=setting.state),
    "gp": lambda setting: _optunas().GPSampler(seed=setting.state),
    "nsgaii": lambda setting: _optunas().NSGAIISampler(seed=setting.state),
    # Its points are one sequence, of which it takes the next by the number of trials.
    "qmc": lambda setting: _optunas().QMCSampler(seed=setting.seed),
}

SAMPLERS = tuple(_MAKERS)
"""Their names."""


_NEEDS = {"gp": "torch"}
"""The package that a sampler needs beyond those of the project, which it imports only once it has
seen some trials."""


def require_installed(name: str) -> None:
    """Raises where a sampler needs a package that is not there, before anything is trained.

    Args:
        name: One of `SAMPLERS`.

    Raises:
        UsageError: It does.
    """
    package = _NEEDS.get(name)
    if package is None or find_spec(package) is not None:
        return
    others = [other for other in SAMPLERS if other not in _NEEDS]
    raise UsageError(
        f"--sampler {name} needs the package {package!r}, which is not installed; install it, "
        f"or choose one of {', '.join(others)}."
    )


def make_sampler(name: str, setting: SamplerSetting) -> BaseSampler:
    """Makes a sampler for the next trial.

    Args:
        name: One of `SAMPLERS`.
        setting: What the search knows.

    Raises:
        UsageError: The sampler needs a package that is not installed.
    """
    from optuna.exceptions import ExperimentalWarning

    require_installed(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        return _MAKERS[name](setting)


def outlook(sampler: BaseSampler, study: Study) -> Outlook | None:
    """What a sampler expects of the next trial; None where it does not say.

    Args:
        sampler: The one that is to propose it: what it has compared for this it need not again.
        study: The search.
    """
    from tuner.samplers.smallest_feasible.sampler import SmallestFeasibleSampler

    if not isinstance(sampler, SmallestFeasibleSampler):
        return None
    return sampler.outlook(study)
