from __future__ import annotations

import optuna

from tests.helpers import fakes
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


def test_the_machine_of_a_study_is_where_it_was_begun_else_where_it_was_proven() -> None:
    study = fakes.make_search()
    assert StudyRecord.of(study).machine is None
    fakes.add_model_certificate(study, 8)
    assert StudyRecord.of(study).machine == "a processor, 2 cores, 25 GB, 1 GPU"
    study.set_user_attr(StudyKey.MACHINE, {"processor": "another", "cores": 1, "memory": 4e9})
    assert StudyRecord.of(study).machine == "another, 1 core, 4 GB"
