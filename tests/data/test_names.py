"""Files and folders may be called anything; what is called after them can always be stored."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.helpers import images, tiny
from tuner.data import resolve
from tuner.sessions.plan import plan
from tuner.sessions.watcher import Silent
from tuner.sessions.wish import LONGEST_NAME, Wish, shortened

ODD = {
    "a%20b": "a%20b",
    "a?b": "a?b",
    "a#b;c&d": "a#b;c&d",
    "a b": "a b",
    "größe 猫": "größe 猫",
    "-x": "-x",
    "a@b+c": "a@b+c",
    "a=b": "a=b",
    "'\"$(x)`": "'\"$(x)`",
    "a\nb": "a_b",
    "a\x1b[31mb": "a_[31mb",
    os.fsdecode(b"a\xffb"): "a_b",
    "a\\b": "a_b",
    "x" * 200: "x" * 100,
    " ": "data",
}


@pytest.mark.parametrize(("given", "name"), ODD.items(), ids=map(ascii, ODD))
@pytest.mark.parametrize("layout", ["npz", "folder"])
def test_a_data_set_is_called_after_its_file(
    given: str, name: str, layout: str, tmp_path: Path, cache: Path
) -> None:
    if layout == "npz":
        source = images.write_npz(tmp_path / f"{given}.npz")
    else:
        source = images.write_folder(tmp_path / given)
    data = resolve(source, cache=cache)
    assert data.name == name
    assert resolve(source, cache=cache) == data


@pytest.mark.parametrize("given", ODD, ids=map(ascii, ODD))
def test_a_study_is_planned_on_it_and_found_again(
    given: str, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUNER_CACHE", str(cache))
    study = tiny.write(tmp_path)
    (tmp_path / "images.npz").rename(tmp_path / f"{given}.npz")
    wish = Wish(
        study=str(study), data=(str(tmp_path / f"{given}.npz"),), trials=None, more=None, seed=0,
        storage=None, results=tmp_path / "out", target=None, margin=None, minimize=None,
    )  # fmt: skip
    first, again = plan(wish, Silent()), plan(wish, Silent())
    assert first.study.study_name == again.study.study_name == shortened(f"tiny@{ODD[given]}")
    assert len(first.study.study_name) <= LONGEST_NAME
    assert first.orders.data == again.orders.data
    assert first.folder.parent == (tmp_path / "out").resolve()
