from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState

from tuner.curves.forecasts import probability_of_reaching, project_shortfall
from tuner.curves.projection import MOST_CURVES
from tuner.pruners.target import AUDIT, TargetPruner

HORIZON = 25
Values = dict[int, float]


def curve(final: float, start: float = 0.4, lift: float = 0.04, seed: int | None = None) -> Values:
    """A shortfall curve under a cosine schedule: fast at first, and a lift in the last third."""
    epochs = np.arange(1, HORIZON + 1)
    rate = 0.5 * (1 + np.cos(np.pi * epochs / HORIZON))
    values = final + (start - final - lift) * (epochs**-0.7 - HORIZON**-0.7) + lift * rate
    if seed is not None:
        values = values + np.random.default_rng(seed).normal(0, 0.004, HORIZON) * rate
    return {int(e): float(v) for e, v in zip(epochs, values, strict=True)}


def cut(values: Values, last: int) -> Values:
    return {step: value for step, value in values.items() if step <= last}


def study_with(curves: Sequence[Mapping[int, float]]) -> optuna.Study:
    study = optuna.create_study(direction="minimize")
    for values in curves:
        study.add_trial(
            optuna.create_trial(
                value=1000.0,
                intermediate_values=dict(values),
                constraints={"shortfall": min(values.values())},
            )
        )
    return study


def stopped_at(
    study: optuna.Study, values: Mapping[int, float], pruner: TargetPruner | None = None
) -> int | None:
    """The epoch at which a training is stopped, or None."""
    pruner = pruner or TargetPruner(HORIZON)
    for step in sorted(values):
        trial = optuna.create_trial(
            state=TrialState.RUNNING, intermediate_values=cut(dict(values), step)
        )
        if pruner.prune(study, trial):
            return step
        if values[step] <= 0:
            return None
    return None


FEW = [curve(0.02), curve(-0.01), curve(0.05)]


@pytest.mark.parametrize("finished", [[], FEW[:1], FEW, FEW * 4], ids=["0", "1", "3", "12"])
@pytest.mark.parametrize("seed", range(5))
def test_a_curve_that_lifts_late_is_kept(finished: list[Values], seed: int) -> None:
    # Half-way it is still more than 4 points short, and it meets the target in the last epochs.
    values = curve(-0.01, lift=0.06, seed=seed)
    assert values[12] > 0.04
    assert stopped_at(study_with(finished), values) is None


KINKED = {1: 0.4, 2: 0.3, 3: 0.21, 4: 0.15, 5: 0.14, 6: 0.13, 7: 0.12, 8: 0.11}
STEADY = {1: 0.4, 2: 0.19, 3: 0.17, 4: 0.15, 5: 0.14, 6: 0.13, 7: 0.12, 8: 0.11}


def test_of_two_equal_slopes_the_one_that_kept_its_promise_is_trusted_more() -> None:
    # Both improved by 4 points from epoch 4 to 8; from 2 to 4 by 15 points and by 4.
    kinked, _ = project_shortfall(KINKED, HORIZON, [])
    steady, _ = project_shortfall(STEADY, HORIZON, [])
    assert steady < kinked < 0.11


def test_how_much_a_kept_promise_tells_is_learnt_from_the_curves_of_the_study() -> None:
    def ended(early: Values, final: float) -> Values:
        """Goes on linearly in log epochs."""
        share = {e: math.log(e / 8) / math.log(HORIZON / 8) for e in range(9, HORIZON + 1)}
        return early | {e: 0.11 - (0.11 - final) * s for e, s in share.items()}

    def gap(kinked_final: float, steady_final: float) -> float:
        curves = [ended(KINKED, kinked_final), ended(STEADY, steady_final)] * 12
        kinked, _ = project_shortfall(KINKED, HORIZON, curves)
        return kinked - project_shortfall(STEADY, HORIZON, curves)[0]

    assert gap(0.09, 0.03) > gap(0.06, 0.06) > gap(0.03, 0.09)
    assert gap(0.03, 0.09) < 0


