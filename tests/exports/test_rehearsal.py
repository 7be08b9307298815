"""That nothing of a space can be exported is known before its search has trained anything."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tuner.exports import rehearsal
from tuner.exports.rehearsal import Rehearsal

SINGULAR = """
import keras
from keras import layers


class Singular(layers.Layer):
    def call(self, x):
        return keras.ops.svd(x, compute_uv=False)

    def compute_output_shape(self, shape):
        return (shape[0], shape[1])


def build(hp):
    middle = [layers.Reshape((8, 8)), Singular(name="values")] if HARD else [layers.Flatten()]
    end = layers.Dense(hp.Int("units", 3, 9))
    return keras.Sequential([keras.Input((None, None, 1)), layers.Rescaling(1 / 255), *middle, end])
"""


def _space(folder: Path, *, hard: bool) -> dict:
    file = folder / "space.py"
    text = SINGULAR.replace("HARD", str(hard)).replace("(None, None, 1)", "(8, 8, 1)")
    file.write_text(text)
    return {
        "spec": f"{file}:build",
        "input_shape": [8, 8, 1],
        "num_classes": 3,
        "train_size": 100,
        "horizon": 4,
        "options": {},
    }


def _news(tried: Rehearsal) -> list[str]:
    child = tried._child
    assert child is not None
    while child.code is None:
        assert tried.news() == []
        time.sleep(0.1)
    return list(tried.news())


@pytest.fixture(autouse=True)
def _wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNER_TRY_EXPORT", "1")


@pytest.mark.slow
def test_what_a_format_cannot_hold_is_told_once(tmp_path: Path) -> None:
    tried = Rehearsal(_space(tmp_path, hard=True))
    lines = _news(tried)
    assert len(lines) == len(rehearsal.formats()) > 0
    for line in lines:
        assert line.startswith("what this search finds cannot be exported as it is: the model ")
        assert "has no operator for Svd, which layer 'values' needs" in line
    assert tried.news() == []


@pytest.mark.slow
def test_nothing_is_said_of_what_can_be_exported_or_cannot_be_built(tmp_path: Path) -> None:
    assert _news(Rehearsal(_space(tmp_path, hard=False))) == []
    broken = _space(tmp_path, hard=False)
    (tmp_path / "space.py").write_text("raise ValueError('not today')")
    assert _news(Rehearsal(broken)) == []


def test_it_ends_with_the_search(tmp_path: Path) -> None:
    tried = Rehearsal(_space(tmp_path, hard=True))
    child = tried._child
    assert child is not None
    tried.stop()
    assert child.code is not None
    assert tried.news() == []


def test_it_is_tried_only_where_it_is_worth_something(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = _space(tmp_path, hard=True)
    assert Rehearsal({**own, "spec": "search_spaces.cnn:ConvSpace"})._child is None
    monkeypatch.setattr(rehearsal, "can_convert", lambda _: False)
    assert Rehearsal(own)._child is None
    monkeypatch.undo()
    monkeypatch.setenv("TUNER_TRY_EXPORT", "0")
    assert Rehearsal(own)._child is None
