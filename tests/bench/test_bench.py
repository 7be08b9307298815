"""`tuner bench` and the layout of workers that it leaves to searches."""

from __future__ import annotations

import io
import json
from pathlib import Path

import psutil
import pytest
from rich.console import Console

from tuner.basics import hardware
from tuner.bench import measurement
from tuner.bench.measurement import Pace
from tuner.cli import main
from tuner.launchers import backends, layouts, placement
from tuner.launchers.layouts import Setting
from tuner.records import words
from tuner.views.benchmark import benchmark_view

USUAL, WIDE, OFF = Setting(4, 1), Setting(1, 4), Setting(4, 1, onednn=False)


@pytest.fixture(autouse=True)
def _no_earlier_measurement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNER_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def four_cores(monkeypatch: pytest.MonkeyPatch) -> str:
    """The key of a machine with four cores, ample memory and no GPU."""

    class Memory:
        available = 64 * 2**30

    monkeypatch.setattr(placement, "gpus", list)
    monkeypatch.setattr(placement, "allowed_cpus", lambda: [0, 1, 2, 3])
    monkeypatch.setattr(psutil, "virtual_memory", Memory)
    facts = {"processor": "P", "cores": 4, "memory": 1, "gpus": 0, "system": "S"}
    monkeypatch.setattr(placement, "hardware", lambda: facts)
    return layouts.machine_key(facts)


def pace(setting: Setting, rate: float, size: int = 100) -> Pace:
    return Pace("cnn", size, 1_000, 50, setting, rate)


def test_the_usual_layout_is_tried_first_and_the_backends_own_second() -> None:
    assert measurement.settings(4)[:2] == [USUAL, WIDE]
    assert Setting(2, 2) in measurement.settings(4)
    assert OFF in measurement.settings(4)
    assert {s.onednn for s in measurement.settings(8, full=True) if s.threads == 4} == {True, False}
    one = Setting(1, 1)
    assert measurement.settings(1) == [
        one,
        Setting(1, 1, onednn=False),
        Setting(1, 1, bfloat16=True),
    ]


def test_the_fastest_over_all_models_is_chosen_unless_it_is_noise() -> None:
    assert measurement.fastest_of([pace(USUAL, 100), pace(WIDE, 150)]) == WIDE
    assert measurement.fastest_of([pace(USUAL, 100), pace(WIDE, 102)]) == USUAL
    assert (
        measurement.fastest_of([pace(USUAL, 100), pace(Setting(4, 1, bfloat16=True), 200)]) == USUAL
    )
    # Twice as fast on one model does not make up for a third of the speed on the other.
    both = [pace(USUAL, 100), pace(USUAL, 90, 7), pace(WIDE, 200), pace(WIDE, 30, 7)]
    assert measurement.fastest_of(both) == USUAL


def test_a_search_takes_the_layout_that_was_measured_for_its_family(four_cores: str) -> None:
    cnn, dense = "search_spaces.cnn:ConvSpace", "search_spaces.dense:DenseSpace"
    layouts.remember(four_cores, {"cnn": Setting(2, 2, onednn=False)})
    places = placement.placements("auto", 50, cnn)
    assert [p.cpus for p in places] == [(0, 1), (2, 3)]
    assert {p.environment()["OMP_NUM_THREADS"] for p in places} == {"2"}
    assert {p.environment()[backends.ONEDNN] for p in places} == {"0"}
    usual = placement.placements("auto", 50)
    assert placement.placements("auto", 50, dense) == usual
    assert placement.placements("auto", 50, "mine:ConvSpace") == usual
    assert len(placement.placements(3, 50, cnn)) == 3


def test_fewer_trials_than_the_measured_layout_has_workers(four_cores: str) -> None:
    layouts.remember(four_cores, {"cnn": Setting(2, 2)})
    assert len(placement.placements("auto", 1, "search_spaces.cnn:ConvSpace")) == 1


def test_measurements_of_other_machines_and_families_are_kept() -> None:
    layouts.remember("one", {"cnn": USUAL})
    layouts.remember("one", {"dense": WIDE})
    layouts.remember("two", {"cnn": OFF})
    assert layouts.remembered("one", "cnn") == USUAL
    assert layouts.remembered("one", "dense") == WIDE
    assert layouts.remembered("two", "cnn") == OFF
    assert layouts.remembered("two", "dense") is None


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"one": {"cnn": {"workers": "x"}}}', '{"one": 1}', '{"one": {"cnn": 2}}'],
)
def test_a_file_that_cannot_be_read_is_as_good_as_none(text: str) -> None:
    layouts.file().parent.mkdir(parents=True)
    layouts.file().write_text(text)
    assert layouts.remembered("one", "cnn") is None
    layouts.remember("one", {"cnn": USUAL})
    assert layouts.remembered("one", "cnn") == USUAL


@pytest.mark.slow
def test_this_machine_is_measured_and_remembered(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "dense", "--seconds", "0.2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {p["size"] for p in found["paces"]} == {37_006, 628_114}
    assert all(p["rate"] > 100 and p["of_limit"] > 0 for p in found["paces"])
    assert {"operations", "bytes"} == set(found["limits"])
    kept = layouts.remembered(layouts.machine_key(hardware.hardware()), "dense")
    assert kept == Setting(**found["fastest"]["dense"])
    assert Path(found["file"]) == layouts.file()


def test_a_cache_that_cannot_be_written_loses_no_measurement(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TUNER_CACHE", str(tmp_path / "file" / "cache"))
    facts = {"processor": "P", "cores": 4, "gpus": 0}
    limits: dict[measurement.Limit, float] = {"operations": 1e12, "bytes": 1e11}
    made = measurement.Benchmark(facts, USUAL, WIDE, limits, [pace(USUAL, 777.0)], {"cnn": USUAL})
    monkeypatch.setattr(measurement, "compare_layouts", lambda *_, **__: made)
    assert main(["bench"]) == 2
    said = capsys.readouterr()
    assert "777" in said.out
    assert "cannot be kept" in said.err and "TUNER_CACHE" in said.err


def test_the_table_fits_and_names_what_was_chosen(tmp_path: Path) -> None:
    tried = [USUAL, WIDE, OFF, Setting(4, 1, bfloat16=True)]
    paces = [pace(setting, 123_456.0 / n, 628_114) for n, setting in enumerate(tried, 1)]
    facts = {"processor": "P", "cores": 4, "gpus": 0}
    limits: dict[measurement.Limit, float] = {"operations": 1e12, "bytes": 1e11}
    found = measurement.Benchmark(facts, USUAL, WIDE, limits, paces, {"cnn": USUAL})
    console = Console(width=90, record=True, file=io.StringIO())
    console.print(benchmark_view(found, tmp_path / "speed.json"))
    text = console.export_text()
    for word in ("628,114", "123,456", "61,728", "oneDNN off", "bfloat16", "TensorFlow's", "P, 4"):
        assert word in text
    # 6 operations for each of 1,000 multiply-accumulates: less near than 20 bytes for each of 50.
    assert found.of_limit(paces[0]) == (123_456 * 20 * 50 / 1e11, "bytes")
    assert f"{words.percent(123_456 * 1_000 / 1e11, 0)} of bytes" in text


def test_an_unknown_family_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "cmn"]) == 2
    assert "no family is called 'cmn'; there are dense, cnn, resnet." in capsys.readouterr().err