def test_the_default_threshold_falls_with_the_epochs_left_and_a_given_one_does_not() -> None:
    study = study_with(
        [curve(f, seed=i) for i, f in enumerate([-0.01, *np.linspace(0.02, 0.1, 9)])]
    )
    ended = [t.intermediate_values for t in study.get_trials()]
    early = late = 0
    for final in np.linspace(0.005, 0.06, 12):
        for step in range(4, HORIZON):
            so_far = cut(curve(final, seed=50), step)
            trial = optuna.create_trial(state=TrialState.RUNNING, intermediate_values=so_far)
            chance = probability_of_reaching(so_far, HORIZON, ended)
            bar = 0.09 * (1 - step / HORIZON)
            assert TargetPruner(HORIZON, audit=0.0).prune(study, trial) == (chance < bar)
            given = TargetPruner(HORIZON, audit=0.0, threshold=0.05)
            assert given.prune(study, trial) == (chance < 0.05)
            early += 0.05 < chance < bar
            late += bar < chance < 0.05
    assert early and late  # there were epochs at which the two differ


@pytest.mark.parametrize("finished", [[], FEW, FEW * 4], ids=["0", "3", "12"])
def test_a_hopeless_curve_is_stopped(finished: list[Values]) -> None:
    step = stopped_at(study_with(finished), curve(0.25, start=0.5))
    assert step is not None
    assert step <= HORIZON // 2


def test_evidence_stops_earlier_than_none() -> None:
    values = curve(0.12, start=0.4)
    alone = stopped_at(study_with([]), values)
    after = stopped_at(study_with([curve(f) for f in np.linspace(0.0, 0.1, 12)]), values)
    assert alone is not None
    assert after is not None
    assert after <= alone


def pruned(values: Values) -> optuna.trial.FrozenTrial:
    return optuna.create_trial(
        state=TrialState.PRUNED,
        intermediate_values=values,
        constraints={"shortfall": min(values.values())},
    )


def test_what_was_stopped_on_the_way_is_evidence_as_far_as_it_went() -> None:
    values, curves = curve(0.06), [curve(f, seed=i) for i, f in enumerate(np.linspace(0, 0.1, 9))]

    def spread(last: int) -> float:
        """Relative to the improvement that is expected."""
        mean, sd = project_shortfall(cut(values, 10), HORIZON, [cut(c, last) for c in curves])
        return sd / (values[10] - mean)

    mean, sd = project_shortfall(cut(values, 10), HORIZON, [])
    nothing = sd / (values[10] - mean)
    assert spread(10) == nothing  # they say nothing of what comes after epoch 10
    assert nothing > spread(14) > spread(20) > spread(25)
    study = study_with([])
    alone = stopped_at(study, values)
    study.add_trials([pruned(cut(c, 20)) for c in curves])
    after = stopped_at(study, values)
    assert alone is not None
    assert after is not None
    assert after < alone


def test_a_training_that_ended_in_nan_is_no_evidence() -> None:
    study = study_with([])
    study.add_trials([pruned({**cut(curve(0.0), 8), 9: math.nan}) for _ in range(9)])
    values = curve(0.12, start=0.4)
    assert stopped_at(study, values) == stopped_at(study_with([]), values)


def test_nothing_is_stopped_before_n_startup_have_finished() -> None:
    pruner = TargetPruner(HORIZON, n_startup=2)
    hopeless = curve(0.25, start=0.5)
    assert stopped_at(study_with(FEW[:1]), hopeless, pruner) is None
    assert stopped_at(study_with(FEW[:2]), hopeless, pruner) is not None


@pytest.mark.parametrize("step", [1, 5])
def test_nan_is_stopped_at_once(step: int) -> None:
    values = {**cut(curve(-0.1), step - 1), step: math.nan}
    assert stopped_at(study_with([]), values) == step


