"""``tuner search``: what it hands on, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.helpers import fakes
from tuner import api
from tuner.cli import main
from tuner.records.studies import StudyRecord
from tuner.sessions.progress import RunProgress
from tuner.sessions.result import Result


def fake_search(status: str, seen: dict):
    def search(study, *, watcher, **options):
        seen.update(options, study=study)
        made = fakes.make_study() if status == "not_met" else fakes.make_search()
        record = StudyRecord.of(made)
        run = RunProgress(9, 0, 2, 10.0, None, "sqlite:///x.db")
        watcher.notice("CIFAR-10 is not here.", banner=True)
        watcher.started(record, run)
        watcher.updated(record, run)
        result = Result(status, record, run, Path("tuner-results/q10"), "tuner search q10")
        watcher.finished(result)
        return result

    return search


@pytest.mark.parametrize(
    ("status", "code"), [("met", 0), ("complete", 0), ("not_met", 1), ("interrupted", 130)]
)
@pytest.mark.parametrize("mode", [[], ["--json"], ["--no-live"]])
def test_search_ends_with_the_code_of_its_status(status, code, mode, capsys, monkeypatch):
    monkeypatch.setattr(api, "search", fake_search(status, {}))
    assert main(["search", "q10", *mode]) == code
    captured = capsys.readouterr()
    assert "CIFAR-10 is not here." in captured.err
    if mode == ["--json"]:
        events = [json.loads(line)["event"] for line in captured.out.splitlines()]
        assert events == ["notice", "started", "finished"]


def test_search_passes_on_what_was_typed(monkeypatch):
    seen: dict = {}
    monkeypatch.setattr(api, "search", fake_search("met", seen))
    line = (
        "search q10 --trials 7 --timeout 1h30m --data a --data b --workers 3 --seed 5 --target .7 "
        "--margin 0 --minimize macs --sampler tpe --pruner none --no-reference "
        "--prove none --results r --name again --artifacts s3://bucket/a"
    )
    assert main(line.split()) == 0
    assert seen == {
        "study": "q10", "trials": 7, "more": None, "timeout": 5400.0, "data": ["a", "b"],
        "warm_start": None, "relabel": False, "accept_duplicates": False,
        "workers": 3, "seed": 5, "target": 0.7, "margin": 0.0,
        "minimize": "macs",
        "sampler": "tpe", "pruner": "none", "reference": False, "prove": "none",
        "results": Path("r"), "storage": None, "name": "again", "on": None, "log": (),
        "artifacts": "s3://bucket/a",
    }  # fmt: skip
