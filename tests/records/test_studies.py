from __future__ import annotations

import optuna

from tuner.dashboard.storage_view import shown
from tuner.records.keys import StudyKey
from tuner.records.studies import StudyRecord


def test_a_password_that_version_0_1_stored_is_shown_nowhere() -> None:
    storage = optuna.storages.InMemoryStorage()
    study = optuna.create_study(storage=storage, study_name="s")
    study.set_user_attr(
        StudyKey.CREATED_BY, "tuner search q10 --storage postgresql://me:secret@h/x --trials 5"
    )
    masked = "tuner search q10 --storage postgresql://me:***@h/x --trials 5"
    assert StudyRecord.of(study).created_by == masked
    seen = shown(storage)
    (listed,) = seen.get_all_studies()
    assert listed.user_attrs[StudyKey.CREATED_BY] == masked
    number = seen.get_study_id_from_name("s")
    assert seen.get_study_user_attrs(number)[StudyKey.CREATED_BY] == masked