def test_a_dead_net_is_stopped() -> None:
    # 10 % accuracy and a target of 70 %, with the jitter that a dead net shows.
    rng = np.random.default_rng(0)
    step = stopped_at(study_with([]), {e: 0.6 + rng.normal(0, 1e-3) for e in range(1, HORIZON)})
    assert step is not None
    assert step <= 8


def test_a_dead_net_is_stopped_before_curves_are_trusted() -> None:
    patient = TargetPruner(HORIZON, n_startup=2, n_warmup=10)
    assert stopped_at(study_with([]), dict.fromkeys(range(1, HORIZON), 0.6), patient) == 5
    slow = {e: 0.6 - 0.002 * e for e in range(1, HORIZON)}
    assert stopped_at(study_with([]), slow, patient) is None


def test_a_warm_up_at_chance_is_waited_for() -> None:
    late = {1: 0.6, 2: 0.6, 3: 0.599} | {e + 3: v for e, v in curve(-0.02).items() if e <= 22}
    assert stopped_at(study_with([]), late) is None


@pytest.mark.parametrize("later", [0.1, math.nan])
def test_a_trial_that_met_the_target_is_never_stopped(later: float) -> None:
    values = {1: 0.5, 2: 0.0, 3: later}
    trial = optuna.create_trial(state=TrialState.RUNNING, intermediate_values=values)
    assert not TargetPruner(HORIZON).prune(study_with(FEW), trial)


def test_without_reports_nothing_is_stopped() -> None:
    trial = optuna.create_trial(state=TrialState.RUNNING)
    assert not TargetPruner(HORIZON).prune(study_with(FEW), trial)


def test_stands_in_for_median_pruner() -> None:
    study = optuna.create_study(direction="minimize", pruner=TargetPruner(HORIZON))
    finals = [0.0, 0.3, -0.02, 0.4, 0.35, -0.01]

    def objective(trial: optuna.Trial) -> float:
        x = trial.suggest_float("x", 0, 1)
        for step, value in curve(finals[trial.number], start=0.5).items():
            trial.report(value, step)
            if trial.should_prune():
                trial.set_constraint("shortfall", value)
                raise optuna.TrialPruned
        trial.set_constraint("shortfall", value)
        return 1000 + x

    study.optimize(objective, n_trials=len(finals))
    pruned = [t.number for t in study.trials if t.state == TrialState.PRUNED]
    assert pruned == [1, 3, 4]
    assert study.best_trial.number in (0, 2, 5)


@pytest.mark.parametrize("steps", [(5, 10), (2, 3, 17), (25,)])
def test_projects_reports_at_any_steps(steps: tuple[int, ...]) -> None:
    values = {step: curve(0.03)[step] for step in reversed(steps)}
    mean, sd = project_shortfall(values, HORIZON, FEW)
    assert math.isfinite(mean)
    assert sd > 0
    assert mean <= min(values.values())


def test_projection_narrows_and_ends_at_the_best() -> None:
    values = curve(0.03)
    spreads = [project_shortfall(cut(values, last), HORIZON, FEW * 4)[1] for last in (4, 12, 23)]
    assert spreads == sorted(spreads, reverse=True)
    assert project_shortfall(values, HORIZON, FEW)[0] == pytest.approx(0.03)


def test_projection_comes_true_on_average() -> None:
    finals = np.linspace(-0.05, 0.1, 16)
    curves = [curve(final, seed=i) for i, final in enumerate(finals)]
    errors = []
    for i, values in enumerate(curves):
        others = curves[:i] + curves[i + 1 :]
        mean, sd = project_shortfall(cut(values, 12), HORIZON, others)
        errors.append((min(values.values()) - mean) / sd)
    assert abs(np.mean(errors)) < 0.5
    assert np.max(np.abs(errors)) < 3


def test_a_projection_rests_on_the_newest_curves_that_say_anything() -> None:
    newest = [curve(f, seed=i) for i, f in enumerate(np.linspace(0.0, 0.1, MOST_CURVES))]
    others = [curve(f, seed=90 + i) for i, f in enumerate(np.linspace(0.2, 0.3, 30))]
    begun = cut(curve(0.03), 8)
    rests_on = project_shortfall(begun, HORIZON, newest)
    silent = {1: math.nan}
    assert project_shortfall(begun, HORIZON, [*others, *newest, silent]) == rests_on
    assert project_shortfall(begun, HORIZON, [*newest, *others]) != rests_on


