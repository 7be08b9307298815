"""``tuner data``, and what a search says of its data before it begins."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.helpers import images, tiny
from tests.helpers.shown import Heard
from tuner.cli import main
from tuner.records.keys import StudyKey
from tuner.sessions.plan import plan, plan_again
from tuner.sessions.watcher import Silent
from tuner.sessions.wish import Wish


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "400")


def wished(folder: Path, *, relabel: bool = False) -> Wish:
    return Wish(
        study=str(folder / "tiny.toml"), data=(), trials=None, more=None, seed=0, storage=None,
        results=folder / "out", target=None, margin=None, minimize=None, relabel=relabel,
    )  # fmt: skip


def test_the_verb_shows_notes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = images.arrays()
    floats = {key: given[key] / 255 for key in ("x_train", "x_test")}
    floats["x_test"][0] = floats["x_train"][0]
    assert main(["data", images.write_npz(tmp_path / "toys.npz", **floats)]) == 0
    shown = capsys.readouterr().out
    assert "x_train holds floats from 0 to 1, which models are given as they are" in shown
    assert "1 of 10 test examples (10.0 %) are also training examples" in shown


def test_the_verb_relabels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = images.arrays()
    changed = {key: given[key] + 1 for key in ("y_train", "y_test")}
    source = images.write_npz(tmp_path / "toys.npz", **changed)
    assert main(["data", source]) == 2
    assert "add --relabel" in capsys.readouterr().err
    assert main(["data", source, "--relabel"]) == 0
    assert "2: 1, 2" in capsys.readouterr().out


def test_a_search_says_it_before_it_begins_and_stores_it(tmp_path: Path) -> None:
    tiny.write(tmp_path)
    arrays = tiny.images()
    arrays["x_test"][:6] = arrays["x_train"][:6]
    np.savez(tmp_path / "images.npz", **arrays)
    heard = Heard()
    planned = plan(wished(tmp_path), heard)
    assert any("6 of 60 test images (10.0 %)" in notice for notice in heard.notices)
    (stored,) = planned.study.user_attrs[StudyKey.DATA].values()
    assert stored["shared"] == 6
    assert "relabel" not in stored
    heard = Heard()
    plan_again(
        planned.study.study_name, None, tmp_path / "out", None, heard, accept_duplicates=True
    )
    assert any("6 of 60 test images (10.0 %)" in notice for notice in heard.notices)


def test_a_search_on_relabelled_data_can_be_gone_on_with(tmp_path: Path) -> None:
    tiny.write(tmp_path)
    arrays = tiny.images()
    np.savez(tmp_path / "images.npz", **{**arrays, "y_train": arrays["y_train"] + 5,
                                         "y_test": arrays["y_test"] + 5})  # fmt: skip
    planned = plan(wished(tmp_path, relabel=True), Silent())
    (stored,) = planned.study.user_attrs[StudyKey.DATA].values()
    assert (stored["relabel"], stored["classes"]) == (True, ["5", "6", "7"])
    assert "--relabel" in planned.arguments
    again = plan_again(planned.study.study_name, None, tmp_path / "out", None, Silent())
    assert again.orders.data == planned.orders.data
    (reference,) = again.orders.data.values()
    assert reference["relabel"]
