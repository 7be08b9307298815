"""Evidence of an earlier study, as ``--warm-start`` takes it from the storage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from tests.helpers import fakes, tiny
from tuner import search
from tuner.basics.optuna_private import storage_of
from tuner.errors import UsageError
from tuner.records.keys import SHORTFALL, StudyKey
from tuner.records.studies import StudyRecord
from tuner.sessions.plan import plan
from tuner.sessions.watcher import Silent
from tuner.sessions.wish import Wish
from tuner.storages import warm_start
from tuner.views.lines import opening


def pair(
    target: float = 0.75, horizon: int = 25, data: str = "cifar10"
) -> tuple[optuna.Study, optuna.Study]:
    """A study q4 with three trained trials and one gated, and an empty q6 in one storage."""
    storage = optuna.storages.InMemoryStorage()
    there = fakes.make_study("q4", storage=storage)
    fakes.add_trial(there, "reached", 4000, 0.76, 12)
    fakes.add_trial(there, "missed", 2000, 0.7)
    fakes.add_trial(there, "pruned", 1000, 0.4, 6)
    fakes.add_trial(there, "gated", 9000)
    spec = {**fakes.SPEC, "name": "q6", "target": target, "horizon": horizon}
    return there, fakes.make_study("q6", storage=storage, spec=spec, data=data)


def test_shortfalls_are_moved_to_this_studys_target_and_epochs_to_its_horizon() -> None:
    there, here = pair(target=0.65, horizon=50)
    warm_start.agree(here, "q4")
    trials = warm_start.evidence(here)
    assert StudyRecord.of(here).warm_start == ("q4", 3)
    assert [t.state for t in trials] == [
        TrialState.COMPLETE,
        TrialState.COMPLETE,
        TrialState.PRUNED,
    ]
    for was, now in zip(there.trials, trials, strict=False):
        assert now.constraints[SHORTFALL] == pytest.approx(was.constraints[SHORTFALL] - 0.1)
        moved = {2 * s: v - 0.1 for s, v in was.intermediate_values.items()}
        assert now.intermediate_values == pytest.approx(moved)


def test_without_a_warm_start_there_is_no_evidence() -> None:
    _, here = pair()
    warm_start.agree(here, None)
    assert warm_start.evidence(here) == []


def test_what_is_trained_there_later_changes_nothing_here() -> None:
    there, here = pair()
    warm_start.agree(here, "q4")
    fakes.add_trial(there, "reached", 500, 0.8, 5)
    warm_start.agree(here, "q4")
    assert len(warm_start.evidence(here)) == 3
    warm_start.agree(here, None)  # going on without naming it again
    assert len(warm_start.evidence(here)) == 3


def test_a_refuted_trial_counts_as_the_mean_of_its_fresh_trainings() -> None:
    there, here = pair()
    fakes.add_certificate(there, 0, [0.74, 0.735], certified=False)
    warm_start.agree(here, "q4")
    first = warm_start.evidence(here)[0]
    assert first.constraints[SHORTFALL] == pytest.approx(0.755 - 0.7375)
    assert not first.intermediate_values


def begun(here: optuna.Study) -> None:
    fakes.add_trial(here, "missed", 2000, 0.4)


def swept(here: optuna.Study) -> None:
    fakes.make_study("q9", storage=storage_of(here), spec=fakes.SWEEP_SPEC)


def empty(here: optuna.Study) -> None:
    fakes.make_study("q8", storage=storage_of(here))


def nothing(here: optuna.Study) -> None:
    pass


@pytest.mark.parametrize(
    ("before", "name", "message"),
    [
        (nothing, "q5", "no study called 'q5' has results"),
        (nothing, "q6", "is the study itself"),
        (swept, "q9", "is a sweep"),
        (empty, "q8", "has not trained anything yet"),
        (begun, "q4", "'q6' began without a warm start"),
    ],
)
def test_what_cannot_be_begun_with_is_said(
    before: Callable[[optuna.Study], None], name: str, message: str
) -> None:
    _, here = pair()
    before(here)
    with pytest.raises(UsageError, match=message):
        warm_start.agree(here, name)


def test_a_study_that_began_otherwise_or_whose_evidence_is_gone() -> None:
    there, here = pair()
    other = fakes.make_study("q8", storage=storage_of(here))
    fakes.add_trial(other, "missed", 2000, 0.4)
    warm_start.agree(here, "q4")
    with pytest.raises(UsageError, match="began with 'q4'"):
        warm_start.agree(here, "q8")
    optuna.delete_study(study_name=there.study_name, storage=storage_of(here))
    with pytest.raises(UsageError, match="no longer has"):
        warm_start.evidence(here)


def test_spaces_with_nothing_in_common_are_refused() -> None:
    _, here = pair()
    warm_start.agree(here, "q4")
    trials = warm_start.evidence(here)
    warm_start.check(trials, ["width", *(n for t in trials for n in t.params)], here)
    for trial in trials:
        trial.params = {"other": 1}
    with pytest.raises(UsageError, match="no parameter in common"):
        warm_start.check(trials, ["width"], here)


@pytest.mark.slow
def test_a_search_goes_on_from_another(tmp_path: Path) -> None:
    file, results = str(tiny.write(tmp_path)), tmp_path / "out"
    results.mkdir()
    there = fakes.make_study("q4", storage=f"sqlite:///{results / 'tuner.db'}")
    for size, best in ((4000, 0.76), (2000, 0.7), (1000, 0.6)):
        fakes.add_trial(there, "missed", size, best)
    result = search(
        file, results=results, trials=2, workers=1, prove="none", warm_start="q4", reference=False
    )
    record = result.record
    assert record.warm_start == ("q4", 3)
    assert len(record.trained) == 2
    assert "--warm-start q4" in result.resume
    assert any("warm start: 3 trials of q4" in line for line in opening(record, result.run))
    wish = Wish(file, (), 2, None, 0, None, results, None, None, None)
    assert StudyKey.WARM_START in plan(wish, Silent()).study.user_attrs


def test_other_samplers_cannot_be_warm_started(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="needs the sampler 'smallest' but got 'tpe'"):
        search("q4", results=tmp_path, sampler="tpe", warm_start="q10")
