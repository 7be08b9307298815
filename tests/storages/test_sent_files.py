"""Models that come back by the storage alone."""

from __future__ import annotations

import os
from pathlib import Path

import optuna
import pytest

from tests.helpers import sent
from tests.helpers.sent import NAME, written
from tuner.records.keys import StudyKey
from tuner.storages import sent_files
from tuner.storages.sent_files import SentFiles
from tuner.storages.studies import study_names


@pytest.fixture
def main() -> optuna.Study:
    return sent.search("q10")


def test_a_model_in_several_pieces_comes_back_whole(
    main: optuna.Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sent_files, "PIECE", 100)
    content = os.urandom(1_234)
    SentFiles(main, away=True).send(written(tmp_path / "there", content))
    home = SentFiles(main)
    assert home.fetch_all(tmp_path / "home", main.user_attrs) == [NAME]
    assert (tmp_path / "home" / NAME).read_bytes() == content
    assert home.fetch_all(tmp_path / "home", main.user_attrs) == []
    assert SentFiles(main).fetch_all(tmp_path / "home", main.user_attrs) == []
    assert [f.name for f in (tmp_path / "home").iterdir()] == [NAME]


def test_a_model_that_was_trained_on_elsewhere_replaces_the_older(
    main: optuna.Study, tmp_path: Path
) -> None:
    away, home = SentFiles(main, away=True), SentFiles(main)
    away.send(written(tmp_path / "there", b"older"))
    home.fetch_all(tmp_path / "home", main.user_attrs)
    away.send(written(tmp_path / "there", b"newer"))
    assert home.fetch_all(tmp_path / "home", main.user_attrs) == [NAME]
    assert (tmp_path / "home" / NAME).read_bytes() == b"newer"


def test_a_model_that_was_trained_on_at_home_is_not_replaced_by_the_older(
    main: optuna.Study, tmp_path: Path
) -> None:
    SentFiles(main, away=True).send(written(tmp_path / "there", b"older"))
    SentFiles(main).fetch_all(tmp_path / "home", main.user_attrs)
    SentFiles(main).send(written(tmp_path / "home", b"newer"))
    assert SentFiles(main).fetch_all(tmp_path / "home", main.user_attrs) == []
    assert (tmp_path / "home" / NAME).read_bytes() == b"newer"


def test_what_lies_at_home_is_not_sent(main: optuna.Study, tmp_path: Path) -> None:
    SentFiles(main).send(written(tmp_path / "home", b"model"))
    assert optuna.get_all_study_names(main._storage) == ["q10"]
    assert main.user_attrs == {StudyKey.SCHEMA: 2}


def test_a_worker_takes_a_model_of_another(main: optuna.Study, tmp_path: Path) -> None:
    SentFiles(main, away=True).send(written(tmp_path / "there", b"model"))
    assert SentFiles(main, away=True).fetch(tmp_path / "other" / NAME)
    assert not SentFiles(main, away=True).fetch(tmp_path / "other" / "trial-0004.keras")
    assert [f.name for f in (tmp_path / "other").iterdir()] == [NAME]


def test_pieces_are_cleared_of_what_has_arrived_alone(main: optuna.Study, tmp_path: Path) -> None:
    away, home = SentFiles(main, away=True), SentFiles(main)
    away.send(written(tmp_path / "there", b"first"))
    home.fetch_all(tmp_path / "home", main.user_attrs)
    away.send(written(tmp_path / "there", b"second", "trial-0004.keras"))
    home.clear(tmp_path / "home")
    assert home.fetch_all(tmp_path / "home", main.user_attrs) == ["trial-0004.keras"]
    stored = optuna.load_study(study_name="q10/files", storage=main._storage).user_attrs
    assert sorted(map(bool, stored.values())) == [False, True]
    assert not away.fetch(tmp_path / "other" / NAME)


def test_the_study_of_pieces_is_none_of_a_users(main: optuna.Study, tmp_path: Path) -> None:
    SentFiles(main, away=True).send(written(tmp_path / "there", b"model"))
    assert study_names(main._storage) == ["q10"]
