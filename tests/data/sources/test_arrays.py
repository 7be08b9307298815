"""Arrays of any shape and type, and what stands beside them: names, groups, weights, classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers import images
from tuner.data import notes_on, resolve
from tuner.data.kinds import ArrayKind, ImageKind

RNG = np.random.default_rng(0)
WINDOWS = {
    "x_train": RNG.normal(size=(400, 12, 3)),
    "y_train": (np.arange(400) % 20 == 0).astype(int),
    "x_test": RNG.normal(size=(100, 12, 3)),
    "y_test": (np.arange(100) % 20 == 0).astype(int),
}
AMOUNTS = {
    **WINDOWS,
    "y_train": RNG.gamma(1.0, size=400) * 100,
    "y_test": RNG.gamma(1.0, size=100) * 100,
}
OWN = {"x_val": RNG.normal(size=(50, 12, 3)), "y_val": np.arange(50) % 2}


def write(folder: Path, base: dict[str, Any] = WINDOWS, **changes: Any) -> str:
    np.savez(folder / "any.npz", **{**base, **changes})
    return str(folder / "any.npz")


@pytest.mark.parametrize(
    ("shape", "dtype", "kind"),
    [
        ((12, 3), "float64", ArrayKind((12, 3), "float32")),
        ((7,), "float16", ArrayKind((7,), "float32")),
        ((4, 5, 6), "int16", ArrayKind((4, 5, 6), "int16")),
        ((4, 5, 6, 2), "uint8", ArrayKind((4, 5, 6, 2), "uint8")),
        ((8, 8, 5), "uint8", ArrayKind((8, 8, 5), "uint8")),
        ((8, 8, 3), "uint8", ImageKind((8, 8, 3))),
        ((8, 9), "uint8", ImageKind((8, 9, 1))),
        ((20,), ">i4", ArrayKind((20,), "int32")),
        ((), "float32", ArrayKind((1,), "float32")),
    ],
)
def test_any_shape_and_type_is_kept_as_given(
    shape: tuple[int, ...], dtype: str, kind: Any, tmp_path: Path, cache: Path
) -> None:
    numbers = {
        n: RNG.integers(0, 100, (count, *shape)) for n, count in (("x_train", 400), ("x_test", 100))
    }
    given = {name: array.astype(dtype) for name, array in numbers.items()}
    data = resolve(write(tmp_path, **given), cache=cache)
    assert data.kind == kind
    x, y = data.test()
    np.testing.assert_array_equal(np.reshape(x, numbers["x_test"].shape), numbers["x_test"])
    assert x.dtype.name == kind.dtype and x.dtype.isnative and y.dtype == np.int64


def test_amounts_are_split_by_their_quantiles(tmp_path: Path, cache: Path) -> None:
    data = resolve(write(tmp_path, AMOUNTS), cache=cache)
    assert (data.task, data.classes, data.outputs, data.num_outputs) == ("regression", (), 1, 1)
    y, held = data.train()[1], data.validation()[1]
    assert (y.dtype, len(y), len(held)) == (np.float32, 360, 40)
    edges = np.quantile(AMOUNTS["y_train"], np.linspace(0, 1, 11))
    counts = np.histogram(held, edges)[0]
    assert counts.min() >= 3 and counts.max() <= 5
    assert data.answered["mean"] == pytest.approx(AMOUNTS["y_train"].mean(), rel=1e-5)
    assert data.output_normalization["mean"] == [pytest.approx(float(y.mean()), rel=1e-5)]


def test_amounts_of_several_numbers(tmp_path: Path, cache: Path) -> None:
    several = {"y_train": RNG.normal(size=(400, 3)), "y_test": RNG.normal(size=(100, 3))}
    data = resolve(write(tmp_path, **several), cache=cache)
    assert (data.outputs, data.train()[1].shape, data.test()[1].shape) == (3, (360, 3), (100, 3))


def test_whole_numbers_as_floats_are_a_question_that_a_note_answers(
    tmp_path: Path, cache: Path
) -> None:
    floats = {name: WINDOWS[name].astype(float) for name in ("y_train", "y_test")}
    data = resolve(write(tmp_path, **floats), cache=cache)
    assert data.task == "regression"
    (note,) = notes_on(data)
    assert "any.npz: y_train holds 2 different whole numbers as floats (0, 1)" in note
    assert "taken for amounts (regression); for classes save y_train.astype(int)" in note


def test_false_and_true_are_the_classes_0_and_1(tmp_path: Path, cache: Path) -> None:
    booleans = {name: WINDOWS[name].astype(bool) for name in ("y_train", "y_test")}
    data = resolve(write(tmp_path, **booleans), cache=cache)
    assert (data.task, data.classes) == ("classification", ("0", "1"))
    np.testing.assert_array_equal(data.test()[1], WINDOWS["y_test"])


@pytest.mark.parametrize("kind", ["U", "S"])
def test_text_names_classes(kind: str, tmp_path: Path, cache: Path) -> None:
    names = np.array(["walk", "fall"])
    text = {name: names[WINDOWS[name]].astype(kind) for name in ("y_train", "y_test")}
    data = resolve(write(tmp_path, **text), cache=cache)
    assert data.classes == ("fall", "walk")
    np.testing.assert_array_equal(data.test()[1], 1 - WINDOWS["y_test"])


def test_class_names_of_their_own(tmp_path: Path, cache: Path) -> None:
    data = resolve(write(tmp_path, classes=np.array(["no", "yes"])), cache=cache)
    assert data.classes == ("no", "yes")
    np.testing.assert_array_equal(data.test()[1], WINDOWS["y_test"])


@pytest.mark.parametrize(
    "names",
    [
        ("train_images", "train_labels", "test_images", "test_labels"),
        ("X_train", "Y_train", "X_test", "Y_test"),
        ("xtrain", "ytrain", "xtest", "ytest"),
        ("training_data", "training_targets", "testing_data", "testing_targets"),
    ],
)
def test_other_names_in_use_are_found(names: tuple[str, ...], tmp_path: Path, cache: Path) -> None:
    np.savez(tmp_path / "other.npz", **dict(zip(names, WINDOWS.values(), strict=True)))
    plain = resolve(write(tmp_path), cache=cache)
    other = resolve(str(tmp_path / "other.npz"), cache=cache)
    assert other.hash == plain.hash and not notes_on(other)


def test_what_is_not_used_is_named(tmp_path: Path, cache: Path) -> None:
    (note,) = notes_on(resolve(write(tmp_path, extra=np.zeros(3)), cache=cache))
    assert note.startswith("any.npz: extra is not used")


@pytest.mark.parametrize("name", ["val", "valid", "validation"])
def test_an_own_validation_set_is_used_whole(name: str, tmp_path: Path, cache: Path) -> None:
    own = {f"x_{name}": OWN["x_val"], f"y_{name}": OWN["y_val"]}
    data = resolve(write(tmp_path, **own), cache=cache)
    assert data.own_validation
    assert (data.train_size, data.validation_size, data.test_size) == (400, 50, 100)
    x, y = data.validation()
    np.testing.assert_array_equal(x, OWN["x_val"].astype(np.float32))
    np.testing.assert_array_equal(y, OWN["y_val"])
    assert len(data.learning()[1]) == 450
    assert data.hash != resolve(write(tmp_path), cache=cache).hash


def test_validation_examples_that_are_training_examples_are_told(
    tmp_path: Path, cache: Path
) -> None:
    shared = {"x_val": WINDOWS["x_train"][:50], "y_val": WINDOWS["y_train"][:50]}
    (note,) = notes_on(resolve(write(tmp_path, **shared), cache=cache))
    assert "50 of 50 validation examples (100.0 %) are also training ones" in note


def test_a_rare_class_needs_no_ten_examples_beside_an_own_validation_set(
    tmp_path: Path, cache: Path
) -> None:
    rare = {"y_train": (np.arange(400) < 3).astype(int)}
    assert resolve(write(tmp_path, **OWN, **rare), cache=cache).train_size == 400


@pytest.mark.parametrize("base", [WINDOWS, AMOUNTS], ids=["classes", "amounts"])
@pytest.mark.parametrize("kind", [int, str])
def test_groups_are_never_divided(
    base: dict[str, Any], kind: type, tmp_path: Path, cache: Path
) -> None:
    groups = np.repeat(np.arange(40), 10).astype(kind)
    data = resolve(write(tmp_path, base, groups_train=groups), cache=cache)
    place = {x.tobytes(): g for x, g in zip(base["x_train"].astype("f4"), groups, strict=True)}
    sides = [{place[x.tobytes()] for x in part[0]} for part in (data.train(), data.validation())]
    assert not sides[0] & sides[1] and len(sides[0] | sides[1]) == 40
    assert 30 <= data.validation_size <= 50
    if data.task == "classification":
        assert 1 <= data.validation()[1].sum() <= 4  # a tenth of 20


def test_weights_follow_their_examples(tmp_path: Path, cache: Path) -> None:
    weights = np.linspace(0.5, 2, 400)
    data = resolve(write(tmp_path, sample_weight_train=weights), cache=cache)
    place = {x.tobytes(): w for x, w in zip(WINDOWS["x_train"].astype("f4"), weights, strict=True)}
    for part, (x, _) in (("train", data.train()), ("validation", data.validation())):
        found = data.weights(part)  # type: ignore[arg-type]
        assert found is not None and found.dtype == np.float32
        np.testing.assert_allclose(found, [place[each.tobytes()] for each in x])
    assert data.weights("test") is not None and (data.weights("test") == 1).all()
    assert resolve(write(tmp_path), cache=cache).weights("train") is None


def test_numbers_are_known_for_their_mean_and_spread(tmp_path: Path, cache: Path) -> None:
    x = RNG.normal(size=(400, 6, 6, 2)) * [3, 0.1] + [1000, -5]
    data = resolve(write(tmp_path, x_train=x, x_test=x[:100] + 0.5), cache=cache)
    assert data.normalization["mean"] == pytest.approx([1000, -5], abs=0.1)
    assert data.normalization["deviation"] == pytest.approx([3, 0.1], rel=0.05)
    assert resolve(images.write_npz(tmp_path / "b.npz"), cache=cache).normalization is None


def test_a_narrow_range_is_warned_of(tmp_path: Path, cache: Path) -> None:
    narrow = {name: np.abs(WINDOWS[name]) % 1 / 255 for name in ("x_train", "x_test")}
    (note,) = notes_on(resolve(write(tmp_path, **narrow), cache=cache))
    assert "as if they had been divided by 255 twice: divide once, if so" in note


def test_a_folder_of_arrays_is_read_as_the_file(tmp_path: Path, cache: Path) -> None:
    for name, array in {**WINDOWS, **OWN}.items():
        np.save(tmp_path / f"{name}.npy", array)
    (tmp_path / "file").mkdir()
    data = resolve(str(tmp_path), cache=cache)
    assert data.hash == resolve(write(tmp_path / "file", **OWN), cache=cache).hash
    assert data.own_validation