def test_projects_no_or_dead_reports() -> None:
    assert project_shortfall({}, HORIZON, [])[0] == 1.0
    assert project_shortfall({1: math.nan}, HORIZON, FEW)[0] == 1.0
    # After NaN nothing improves any more.
    assert project_shortfall({1: 0.3, 2: math.nan}, HORIZON, FEW)[0] == 0.3


def test_probability_follows_the_curve() -> None:
    good, fair, bad = (
        probability_of_reaching(cut(curve(final), 12), HORIZON, FEW) for final in (-0.03, 0.02, 0.2)
    )
    assert 1 >= good > fair > bad >= 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"horizon": 0}, "horizon must be at least 1 but got 0"),
        ({"horizon": 25, "threshold": 1.0}, "threshold must lie between 0 and 1 but got 1.0"),
        ({"horizon": 25, "n_startup": -1}, "n_startup cannot be negative but got -1"),
        ({"horizon": 25, "n_warmup": -1}, "n_warmup cannot be negative but got -1"),
        ({"horizon": 25, "audit": 1.0}, "audit must be at least 0 and below 1 but got 1.0"),
        ({"horizon": 25, "seed": -1}, "seed cannot be negative but got -1"),
    ],
)
def test_arguments_out_of_range(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TargetPruner(**arguments)  # type: ignore[arg-type]


def hopeless(trial: optuna.Trial) -> float:
    """Reports a curve that stands far from the target; the value is the epochs trained."""
    for step in range(1, HORIZON + 1):
        trial.report(0.5 - 0.001 * step, step)
        if trial.should_prune():
            raise optuna.TrialPruned
    return float(HORIZON)


def test_a_share_of_what_would_be_stopped_is_trained_on_and_marked() -> None:
    study = optuna.create_study(
        direction="minimize", pruner=TargetPruner(HORIZON, audit=0.3, seed=2)
    )
    study.optimize(hopeless, n_trials=60)
    audited = [t for t in study.trials if t.user_attrs.get(AUDIT)]
    assert 8 <= len(audited) <= 28
    assert all(t.state == TrialState.COMPLETE for t in audited)
    stopped = [t for t in study.trials if not t.user_attrs.get(AUDIT)]
    assert all(t.state == TrialState.PRUNED for t in stopped)


def test_without_an_audit_all_of_it_is_stopped_and_the_same_seed_audits_the_same() -> None:
    def audited(audit: float, seed: int) -> list[int]:
        pruner = TargetPruner(HORIZON, audit=audit, seed=seed)
        study = optuna.create_study(direction="minimize", pruner=pruner)
        study.optimize(hopeless, n_trials=30)
        return [t.number for t in study.trials if t.user_attrs.get(AUDIT)]

    assert audited(0.0, 0) == []
    assert audited(0.3, 5) == audited(0.3, 5) != audited(0.3, 6)


def test_a_false_stop_costs_less_until_something_met_the_target_and_more_the_rarer_that_is() -> (
    None
):
    values = next(
        values
        for final in np.linspace(0.0, 0.3, 301)
        if 0.11 < probability_of_reaching(values := cut(curve(final), 6), HORIZON, []) < 0.15
    )
    trial = optuna.create_trial(state=TrialState.RUNNING, intermediate_values=values)
    pruner = TargetPruner(HORIZON, audit=0.0)

    def stops(missed: int, met: int = 0) -> bool:
        study = study_with([{1: -0.01}] * met)
        study.add_trials([pruned({1: 0.3}) for _ in range(missed)])  # nothing about later epochs
        return pruner.prune(study, trial)

    assert not stops(missed=0)
    assert stops(missed=6)
    assert not stops(missed=40)
    assert not stops(missed=6, met=1)
