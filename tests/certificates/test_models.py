"""Whole proofs of models with real trainings on images of eight pixels."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.trial import FrozenTrial

from tests.helpers import tiny
from tuner import api, data, load_study, search
from tuner.certificates.bounds import binomial_bound
from tuner.certificates.looks import budget_left, level_of_next
from tuner.certificates.models import ModelProofs
from tuner.cli import main
from tuner.data.dataset import TEST, x_file, y_file
from tuner.exports.source import find_source
from tuner.records.epochs import read_history
from tuner.records.keys import TrialKey
from tuner.records.model_certificates import ModelCertificate
from tuner.records.studies import StudyRecord
from tuner.sessions.result import Result
from tuner.storages.opening import default_url

HORIZON = 6


def found_in(folder: Path, **options: Any) -> Result:
    """A small search, its results in ``out``."""
    file = str(folder / "tiny.toml")
    if not Path(file).is_file():
        tiny.write(folder, target=0.8, horizon=HORIZON)
    options = {"results": folder / "out", "trials": 3, "workers": 1, "pruner": "none", **options}
    return search(file, **options)


@pytest.fixture(scope="module")
def proven(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """A search that has proven the model that it found."""
    folder = tmp_path_factory.mktemp("proven")
    return folder, found_in(folder, prove="model")


@pytest.mark.slow
def test_the_model_is_trained_on_to_its_schedules_end_and_tested_once(
    proven: tuple[Path, Result],
) -> None:
    folder, result = proven
    best, found = result.best, result.model_certificate
    assert result.status == "met" and best is not None and found is not None
    assert found.certified and found.trial == best.number
    assert (found.met_after, found.epochs) == (best.epochs, HORIZON)
    assert found.trained == HORIZON - best.epochs
    looks = sorted(result.record.model_certificates.values(), key=lambda c: c.look)
    earlier = [c.certified for c in looks[:-1]]
    assert looks[-1] == found and found.look == len(looks) and not any(earlier)
    assert (found.test_size, found.level) == (60, level_of_next(earlier))
    assert found.left == budget_left([*earlier, True])
    correct = round(found.measured * 60)
    assert found.bound == pytest.approx(binomial_bound(correct, 60, found.level))
    assert found.confusion is not None and np.trace(np.array(found.confusion)) == correct
    assert result.certificate is None, "the recipe was not asked for"
    # Of what was trained for the search it went on, and trained no epoch twice.
    proof = proof_of(folder, best.number)
    assert proof.user_attrs[TrialKey.TAKEN_OVER] == best.epochs
    assert [e.epoch for e in read_history(proof.user_attrs)] == list(range(1, HORIZON + 1))
    # Nothing of it is needed any more.
    assert not list((folder / "out" / "tiny" / "checkpoints").glob(f"*{best.number:04d}*"))


@pytest.mark.slow
def test_the_smallest_is_proven_before_the_search_goes_on(proven: tuple[Path, Result]) -> None:
    folder, result = proven
    trials = [t for t in result.record.trials if t.outcome in ("reached", "missed")]
    first, proof = trials[0], proof_of(folder, trials[0].number)
    assert first.outcome == "reached" and first.ended is not None and trials[1].started is not None
    assert proof.datetime_start is not None and proof.datetime_complete is not None
    assert first.ended <= proof.datetime_start < proof.datetime_complete <= trials[1].started


@pytest.mark.slow
def test_the_file_named_in_every_place_is_the_one_that_was_proven(
    proven: tuple[Path, Result], capsys: pytest.CaptureFixture[str]
) -> None:
    import keras

    folder, result = proven
    found = result.model_certificate
    assert found is not None and result.model_file is not None
    assert hashlib.sha256(result.model_file.read_bytes()).hexdigest() == found.sha256
    assert result.model_file.name == found.model_file
    images = data.resolve(str(folder / "images.npz"))
    x, y = images.test()
    scores = keras.models.load_model(result.model_file, compile=False).predict(x, verbose=0)
    assert np.mean(scores.argmax(axis=1) == y) == pytest.approx(found.measured)
    results = ["--results", str(folder / "out")]
    assert main(["best", "tiny", "--json", *results]) == 0
    best = json.loads(capsys.readouterr().out)
    assert best["model_file"] == str(result.model_file)
    assert best["proof"]["model"]["sha256"] == found.sha256
    for kind, verdict in (("model", "certified"), ("recipe", None)):
        assert best["proof"][kind]["verdict"] == verdict
        assert {"bound", "level"} <= set(best["proof"][kind])
    assert main(["best", "tiny", *results]) == 0
    assert found.model_file in "".join(capsys.readouterr().out.split())  # a long path is folded
    record = StudyRecord.of(load_study("tiny", results=folder / "out"))
    assert find_source(record, folder / "out" / "tiny", None).file == result.model_file
    assert main(["report", "tiny", *results]) == 0
    page = next((folder / "out").rglob("*.html")).read_text()
    assert found.model_file in page and found.sha256[:12] in page


@pytest.mark.slow
def test_a_training_that_went_on_equals_one_that_was_never_stopped(
    proven: tuple[Path, Result], tmp_path: Path
) -> None:
    import keras

    folder, result = proven
    best, found = result.best, result.model_certificate
    assert best is not None and found is not None and result.model_file is not None
    proof = proof_of(folder, best.number)
    # The same proof anew, with no checkpoint to go on from: it is trained from its first epoch.
    whole = proven_again(folder, tmp_path, best.number)
    again = proof_of(tmp_path, best.number)
    assert TrialKey.TAKEN_OVER not in again.user_attrs
    numbers = [
        [(e.loss, e.val_loss, e.val_measured) for e in read_history(t.user_attrs)]
        for t in (proof, again)
    ]
    assert numbers[0] == numbers[1]
    assert (whole.measured, whole.look) == (found.measured, 1)
    one, other = (
        keras.models.load_model(f, compile=False).get_weights()
        for f in (result.model_file, tmp_path / "out" / "tiny" / found.model_file)
    )
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def proof_of(folder: Path, number: int) -> FrozenTrial:
    """The proof of a trial's model."""
    proofs = ModelProofs(load_study("tiny", results=folder / "out")).trials()
    return next(t for t in proofs if t.user_attrs[TrialKey.CELL]["trial"] == number)


