"""What is said of data before anybody trusts it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.data.sources.test_arrays import AMOUNTS, OWN, WINDOWS, write
from tests.helpers import images
from tests.helpers.shown import drawn
from tuner.data import look, resolve
from tuner.views.catalog import data_view


def test_sizes_and_shares_of_classes(tmp_path: Path, cache: Path) -> None:
    data = resolve(write(tmp_path, **OWN), cache=cache)
    fields = {
        **look.facts_of(data),
        "classes": list(data.classes),
        "train_size": data.train_size,
        "validation_size": data.validation_size,
        "test_size": data.test_size,
    }
    assert look.parts_line(fields) == (
        "400 training, 50 validation (its own) and 100 test examples, 12x3 numbers (float32)"
    )
    assert look.answers_line(fields) == (
        "2 classes, the largest '0' 90.0 %, the smallest '1' 10.0 % of those to learn from"
    )
    assert look.class_rows(fields) == ["0: 380 + 25 + 95", "1: 20 + 25 + 5"]


def test_amounts_and_what_a_constant_is_off_by(tmp_path: Path, cache: Path) -> None:
    data = resolve(write(tmp_path, AMOUNTS), cache=cache)
    line = look.answers_line(look.facts_of(data))
    y = AMOUNTS["y_train"]
    assert line == (
        f"amounts, from {y.min():.4g} to {y.max():.4g}, mean {y.mean():.4g}; "
        f"a constant is off by {y.std():.4g} (RMSE)"
    )


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_verb_shows_it(tmp_path: Path, cache: Path) -> None:
    data = resolve(write(tmp_path, sample_weight_train=np.ones(400)), cache=cache)
    shown = drawn(data_view(data))
    assert "the largest '0' 95.0 %" in shown
    assert "12x3 numbers (float32)" in shown and "height x width" not in shown
    assert "training + validation + test: 0: 342 + 38 + 95; 1: 18 + 2 + 5" in shown
    assert "given: how much each example counts in training" in shown
    assert WINDOWS["x_train"].shape[1:] == data.kind.shape


def test_a_version_before_counted_no_classes(tmp_path: Path, cache: Path) -> None:
    import dataclasses

    data = resolve(images.write_npz(tmp_path / "toys.npz"), cache=cache)
    older = dataclasses.replace(data, answered={})
    assert look.facts_of(older)["answered"] == {"learning": [20, 20]}
    fields = {**look.facts_of(older), "classes": ["0", "1"]}
    assert look.answers_line(fields) == "2 classes, 20 of each to learn from"
