"""When a worker proves a model: at once while proofs are cheap, late in a search, at its end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from tests.helpers import fakes
from tuner.certificates.models import ModelProofs
from tuner.records.keys import StudyKey, TrialKey
from tuner.specs.spec import from_dict
from tuner.trials.work import Work
from tuner.workers.orders import WorkerOrders
from tuner.workers.proving import Proving


def searched(*met_after: int, missed: int = 0) -> optuna.Study:
    """Trials that met the target after so many of 25 epochs, each smaller than the one before."""
    study = fakes.make_study()
    study.set_user_attr(StudyKey.PROVE, "model")
    for epochs in met_after:
        met(study, epochs)
    for _ in range(missed):
        fakes.add_trial(study, "missed", 100, 0.7)
    return study


def met(study: optuna.Study, epochs: int) -> None:
    """Adds a trial that met the target, smaller than all before."""
    fakes.add_trial(study, "reached", 9_000 - 100 * len(study.trials), 0.76, epochs)


def proves(
    study: optuna.Study, goal: int, *, asks: bool = True, ended: bool = False, **orders: Any
) -> int | None:
    """Number of the trial whose model a worker sets out to prove; None where it proves none."""
    told = {"sampler": "smallest", "pruner": "target", "reference": True, "proves_models": True}
    told |= {"goal": goal, "seed": 0, "index": 0, "data": {}, "results": "", "storage": ""}
    spec = from_dict({**fakes.SPEC, "reference": None})
    work = Work(study, spec, {}, {}, Path(), 0, {}, lambda: False)
    proving = Proving(work, WorkerOrders("q10", **{**told, **orders}))
    proof = proving.next(study.get_trials(deepcopy=False), asks=asks, ended=ended)
    return None if proof is None else int(proof.user_attrs[TrialKey.CELL]["trial"])


def judge(study: optuna.Study, number: int, *, holds: bool = True) -> None:
    """Ends the proof under way."""
    proofs = ModelProofs(study)
    proof = proofs.running()
    assert proof is not None
    proofs.study.tell(proof.number, 0.0, state=TrialState.COMPLETE)
    fakes.add_model_certificate(study, number, certified=holds)


def proofs_of_five(goal: int, **orders: Any) -> int:
    """How many of five models are proven, each as it meets the target after ten epochs."""
    study, count = searched(), 0
    for number in range(5):
        met(study, 10)
        if proves(study, goal, **orders) is not None:
            count += 1
            judge(study, number)
    return count


def test_the_smallest_is_proven_as_soon_as_it_met_the_target() -> None:
    study = searched(20, 15)
    assert proves(study, 50) == 1
    assert proves(study, 50) is None, "its proof is under way"
    judge(study, 1)
    assert proves(study, 50) is None, "it is proven"
    fakes.add_trial(study, "reached", 20_000, 0.8, 20)
    assert proves(study, 50) is None, "that is larger"
    met(study, 20)
    assert proves(study, 50) == 3


def test_where_it_was_lucky_the_next_is_proven_at_once() -> None:
    study = searched(20, 15)
    assert proves(study, 50) == 1
    judge(study, 1, holds=False)
    assert proves(study, 50) == 0


# Ten trials of ten epochs are 100, and 8 of them may be for proofs, of which each takes 15.
@pytest.mark.parametrize(("goal", "count"), [(18, 0), (19, 1), (37, 1), (38, 2), (57, 3)])
def test_before_the_last_trials_proofs_take_a_small_share_of_the_epochs(
    goal: int, count: int
) -> None:
    assert proofs_of_five(goal) == count


def test_a_search_of_no_set_length_is_taken_for_one_of_fifty_trials() -> None:
    assert proofs_of_five(1_000, until_little_gain=True) == proofs_of_five(50) > 0


@pytest.mark.parametrize(
    ("trained", "ended", "proven"), [(7, False, None), (8, False, 0), (3, True, 0)]
)
def test_in_the_last_fifth_of_the_trials_and_at_the_end_it_is_whatever_it_takes(
    trained: int, ended: bool, proven: int | None
) -> None:
    study = searched(5, missed=trained - 1)
    assert proves(study, 10, ended=ended, asks=not ended) == proven


def test_a_worker_that_has_nothing_to_ask_for_leaves_it_to_the_end() -> None:
    assert proves(searched(20), 50, asks=False) is None


def test_where_models_are_not_to_be_proven_none_is() -> None:
    assert proves(searched(20), 50, proves_models=False) is None
    assert proves(searched(20), 50, ended=True, proves_models=False) is None
