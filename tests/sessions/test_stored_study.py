"""A study that version 0.1.0 stored is read, continued and reported."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pytest

from tuner import certify, load_study, search
from tuner.cli import main
from tuner.records.studies import StudyRecord

STORED = Path(__file__).parents[1] / "fixtures" / "version-0.1"
NAME = "shades@images"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stored study where its user would have it: in the current folder."""
    for name in ("shades.toml", "images.npz"):
        shutil.copy(STORED / name, tmp_path)
    models = tmp_path / "tuner-results" / NAME
    models.mkdir(parents=True)
    shutil.copy(STORED / "trial-0010.keras", models)
    packed = (STORED / "tuner.db.gz").read_bytes()
    (tmp_path / "tuner-results" / "tuner.db").write_bytes(gzip.decompress(packed))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_is_read(folder: Path) -> None:
    record = StudyRecord.of(load_study("shades"))
    assert record.name == NAME
    assert (record.target, record.horizon, record.minimize) == (0.85, 40, "size")
    outcomes = [t.outcome for t in record.trials]
    assert len(outcomes) == 11 and len(record.trained) == 10
    assert outcomes.count("gated") == 1
    best, reference = record.incumbent, record.reference
    assert best is not None and reference is not None
    assert (best.number, best.size, best.total_size, best.epochs) == (10, 210, 216, 18)
    assert (reference.number, reference.size) == (0, 2_179)
    assert best.val_measured == pytest.approx(0.8778, abs=1e-4)
    assert best.shortfall is not None and best.shortfall <= 0
    verdicts = {number: c.verdict for number, c in record.certificates.items()}
    assert verdicts == {3: "certified", 8: "refuted", 9: "certified", 10: "certified"}
    certificate = record.certificate
    assert certificate is not None and certificate.at_least() == 0.876


def test_it_is_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status"]) == 0
    assert "210" in capsys.readouterr().out
    assert main(["best", "shades", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["best"]["size"] == 210
    assert main(["trials", "shades", "--csv"]) == 0
    assert len(capsys.readouterr().out.splitlines()) >= 1 + 10
    assert main(["report", "shades", "--output", "report.html"]) == 0
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "210" in page and "2,179" in page and "certified" in page


@pytest.mark.slow
def test_it_is_continued(folder: Path) -> None:
    before = StudyRecord.of(load_study(NAME))
    result = search("shades.toml", data="images.npz", trials=12, workers=2)
    record = result.record
    assert record.name == NAME and len(record.trained) == 12
    assert [t.number for t in record.trials[:11]] == [t.number for t in before.trials]
    assert [t.size for t in record.trials[:11]] == [t.size for t in before.trials]
    assert {3, 8, 9, 10} <= set(record.certificates)
    best = record.incumbent
    assert best is not None and best.size is not None and best.size <= 210
    assert result.model_file is not None and result.model_file.is_file()


@pytest.mark.slow
def test_a_trial_without_a_certificate_gets_one(folder: Path) -> None:
    record = StudyRecord.of(load_study(NAME))
    (number,) = [
        t.number for t in record.trials if t.reached and t.number not in record.certificates
    ] or [10]
    found = certify(NAME, trial=number, prove="recipe", seeds=3, workers=2).recipe
    assert found is not None and found.trial == number
