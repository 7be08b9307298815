"""When a worker gives up on a search: failures, and what is still under way."""

from __future__ import annotations

from pathlib import Path

import optuna
import pytest
from optuna.distributions import IntDistribution
from optuna.trial import TrialState

from tests.helpers import fakes
from tuner.data import DataSet
from tuner.data.kinds import ImageKind
from tuner.errors import StudyError
from tuner.records.keys import StudyKey, TrialKey
from tuner.spaces.exploration import Exploration
from tuner.specs.spec import from_dict
from tuner.trials.work import Work
from tuner.workers.asker import MOST_ALIKE, MOST_FAILED, MOST_IN_A_ROW, Asker
from tuner.workers.orders import WorkerOrders


class Space:
    """Says nothing of itself."""


def asker(
    study: optuna.Study, first_trial: int = 0, exploration: Exploration | None = None
) -> Asker:
    spec = from_dict({**fakes.SPEC, "reference": None})
    data = DataSet(
        "cifar10", "cifar10", "0", ("a", "b"), ImageKind((8, 8, 3)), 900, 100, 10, Path()
    )
    work = Work(study, spec, {"cifar10": Space()}, {"cifar10": data}, Path(), 0, {}, lambda: False)
    orders = WorkerOrders(
        "q10", "sqlite://", "", {}, 999, 0, 0, "smallest", "target", True, first_trial=first_trial
    )
    return Asker(work, orders, exploration or Exploration())


def fail(study: optuna.Study, count: int, error: str, outcome: str = "failed") -> None:
    for i in range(count):
        fakes.add_trial(study, outcome, epochs=0, **{TrialKey.ERROR: error.format(i)})


def asks(study: optuna.Study, first_trial: int = 0) -> bool:
    return asker(study, first_trial).state(study.get_trials(deepcopy=False)) == "ask"


def test_a_space_of_which_nothing_can_be_built_ends_the_search() -> None:
    study = fakes.make_study()
    fail(study, MOST_FAILED - 1, "ValueError: {} is unlucky")
    assert asks(study)
    fail(study, 1, "TypeError: of another kind")
    with pytest.raises(StudyError, match=f"all {MOST_FAILED} .*of another kind"):
        asks(study)


@pytest.mark.parametrize("under_way", ["running", "queued"])
def test_not_while_another_may_still_be_trained(under_way: str) -> None:
    study = fakes.make_study()
    if under_way == "queued":
        study.enqueue_trial({"width": 4})
    else:
        fakes.add_running(study)
    fail(study, MOST_FAILED + 5, "ValueError: {} is unlucky")
    assert asks(study) or asker(study).state(study.get_trials(deepcopy=False)) == "wait"


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        ("RuntimeError: no room for {} units", "failed"),
        ("OOM {}", "out_of_memory"),
        ("TypeError: no spec for <function f at 0x7f0d71d76{:x}c0>", "failed"),
        ("ValueError: unknown activation 'relu{}x'", "failed"),
        ("ValueError: layer conv2d_{} was never called", "failed"),
    ],
)
def test_so_many_alike_end_it_also_after_others_were_trained(error: str, outcome: str) -> None:
    study = fakes.make_search()
    fail(study, MOST_ALIKE - 1, error, outcome)
    fakes.add_running(study)
    assert asks(study)
    fail(study, 1, error, outcome)
    with pytest.raises(StudyError, match=f"last {MOST_ALIKE} configurations could not be trained"):
        asks(study)


def test_different_failures_among_trained_ones_do_not() -> None:
    study = fakes.make_search()
    for kind in ("ValueError: a", "TypeError: b") * MOST_ALIKE:
        fail(study, 1, kind)
    assert asks(study)


def test_a_hundred_of_any_kinds_do() -> None:
    study = fakes.make_search()
    kinds = [f"ValueError: {a}{b}" for a in "abcdefghij" for b in "klmnopqrst"]
    for kind in kinds[:-1]:
        fail(study, 1, kind)
    assert asks(study)
    fail(study, 1, kinds[-1])
    with pytest.raises(StudyError, match=f"the last {MOST_IN_A_ROW} .*ValueError: jt"):
        asks(study)


def test_the_same_command_again_starts_counting_anew() -> None:
    study = fakes.make_study()
    fail(study, MOST_FAILED, "ValueError: {} is unlucky")
    with pytest.raises(StudyError):
        asks(study)
    assert asks(study, first_trial=MOST_FAILED)


@pytest.mark.parametrize(("asked", "state"), [(1, "done"), (0, "ask")], ids=["looked", "unknown"])
def test_a_space_without_hyperparameters_is_exhausted_with_its_one_model(
    asked: int, state: str
) -> None:
    study = fakes.make_study()
    for outcome in ("missed", "gated", "gated", "gated"):
        trial = study.ask()
        trial.set_user_attr(TrialKey.OUTCOME, outcome)
        study.tell(trial, 1.0, state=TrialState.COMPLETE if outcome == "missed" else None)
    asking = asker(study, exploration=Exploration(asked=asked))
    assert asking.state(study.get_trials(deepcopy=False)) == state


@pytest.mark.parametrize("first_trial", [0, 3], ids=["now", "before"])
def test_a_small_space_of_which_nothing_can_be_trained_says_why(first_trial: int) -> None:
    study = fakes.make_study()
    width = {"width": IntDistribution(1, 3)}
    for number in range(6):  # the sampler proposes each once more, which is turned away
        study.enqueue_trial({"width": number % 3 + 1})
        trial = study.ask(width)
        failed = number < 3
        trial.set_user_attr(TrialKey.OUTCOME, "failed" if failed else "gated")
        if failed:
            trial.set_user_attr(TrialKey.ERROR, f"OSError: no licence for {number + 1}")
        study.tell(trial, state=TrialState.FAIL if failed else TrialState.PRUNED)
    asking = asker(study, first_trial, Exploration(distributions=dict(width)))
    with pytest.raises(StudyError, match=r"all 3 configurations .*OSError: no licence for 3"):
        asking.state(study.get_trials(deepcopy=False))


@pytest.mark.parametrize(("prove", "state"), [("both", "ask"), ("recipe", "done")])
def test_a_refuted_model_leaves_something_to_train_where_models_are_proven(
    prove: str, state: str
) -> None:
    study = fakes.make_study()
    study.set_user_attr(StudyKey.PROVE, prove)
    width = {"width": IntDistribution(1, 2)}
    for outcome, value in (("missed", 1), ("reached", 2), *[("gated", 2)] * 3):
        study.enqueue_trial({"width": value})
        trial = study.ask(width)
        trial.set_user_attr(TrialKey.OUTCOME, outcome)
        gated = outcome == "gated"
        ended = TrialState.PRUNED if gated else TrialState.COMPLETE
        study.tell(trial, None if gated else float(value), state=ended)
    other = fakes.make_study()
    for accuracy in (0.77, 0.78):
        fakes.add_trial(other, "reached", 2_000, accuracy)
    fakes.add_model_certificate(other, 1, 0.74, certified=False)
    fakes.add_certificate(other, 1, (0.74, 0.73, 0.74), certified=False)
    asking = asker(study, exploration=Exploration(distributions=dict(width)))
    assert asking.state(study.get_trials(deepcopy=False)) == "done"
    for key in (f"{StudyKey.MODEL_CERTIFICATE}1", f"{StudyKey.CERTIFICATE}1"):
        study.set_user_attr(key, other.user_attrs[key])
    assert asking.state(study.get_trials(deepcopy=False)) == state
