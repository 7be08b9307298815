"""How long a run still takes."""

from __future__ import annotations

import pytest

from tests.helpers import fakes
from tuner.records.studies import StudyRecord
from tuner.sessions.progress import remaining


def test_a_sweep_is_estimated_from_its_epochs_before_a_training_has_ended() -> None:
    study = fakes.make_study("q9", spec=fakes.SWEEP_SPEC)
    assert remaining(StudyRecord.of(study), 6, 60.0, 0, 0) is None
    fakes.add_running(study, epochs=5)
    record = StudyRecord.of(study)
    assert remaining(record, 6, 60.0, 0, 0) == pytest.approx(60 / 5 * (6 * 25 - 5))
    fakes.add_trial(study, "missed", **{"cell": {"batch_size": 8}})
    record = StudyRecord.of(study)
    assert remaining(record, 6, 90.0, 0, 0) == pytest.approx(90 / 30 * (6 * 25 - 30))
    # In a second run the epochs of the first say nothing of how fast it is.
    assert remaining(record, 6, 10.0, 0, 25) == pytest.approx(10 / 5 * (6 * 25 - 30))


def test_what_failed_in_a_sweep_is_not_trained_again() -> None:
    study = fakes.make_study("q9", spec=fakes.SWEEP_SPEC)
    fakes.add_trial(study, "diverged", epochs=2, **{"cell": {"batch_size": 8}})
    fakes.add_trial(study, None, epochs=3)  # its worker died: it is queued again
    record = StudyRecord.of(study)
    assert remaining(record, 6, 50.0, 0, 0) == pytest.approx(50 / 5 * 5 * 25)


def test_a_search_is_estimated_from_its_trials() -> None:
    study = fakes.make_search()
    record = StudyRecord.of(study)
    assert remaining(record, 10, 60.0, record.done, 0) is None
    assert remaining(record, record.done + 4, 60.0, record.done - 2, 0) == pytest.approx(120.0)
