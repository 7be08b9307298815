"""Test images that were learned from certify nothing unless that is accepted, and it is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest

from tests.helpers import fakes, tiny
from tests.helpers.launchers import ScriptedLauncher, session
from tests.helpers.shown import Heard
from tuner import api
from tuner.certificates.trainings import CertificateTrainings, candidate
from tuner.cli import main
from tuner.errors import DataError
from tuner.exports.source import Source
from tuner.records import words
from tuner.records.keys import StudyKey, TrialKey
from tuner.records.studies import StudyRecord
from tuner.sessions.plan import NOT_PROVEN, Planned, plan, plan_again
from tuner.sessions.watcher import Silent
from tuner.sessions.wish import Wish
from tuner.storages.opening import open_storage
from tuner.views.events import certificate_object
from tuner.views.next_commands import next_commands


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNER_CACHE", str(tmp_path / "cache"))


def write(folder: Path, shared: int, test: int = 200) -> None:
    tiny.write(folder)
    arrays = tiny.images(test=test)
    arrays["x_test"][:shared] = arrays["x_train"][:shared]
    np.savez(folder / "images.npz", **arrays)


def planned(folder: Path, watcher: Silent, **asked: Any) -> Planned:
    wish = Wish(
        str(folder / "tiny.toml"), (), 2, None, 0, None, folder / "out", None, None, None, **asked
    )
    return plan(wish, watcher)


@pytest.mark.parametrize(
    ("shared", "asked", "certifiable", "said"),
    [
        (0, {}, True, False),
        (2, {}, True, False),  # 1 % and no more
        (3, {}, False, True),
        (200, {}, False, True),
        (200, {"prove": "none"}, False, False),  # nothing is promised
        (200, {"accept_duplicates": True}, True, False),
    ],
)
def test_a_search_says_before_its_first_trial_that_it_will_not_certify(
    shared: int, asked: dict[str, Any], certifiable: bool, said: bool, tmp_path: Path
) -> None:
    write(tmp_path, shared)
    heard = Heard()
    found = planned(tmp_path, heard, **asked)
    assert found.certifiable == certifiable
    assert (NOT_PROVEN in heard.notices) == said
    assert any("also training images" in notice for notice in heard.notices) == (shared > 0)
    assert ("--accept-duplicates" in found.arguments) == asked.get("accept_duplicates", False)


def test_the_verb_refuses_in_one_line_and_makes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, 30)
    name = planned(tmp_path, Silent()).study.study_name
    before = sorted(tmp_path.rglob("*"))
    assert main(["certify", name, "--results", str(tmp_path / "out"), "--workers", "1"]) == 2
    said = capsys.readouterr()
    assert "30 of 200 test images (15.0 %) are also training images" in said.err
    assert "or add --accept-duplicates." in said.err
    assert said.err.count("\n") == 1 and not said.out
    assert sorted(tmp_path.rglob("*")) == before
    with pytest.raises(DataError, match="too much for a certificate"):
        api.certify(name, results=tmp_path / "out")
    heard = Heard()
    plan_again(name, None, tmp_path / "out", None, heard, accept_duplicates=True)
    assert any("30 of 200" in notice for notice in heard.notices)


@pytest.mark.parametrize("certifiable", [True, False])
def test_a_session_does_not_certify_on_such_images(certifiable: bool, tmp_path: Path) -> None:
    storage = optuna.storages.InMemoryStorage()
    study = fakes.make_search(storage)
    asked: list[str] = []

    def train(study: optuna.Study, orders: Any) -> None:
        asked.append(orders.study_name)
        for _ in range(5):
            one = study.ask()
            one.set_user_attr(TrialKey.TEST_ACCURACY, 0.8)
            one.set_user_attr(TrialKey.OUTCOME, "missed")
            study.tell(one, 4_218)

    goal = len(StudyRecord.of(study).trained)
    run = session(study, storage, goal, ScriptedLauncher(train), tmp_path, certifiable=certifiable)
    result = run.run()
    assert bool(asked) == (result.certificate is not None) == certifiable
    # A command that would be refused is not shown as the next one.
    assert certifiable or not any("certify" in line for line in next_commands(result, ()))


def test_the_certificate_repeats_how_many_there_were(tmp_path: Path) -> None:
    study = fakes.make_search()
    (key, about), *_ = study.user_attrs[StudyKey.DATA].items()
    study.set_user_attr(StudyKey.DATA, {key: {**about, "shared": 60}})
    trial = candidate(StudyRecord.of(study))
    assert trial is not None
    queue = CertificateTrainings(study, trial, 3)
    for accuracy in (0.8, 0.801, 0.802):
        one = queue.study.ask()
        one.set_user_attr(TrialKey.TEST_ACCURACY, accuracy)
        one.set_user_attr(TrialKey.OUTCOME, "reached")
    queue.store(1.0, {})
    found = StudyRecord.of(study).certificates[trial.number]
    line = "60 of 10,000 test images are also training images"
    assert found.shared == 60
    assert words.certificate(found).endswith(f"; {line}")
    assert json.loads(json.dumps(certificate_object(found)))["shared"] == 60
    assert line in Source(trial, None, found, key, tmp_path, 0, 5).recipe_verdict


def test_what_an_older_study_does_not_say_of_its_data_is_added(tmp_path: Path) -> None:
    write(tmp_path, 3)
    study = planned(tmp_path, Silent()).study
    ((key, about),) = study.user_attrs[StudyKey.DATA].items()
    older = {k: v for k, v in about.items() if k not in ("shared", "largest_share")}
    study.set_user_attr(StudyKey.DATA, {key: older})
    planned(tmp_path, Silent())
    storage = open_storage(f"sqlite:///{tmp_path / 'out' / 'tuner.db'}")
    again = optuna.load_study(study_name=study.study_name, storage=storage)
    assert again.user_attrs[StudyKey.DATA] == {key: about}
    assert about["shared"] == 3
