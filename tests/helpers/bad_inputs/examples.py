"""Examples of any shape, amounts, groups, weights, validation sets and functions: all bad."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.helpers import images
from tests.helpers.bad_inputs.row import Make, Row

RNG = np.random.default_rng(0)
WINDOWS = {
    "x_train": RNG.normal(size=(60, 12, 3)),
    "y_train": np.arange(60) % 2,
    "x_test": RNG.normal(size=(20, 12, 3)),
    "y_test": np.arange(20) % 2,
}
AMOUNTS = {**WINDOWS, "y_train": RNG.normal(size=60), "y_test": RNG.normal(size=20)}
PAIR = {"x_val": WINDOWS["x_test"] + 1, "y_val": WINDOWS["y_test"]}


def _npz(base: dict[str, Any] = WINDOWS, without: str = "", **changes: Any) -> Make:
    def make(root: Path) -> Path:
        arrays = {**base, **changes}
        arrays.pop(without, None)
        np.savez(root / "any.npz", **arrays)
        return root / "any.npz"

    return make


def _with(name: str, index: int, value: float, base: dict[str, Any] = WINDOWS) -> dict[str, Any]:
    """One number of an array changed."""
    array = np.array(base[name], float)
    array[index] = value
    return {name: array}


def _npy(**changes: Any) -> Make:
    """Each array in a file of its own; None leaves one out."""

    def make(root: Path) -> Path:
        (root / "arrays").mkdir()
        for name, array in {**WINDOWS, **changes}.items():
            if array is not None:
                np.save(root / "arrays" / f"{name}.npy", array, allow_pickle=True)
        return root / "arrays"

    return make


def _folder(**parts: tuple[str, ...]) -> Make:
    """``train/`` and ``test/`` of two classes, and other parts of these classes."""

    def make(root: Path) -> Path:
        images.write_folder(root / "pets")
        for part, classes in parts.items():
            (root / "pets" / part).mkdir()
            for name in classes:
                (root / "pets" / part / name).mkdir()
                pixels = RNG.integers(0, 256, (6, 5, 3)).astype(np.uint8)
                (root / "pets" / part / name / "0.png").write_bytes(images.encode(pixels))
        return root / "pets"

    return make


def _parquet(*shards: str) -> Make:
    def make(root: Path) -> Path:
        images.write_parquet(root / "flat")
        for shard in shards:
            images.write_shard(root / "flat" / shard, [0, 1] * 5)
        return root / "flat"

    return make


def python(body: str, function: str = "load", *, called: bool = True) -> Make:
    """A file with a function of that body."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())

    def make(root: Path) -> str:
        file = root / "mydata.py"
        file.write_text(f"import numpy as np\n\n\ndef {function}():\n{lines}")
        return f"{file}:load" if called else str(file)

    return make


FLOATS = "rng = np.random.default_rng(0)\nx = rng.normal(size=(60, 4))\ny = np.arange(60) % 2\n"
STREAM = """class DatasetV2:
    def __init__(self, end):
        self.end = end
    def cardinality(self):
        return self.end
    def as_numpy_iterator(self):
        return iter([(np.ones((4, 2)), np.arange(4) % 2)] * self.end)
DatasetV2.__module__ = "tensorflow.data"
"""
GROUPS = np.arange(60) // 6

