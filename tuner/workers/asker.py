"""Which trial a worker takes next, and when there is none any more.

There is none once the study has its trials, once its space has nothing left that could be trained,
and once configuration after configuration fails.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import optuna
from optuna.trial import FrozenTrial, TrialState

from tuner.errors import StudyError
from tuner.objectives.quantities import quantity_of
from tuner.records.keys import GATE, TRAINED, StudyKey, TrialKey
from tuner.records.objectives import yardstick_of
from tuner.records.proofs import (
    by_recipe,
    prove_of,
    proven_shortfalls,
    refuted_models,
    refuted_shortfalls,
)
from tuner.samplers import registry
from tuner.spaces import exploration, sizes
from tuner.spaces.carried import shown
from tuner.specs.spec import SearchStudy, SweepStudy
from tuner.storages import claims, warm_start
from tuner.trials.search import GATE_SLACK
from tuner.trials.work import Work
from tuner.workers import foreign
from tuner.workers.exhaustion import is_exhausted
from tuner.workers.orders import WorkerOrders

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

    from tuner.data import DataSet
    from tuner.objectives.yardstick import Yardstick
    from tuner.samplers.smallest_feasible.outlook import Outlook

SURE = 0.95
"""A trial that met the target gates others of its size and above where the chance that it really
does is at least this. Where it is smaller, the sampler may have good reasons to look above it."""

LITTLE = 0.02
"""A search that goes on until another trial gains little ends where it is expected to make the
model smaller by less than this share."""

MOST_IN_VAIN = 50
"""So many trials, without one that met the target, end such a search."""

LOOK_AFTER = 3
"""So many configurations in a row turned away: it is looked whether any is left to train."""

MOST_UNTRAINED = 200
"""So many in a row turned away or failing end the search, where that cannot be looked up."""

MOST_FAILED = 10
"""So many in a row that cannot be built or trained, with none that can, is the space's fault."""

MOST_ALIKE = 25
"""So many in a row that fail for one reason end the search also where others were trained."""


MOST_IN_A_ROW = 100
"""So many in a row that fail end it whatever their reasons."""

VARIABLE = re.compile(r"0x[0-9a-f]+|'[^']*'|(_?[\d,.])+")
"""What differs between two errors with one cause: addresses, values, numbers, names of layers."""


def _cause(trial: FrozenTrial) -> str:
    """Why a trial failed, without what varies; empty where it was trained."""
    outcome = str(trial.user_attrs[TrialKey.OUTCOME])
    if outcome == "out_of_memory":
        return outcome
    error = str(trial.user_attrs.get(TrialKey.ERROR, outcome))
    return VARIABLE.sub("#", error) if outcome == "failed" else ""


def _would_be_trained_now(trial: FrozenTrial, best: FrozenTrial | None) -> bool:
    """Whether a trial was gated by an incumbent that has been refuted since."""
    if trial.constraints.get(GATE, 0.0) <= GATE_SLACK:  # it was the same as another
        return False
    return best is None or trial.user_attrs[TrialKey.VALUE] < (best.value or 0.0)


def _noise(target: float, data: DataSet, known: Yardstick | None) -> float:
    """Standard deviation of a model's metric near the target, as its validation measures it."""
    if known is not None:
        return known.error / known.unit
    return math.sqrt(target * (1 - target) / max(data.validation_size, 1))


