"""The queue of a certificate's trainings."""

from __future__ import annotations

import pytest
from optuna.trial import TrialState

from tests.helpers import fakes
from tuner.certificates.statistics import length
from tuner.certificates.trainings import Certification, candidate
from tuner.errors import UsageError
from tuner.records.keys import StudyKey, TrialKey
from tuner.records.studies import StudyRecord
from tuner.storages import claims


def test_trainings_are_queued_once_whoever_asks():
    study = fakes.make_search()
    trial = candidate(StudyRecord.of(study))
    assert trial is not None and trial.number == 8
    for _ in range(2):
        proof = Certification(study, trial)
        waiting = proof.waiting()
        assert len(waiting) == proof.goal == 5
    accuracies = [e.val_accuracy for e in trial.history]
    assert {t.user_attrs[TrialKey.EPOCHS] for t in waiting} == {length(accuracies, 25)}
    assert proof.study.user_attrs[StudyKey.CERTIFIES] == "q10"
    proof.drop()
    assert proof.waiting() == []
    claims.requeue(proof.study)
    assert proof.waiting() == []


def test_a_certificate_goes_before_another_that_was_stopped_and_leaves_it_whole():
    study = fakes.make_search()
    trials = {t.number: t for t in StudyRecord.of(study).trials}
    first = Certification(study, trials[8])
    seeds = {t.user_attrs[TrialKey.SEED] for t in first.waiting()}
    second = Certification(study, trials[2])
    queue = second.study.get_trials(states=(TrialState.WAITING,))
    assert [t.user_attrs[TrialKey.CELL]["trial"] for t in queue] == [2] * 5 + [8] * 5
    second.drop()
    assert second.waiting() == []
    assert {t.user_attrs[TrialKey.SEED] for t in first.waiting()} == seeds
    assert len(first.waiting()) == 5


def test_only_what_met_the_target_can_be_certified():
    record = StudyRecord.of(fakes.make_search())
    with pytest.raises(UsageError, match="trial 1 of study 'q10' did not meet the target"):
        candidate(record, 1)
    with pytest.raises(UsageError, match="trial 99"):
        candidate(record, 99)
    with pytest.raises(UsageError, match="is a sweep"):
        candidate(StudyRecord.of(fakes.make_sweep()))
