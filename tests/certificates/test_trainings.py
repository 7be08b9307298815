"""The queue of a certificate's trainings."""

from __future__ import annotations

import pytest
from optuna.trial import TrialState

from tests.helpers import fakes
from tuner.certificates.recipe import one_sided_bound, training_epochs
from tuner.certificates.trainings import CertificateTrainings, candidate
from tuner.errors import UsageError
from tuner.records.keys import StudyKey, TrialKey
from tuner.records.studies import StudyRecord
from tuner.storages import claims


def test_trainings_are_queued_once_whoever_asks():
    study = fakes.make_search()
    trial = candidate(StudyRecord.of(study))
    assert trial is not None and trial.number == 8
    for _ in range(2):
        queue = CertificateTrainings(study, trial)
        waiting = queue.waiting()
        assert len(waiting) == queue.goal == 5
    accuracies = [e.val_measured for e in trial.history]
    assert {t.user_attrs[TrialKey.EPOCHS] for t in waiting} == {training_epochs(accuracies, 25)}
    assert queue.study.user_attrs[StudyKey.CERTIFIES] == "q10"
    queue.drop()
    assert queue.waiting() == []
    claims.requeue(queue.study)
    assert queue.waiting() == []


def test_a_certificate_goes_before_another_that_was_stopped_and_leaves_it_whole():
    study = fakes.make_search()
    trials = {t.number: t for t in StudyRecord.of(study).trials}
    first = CertificateTrainings(study, trials[8])
    seeds = {t.user_attrs[TrialKey.SEED] for t in first.waiting()}
    second = CertificateTrainings(study, trials[2])
    queue = second.study.get_trials(states=(TrialState.WAITING,))
    assert [t.user_attrs[TrialKey.CELL]["trial"] for t in queue] == [2] * 5 + [8] * 5
    second.drop()
    assert second.waiting() == []
    assert {t.user_attrs[TrialKey.SEED] for t in first.waiting()} == seeds
    assert len(first.waiting()) == 5


def train(queue: CertificateTrainings, accuracies: list[float]) -> None:
    """Ends the first of a certificate's trainings with these accuracies on the test images."""
    for accuracy in accuracies:
        trial = queue.study.ask()
        trial.set_user_attr(TrialKey.TEST_ACCURACY, accuracy)
        trial.set_user_attr(TrialKey.VERSIONS, {"keras": "3"})
        right = round(10_000 * accuracy)
        trial.set_user_attr(TrialKey.CONFUSION, [[right, 10_000 - right], [0, 0]])
        trial.set_user_attr(TrialKey.MODEL_FILE, f"certificate-{trial.number}.keras")
        trial.set_user_attr(TrialKey.OUTCOME, "missed")
        queue.study.tell(trial, 4_218)


def test_the_verdict_is_stored_with_what_it_rests_on():
    study = fakes.make_search()
    trial = candidate(StudyRecord.of(study))
    assert trial is not None
    queue = CertificateTrainings(study, trial)
    accuracies = [0.76, 0.762, 0.758, 0.761, 0.759]
    train(queue, accuracies[:4])
    assert queue.verdict() is None
    train(queue, accuracies[4:])
    stored = queue.store(321.04, {"cores": 2})
    record = StudyRecord.of(study)
    assert record.certificates == {8: stored} and stored.certified
    assert list(stored.measured) == accuracies
    assert list(stored.seeds) == [t.seed for t in queue.mine()] and len(set(stored.seeds)) == 5
    assert stored.mean == pytest.approx(0.76) and stored.bound == one_sided_bound(accuracies)
    assert stored.confusion == ((38_000, 12_000), (0, 0))
    assert (stored.train_size, stored.test_size) == (50_000, 10_000)
    assert (stored.size, stored.epochs, stored.seconds) == (4_218, queue.epochs, 321.0)
    assert list(stored.model_files) == [f"certificate-{n}.keras" for n in range(5)]
    # What is certified is not certified again, unless it is asked for by its number.
    assert candidate(record) is None
    more = candidate(record, seeds=12)  # adds seeds to those of the certificate
    assert more is not None and more.number == 8
    again = candidate(record, 8)
    assert again is not None and again.number == 8


@pytest.mark.parametrize("accuracies", [[0.772, 0.77, 0.769], [0.735, 0.733]])
def test_seeds_that_are_added_after_an_early_verdict_are_all_trained(accuracies):
    study = fakes.make_search()
    trial = candidate(StudyRecord.of(study))
    assert trial is not None
    first = CertificateTrainings(study, trial)
    train(first, accuracies)
    early = first.verdict()
    assert early is not None
    first.drop()
    first.store(1.0, {})
    more = CertificateTrainings(study, trial, 12)
    assert len(more.waiting()) == 12 - len(accuracies)
    train(more, [accuracies[0]] * (11 - len(accuracies)))
    assert more.verdict() is None
    train(more, accuracies[:1])
    assert more.verdict() == early
    stored = more.store(2.0, {})
    assert stored.planned == len(stored.measured) == len(set(stored.seeds)) == 12
    # Whoever asks for as many again has the answer.
    assert CertificateTrainings(study, trial, 12).verdict() == early


def test_a_training_that_failed_is_named():
    study = fakes.make_search()
    trial = candidate(StudyRecord.of(study))
    assert trial is not None
    queue = CertificateTrainings(study, trial)
    assert queue.failed() is None
    broken = queue.study.ask()
    broken.set_user_attr(TrialKey.OUTCOME, "failed")
    queue.study.tell(broken, state=TrialState.FAIL)
    failed = queue.failed()
    assert failed is not None and failed.number == broken.number
    assert queue.verdict() is None


def test_only_what_met_the_target_can_be_certified():
    record = StudyRecord.of(fakes.make_search())
    with pytest.raises(UsageError, match="trial 1 of study 'q10' did not meet the target"):
        candidate(record, 1)
    with pytest.raises(UsageError, match="trial 99"):
        candidate(record, 99)
    with pytest.raises(UsageError, match="is a sweep"):
        candidate(StudyRecord.of(fakes.make_sweep()))