class Asker:
    """Asks the study for trials, with a fresh sampler each time."""

    def __init__(
        self, work: Work, orders: WorkerOrders, exploration: exploration.Exploration
    ) -> None:
        self.work = work
        self.orders = orders
        self.exploration = exploration
        self.is_listed = work.proves is not None or isinstance(work.spec, SweepStudy)
        """Whether every training is queued, and none is the sampler's."""
        self.size_of = None
        self.cost_of: Callable[[dict[str, Any]], float] | None = None
        self.prior: list[FrozenTrial] = []
        self._outlook: Outlook | None = None
        self._looked_ahead: BaseSampler | None = None
        self._sampler: tuple[tuple[Any, ...], BaseSampler] | None = None
        self._noise = 0.0
        self._looked: dict[tuple[int, int | None, frozenset[int]], bool] = {}
        if isinstance(work.spec, SearchStudy):
            hypermodel = next(iter(work.spaces.values()))
            self.size_of = sizes.size_of(hypermodel, quantity_of(work.spec.minimize))
            self.cost_of = sizes.epoch_cost_of(hypermodel)
            if prove_of(work.study.user_attrs) != "none":
                known = yardstick_of(work.study.user_attrs)
                self._noise = _noise(work.spec.target, next(iter(work.data.values())), known)
            self.prior = warm_start.evidence(work.study) or foreign.evidence(
                work.study,
                hypermodel,
                exploration,
                quantity_of(work.spec.minimize),
                next(iter(work.data.values())).kind,
            )
            warm_start.check(self.prior, exploration.distributions, work.study)

    def done(self, trials: Sequence[FrozenTrial]) -> int:
        """How many trials count towards the goal; of listed ones, all that have ended."""
        if self.is_listed:
            return sum(
                TrialKey.OUTCOME in t.user_attrs for t in trials if TrialKey.CELL in t.user_attrs
            )
        return claims.trained(trials)

    def state(self, trials: Sequence[FrozenTrial]) -> Literal["ask", "wait", "done"]:
        """Whether to ask for a trial now.

        Raises:
            StudyError: Configuration after configuration fails.
        """
        if self.done(trials) >= self.orders.goal:
            return "done"
        if self.is_listed:
            if any(t.state == TrialState.WAITING for t in trials):
                return "ask"
            return "wait" if any(claims.is_running(t) for t in trials) else "done"
        self._check_failures(trials)
        if self.orders.until_little_gain and self._gains_little(trials):
            return "done"
        if any(t.state == TrialState.WAITING for t in trials) or not self._exhausted(trials):
            return "ask"
        if any(claims.is_running(t) for t in trials):
            return "wait"  # what runs may be lost and queued again, or leave the incumbent as it is
        self._check_failures(trials, exhausted=True)
        return "done"

    def _gains_little(self, trials: Sequence[FrozenTrial]) -> bool:
        """Whether another trial is expected to gain little, or nothing met the target in many."""
        if any(t.state == TrialState.WAITING or claims.is_running(t) for t in trials):
            return False
        if claims.incumbent(self.work.study) is None:
            return self.done(trials) >= MOST_IN_VAIN
        outlook = self._look_ahead(trials)
        gain = None if outlook is None else outlook.expected_gain
        return gain is not None and gain < LITTLE

    def _exhausted(self, trials: Sequence[FrozenTrial]) -> bool:
        """Whether no configuration is left to train."""
        best = claims.incumbent(self.work.study)
        again = self._open_again(trials)
        streak, gated = 0, 0
        for trial in reversed(trials):
            outcome = trial.user_attrs.get(TrialKey.OUTCOME)
            gate = outcome == "gated"
            if outcome in TRAINED or (
                gate and (trial.number in again or _would_be_trained_now(trial, best))
            ):
                break
            streak += outcome is not None
            gated += gate
            if gate and streak >= MOST_UNTRAINED:
                return True
        return gated >= LOOK_AFTER and self._nothing_left(trials, best, again)

    def _nothing_left(
        self, trials: Sequence[FrozenTrial], best: FrozenTrial | None, again: frozenset[int]
    ) -> bool:
        """Looks through the space; once for what is known of it."""
        counted = [t for t in trials if t.number not in again and self._counts(t, best)]
        known = (len(counted), None if best is None else best.number, again)
        if known not in self._looked:
            space = dict(self.exploration.distributions)
            for trial in counted:
                space.update(trial.distributions)
            limit = math.inf if best is None or best.value is None else best.value
            params = [trial.params for trial in counted]
            single = not space and self.exploration.asked > 0 and bool(counted)
            nothing = single or is_exhausted(space, params, self.size_of, limit)
            self._looked = {known: nothing}
        return self._looked[known]

    def _counts(self, trial: FrozenTrial, best: FrozenTrial | None) -> bool:
        """Whether a trial's configuration is not to be trained again."""
        outcome = trial.user_attrs.get(TrialKey.OUTCOME)
        if outcome == "gated":  # where sizes are known the gate is asked anew
            return self.size_of is None and not _would_be_trained_now(trial, best)
        return outcome is not None or claims.is_running(trial)

    def _open_again(self, trials: Sequence[FrozenTrial]) -> frozenset[int]:
        """Trials that say nothing against another training of their configuration.

        Where models are proven, those whose model was refuted, for another seed may make a better
        one, and those that were turned away for being the same.
        """
        wrong = refuted_models(self.work.study.user_attrs)
        if not wrong:
            return wrong
        params = [trial.params for trial in trials if trial.number in wrong]
        gated = (t for t in trials if t.user_attrs.get(TrialKey.OUTCOME) == "gated")
        return wrong | {t.number for t in gated if t.params in params}

    def _check_failures(self, trials: Sequence[FrozenTrial], *, exhausted: bool = False) -> None:
        """Gives up where configuration after configuration fails in this run of the command.

        Args:
            trials: Of the study.
            exhausted: Whether there are no others: then it counts whether any was ever trained.

        Raises:
            StudyError: It does.
        """
        mine = trials[0 if exhausted else self.orders.first_trial :]
        ended = [t for t in mine if t.user_attrs.get(TrialKey.OUTCOME) not in (None, "gated")]
        causes = list(itertools.takewhile(bool, (_cause(t) for t in reversed(ended))))
        if not causes:
            return
        alike = sum(1 for _ in itertools.takewhile(lambda c: c == causes[0], causes))
        others = any(claims.is_live(t) and TrialKey.OUTCOME not in t.user_attrs for t in trials)
        enough = exhausted or len(causes) >= MOST_FAILED
        hopeless = enough and not others and not claims.trained(trials)
        if alike < MOST_ALIKE and len(causes) < MOST_IN_A_ROW and not hopeless:
            return
        latest = ended[-1].user_attrs
        whole = "all" if len(causes) == len(ended) else "the last"
        raise StudyError(
            f"{whole} {len(causes)} configurations could not be trained, the latest because of "
            f"{str(latest.get(TrialKey.ERROR, latest[TrialKey.OUTCOME])).rstrip('.')}; "
            f"mend the search space {shown(self.work.spec.space)!r}."
        )

    def ask(self, trials: Sequence[FrozenTrial]) -> optuna.Trial:
        """Asks for one trial."""
        outlook = self._look_ahead(trials)
        self.work.study.sampler = self._sampler_for(trials)
        trial = self.work.study.ask()
        chances = {} if outlook is None else outlook.chances
        if doubted := [n for n, chance in chances.items() if chance < SURE]:
            trial.set_user_attr(TrialKey.DOUBTED, doubted)
        return trial

    def _look_ahead(self, trials: Sequence[FrozenTrial]) -> Outlook | None:
        """What the sampler expects of the next trial; stored for those who watch the search."""
        reached = any(t.user_attrs.get(TrialKey.OUTCOME) == "reached" for t in trials)
        queued = any(t.state == TrialState.WAITING for t in trials)
        if self.is_listed or queued or not reached:
            return None
        sampler = self._sampler_for(trials)
        if sampler is not self._looked_ahead:
            self._outlook = registry.outlook(sampler, self.work.study)
            self._looked_ahead = sampler
            gain = None if self._outlook is None else self._outlook.expected_gain
            if gain is not None:
                stored = {"trials": self.done(trials), "gain": round(gain, 5)}
                self.work.study.set_user_attr(StudyKey.OUTLOOK, stored)
        return self._outlook

    def _sampler_for(self, trials: Sequence[FrozenTrial]) -> BaseSampler:
        """The sampler of the next trial, a fresh one whenever more is known of the study."""
        setting = self._setting(len(trials))
        ended = sum(t.state.is_finished() for t in trials)
        known = (len(trials), ended, tuple(setting.proven), tuple(setting.refuted))
        if self._sampler is None or self._sampler[0] != known:
            self._sampler = known, registry.make_sampler(self.orders.sampler, setting)
        return self._sampler[1]

    def _setting(self, asked: int) -> registry.SamplerSetting:
        attributes = self.work.study.user_attrs
        return registry.SamplerSetting(
            seed=self.orders.seed + 7_919 * self.orders.index,
            asked=asked,
            horizon=self.work.spec.horizon,
            size_of=self.size_of,
            cost_of=self.cost_of,
            search_space=self.exploration.distributions if self.exploration.complete else None,
            center=self.exploration.defaults,
            prior=self.prior,
            refuted=refuted_shortfalls(attributes),
            proven=proven_shortfalls(attributes),
            noise=self._noise,
            repeat=by_recipe(attributes),
        )

    def unwanted(self, trial: optuna.Trial, trials: Sequence[FrozenTrial]) -> bool:
        """Whether a claimed trial is one too many."""
        if self.is_listed:
            return TrialKey.CELL not in trials[trial.number].user_attrs
        return claims.over_budget(trial.number, trials, self.orders.goal)