def proven_again(folder: Path, copy: Path, number: int) -> ModelCertificate:
    """The certificate of the same model, made anew where its first proof left nothing behind."""
    shutil.copytree(folder / "out", copy / "out")
    with contextlib.closing(sqlite3.connect(copy / "out" / "tuner.db")) as database:
        forget = "DELETE FROM study_user_attributes WHERE key LIKE 'model_certificate:%'"
        database.execute(forget)
        database.commit()
    storage = default_url(copy / "out")
    optuna.delete_study(study_name="tiny/models", storage=storage)
    shown = api.certify("tiny", trial=number, prove="model", results=copy / "out", workers=1)
    assert shown.model is not None and shown.recipe is None
    return shown.model


@pytest.mark.slow
def test_no_test_image_is_read_outside_of_a_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TUNER_CACHE", str(tmp_path / "cache"))
    tiny.write(tmp_path, target=0.8, horizon=HORIZON)
    folder = data.resolve(str(tmp_path / "images.npz")).folder
    for name in (x_file(TEST), y_file(TEST)):
        file = folder / name
        file.write_bytes(bytes(file.stat().st_size))  # whoever reads it will know
    result = found_in(tmp_path, prove="none")
    assert result.status == "met" and result.model_certificate is None
    results = ["--results", str(tmp_path / "out")]
    for line in (["best", "tiny"], ["trials", "tiny"], ["status", "tiny"], ["report", "tiny"]):
        assert main([*line, *results]) == 0
    output = str(tmp_path / "tiny.keras")
    typed = ["export", "tiny", "--format", "keras", "--output", output, "--json", *results]
    assert main(typed) == 0
    measured = json.loads(capsys.readouterr().out.splitlines()[-1])["measured"]
    assert measured["which"] == "validation" and measured["accuracy"] >= 0.8
    study = load_study("tiny", results=tmp_path / "out")
    assert not StudyRecord.of(study).model_certificates