EXAMPLES: list[tuple[str, Make, str]] = [
    ("a gap", _npz(**_with("x_train", 7, np.nan)), "36 numbers of the training examples are NaN"),
    ("a gap, where", _npz(**_with("x_train", 7, np.nan)), "the first in example 7: fill them in"),
    ("an amount missing", _npz(AMOUNTS, **_with("y_train", 3, np.nan, AMOUNTS)), "1 are NaN or in"),
    ("one amount", _npz(AMOUNTS, y_train=np.full(60, 2.5)), "all training answers are 2.5; there"),
    ("amounts and classes", _npz(AMOUNTS, y_test=WINDOWS["y_test"]), "y_test int64: give both as"),
    (
        "amounts of two lengths",
        _npz(AMOUNTS, y_test=RNG.normal(size=(20, 2))),
        "training answers have the shape [] and test answers [2]; give as many numbers for each",
    ),
    (
        "amounts with class names",
        _npz(AMOUNTS, classes=np.array(["a", "b"])),
        "leave the classes o",
    ),
    (
        "few amounts",
        _npz(AMOUNTS, x_train=AMOUNTS["x_train"][:9], y_train=AMOUNTS["y_train"][:9]),
        "too few examples for a 10 % validation split: 9 training examples; give at least 10",
    ),
    (
        "text that training does not know",
        _npz(y_train=np.array(["a", "b"] * 30), y_test=np.array(["a", "c"] * 10)),
        "y_test holds the class 'c', which is not in y_train (a, b)",
    ),
    (
        "too few class names",
        _npz(classes=np.array(["a"])),
        "training label 1 of example 1 is out of",
    ),
    (
        "class names twice",
        _npz(classes=np.array(["a", "a"])),
        "class names repeat: a, a; give each",
    ),
    (
        "class names in a table",
        _npz(classes=np.zeros((2, 2))),
        "classes holds float64 of shape [2, 2",
    ),
    (
        "two that may be examples",
        _npz(without="x_train", train_images=WINDOWS["x_train"], train_data=WINDOWS["x_train"]),
        "and either may be x_train: leave one out, or call it x_train",
    ),
    (
        "a validation set without answers",
        _npz(x_val=PAIR["x_val"]),
        "misses y_val: it holds x_train",
    ),
    ("a validation set for test", _npz({**WINDOWS, **PAIR}, "x_test"), "misses x_test: it holds"),
    (
        "validation of another shape",
        _npz(**{**PAIR, "x_val": PAIR["x_val"][:, :5]}),
        "examples are 12x3 numbers (float32) and validation examples 5x3 numbers (float32); bring",
    ),
    (
        "a validation label without training",
        _npz(**{**PAIR, "y_val": PAIR["y_val"] + 4}),
        "validation label 4 of example 0 is out of range: 2 classes need labels 0 to 1",
    ),
    (
        "weights below 0",
        _npz(sample_weight_train=np.r_[-1.0, np.ones(59)]),
        "holds -1 for example 0",
    ),
    (
        "too few weights",
        _npz(sample_weight_train=np.ones(5)),
        "has shape [5] for 60 examples: give",
    ),
    (
        "no weight at all",
        _npz(sample_weight_train=np.zeros(60)),
        "is 0 for every example: nothing w",
    ),
    ("one group", _npz(groups_train=np.zeros(60, int)), "all training examples are of one group"),
    ("a class of one group", _npz(groups_train=np.arange(60) % 2), "class '0' is in one group of"),
    ("groups of fractions", _npz(groups_train=GROUPS / 2), "holds float64: give a whole number or"),
    ("times", _npz(x_train=np.arange(60).astype("datetime64[s]")), "astype('int64') makes numbers"),
    (
        "a folder without an array",
        _npy(y_train=None),
        "misses y_train: it holds x_test, x_train, y_",
    ),
    (
        "objects in a folder",
        _npy(x_train=np.array([{}] * 60)),
        "(it holds Python objects, or is no",
    ),
    (
        "two validation folders",
        _folder(val=("cat", "dog"), valid=("cat",)),
        "has valid/ and val/, and",
    ),
    (
        "a validation class of its own",
        _folder(val=("cat", "cow")),
        "that train/ has not: cow; give b",
    ),
    (
        "an empty validation folder",
        _folder(validation=()),
        "holds no images: put each class in its own folder, or",
    ),
    (
        "a missing validation shard",
        _parquet("validation-00000-of-00003.parquet"),
        "has 1 of 3 validation shards: number 1, 2 of 0 to 2 is missing; download it as well",
    ),
    (
        "a Python file alone",
        python("return 1", "read", called=False),
        "name the function in it that",
    ),
    ("no such function", python("return 1", "loads"), "has no 'load'; did you mean 'loads'?"),
    ("no such Python file", lambda root: f"{root}/gone.py:load", "there is no file"),
    (
        "a function of something else",
        python("return 3"),
        "returns an int: return a dict of x_train",
    ),
    (
        "a function that fails",
        python("return 1 / 0"),
        "mydata.py:load failed: ZeroDivisionError: di",
    ),
    ("a function that imports nothing known", python("import nowhere_at_all"), "No module named"),
    (
        "a function that ends its process",
        python("import os\nos._exit(3)"),
        "ended its process before",
    ),
    (
        "a function of three",
        python("return 1, 2, 3"),
        "returns a tuple of 3: return a dict of x_tr",
    ),
    (
        "ragged rows",
        python("return [[1], [1, 2]], [0, 1], [[1]], [0]"),
        "x_train is no array (Value",
    ),
    (
        "inputs that differ",
        python(
            FLOATS + "return {'x_train': {'a': x, 'b': x[:9]}, 'y_train': y, "
            "'x_test': {'a': x, 'b': x}, 'y_test': y}"
        ),
        "9 training examples of 'b' and 60 of 'a'; give as many of each",
    ),
    (
        "other inputs in the test",
        python(
            FLOATS + "return {'x_train': {'a': x}, 'y_train': y, 'x_test': {'b': x}, 'y_test': y}"
        ),
        "1 inputs, 'a' of 4 numbers (float32) and test examples 1 inputs, 'b' of 4 numbers",
    ),
    (
        "outputs that differ",
        python(FLOATS + "return x, {'a': y, 'b': y}, x + 1, {'a': y}"),
        "y_train has the outputs 'a', 'b' and y_test 'a': give both the same",
    ),
    (
        "an output of text",
        python(FLOATS + "z = {'a': y, 'b': y.astype(str)}\nreturn x, z, x + 1, z"),
        "y_train['b'] holds <U21 of shape [60]: give 60 whole numbers or floats, one for each",
    ),
    (
        "iterators without a hash",
        python(STREAM + "return {p: DatasetV2(9) for p in ('train', 'validation', 'test')}"),
        "returns iterators without a hash: return 'hash' with them, a text that changes whenever",
    ),
    (
        "iterators without validation",
        python(STREAM + "return {'train': DatasetV2(9), 'test': DatasetV2(9), 'hash': 'v1'}"),
        "returns no validation: return iterators for train, validation and test",
    ),
    (
        "an iterator without end",
        python(
            STREAM + "return {p: DatasetV2(-1) for p in ('train', 'validation', 'test')} "
            "| {'hash': 1}"
        ),
        "train repeats for ever: leave .repeat() out",
    ),
    (
        "an iterator and a list",
        python(
            STREAM + "return {'train': DatasetV2(9), 'validation': [], 'test': 1, 'hash': 'v1'}"
        ),
        "validation is a list: return a tf.data.Dataset or a keras.utils.PyDataset for each",
    ),
]
"""As `tests.helpers.bad_inputs.sources.SOURCES`."""

UNFIT = [
    Row(
        "amounts, measured by accuracy",
        "search q2 --data {}",
        ("metric 'accuracy' needs classes as answers", "save them as whole numbers"),
        _npz(AMOUNTS),
    ),
    Row(
        "windows for an image family",
        "search q2 --data {}",
        ("input_shape must be (height, width, channels), got (12, 3)", "save x[..., None]"),
        _npz(),
    ),
]
"""Data that is good, for a study that it does not fit."""
