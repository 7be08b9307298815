"""Data out of a function of the user's own: arrays, several inputs, iterators."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers.bad_inputs.examples import FLOATS, python
from tuner.basics import child_process
from tuner.data import DataSet, open_again, resolve
from tuner.data.kinds import ArrayKind, InputsKind
from tuner.data.sources import python as source
from tuner.errors import StudyError
from tuner.sessions.measures import require_output

DICT = "{'x_train': x, 'y_train': y, 'x_test': x + 1, 'y_test': y}"
TWO = "{'x_train': {'a': x, 'b': x[:, :1]}, 'y_train': y, 'x_test': {'a': x + 1, 'b': x[:, :1]}, 'y_test': y}"  # noqa: E501


def loaded(folder: Path, cache: Path, body: str) -> DataSet:
    return resolve(str(python(body)(folder)), cache=cache)


@pytest.mark.parametrize(
    "returned",
    [
        DICT,
        "(x, y, x + 1, y)",
        "((x, y), (x + 1, y))",
        "{'train': (x, y), 'test': (x + 1, y)}",
        "{'X_train': x.tolist(), 'y_train': list(map(int, y)), 'X_test': x + 1, 'y_test': y}",
    ],
)
def test_arrays_in_any_usual_form(returned: str, tmp_path: Path, cache: Path) -> None:
    data = loaded(tmp_path, cache, FLOATS + f"return {returned}")
    assert (data.name, data.kind, data.classes) == (
        "mydata",
        ArrayKind((4,), "float32"),
        ("0", "1"),
    )
    assert (data.train_size, data.validation_size, data.test_size) == (54, 6, 60)


def test_a_validation_set_of_its_own(tmp_path: Path, cache: Path) -> None:
    data = loaded(tmp_path, cache, FLOATS + "return (x, y), (x + 2, y), (x + 1, y)")
    assert data.own_validation and data.validation_size == 60


def test_words_are_class_names(tmp_path: Path, cache: Path) -> None:
    body = FLOATS + "y = np.array(['no', 'yes'], object)[y]\nreturn x, y, x + 1, y"
    assert loaded(tmp_path, cache, body).classes == ("no", "yes")


def test_several_inputs_are_a_dict(tmp_path: Path, cache: Path) -> None:
    data = loaded(tmp_path, cache, FLOATS + f"return {TWO}")
    kinds = {"a": ArrayKind((4,), "float32"), "b": ArrayKind((1,), "float32")}
    assert data.kind == InputsKind(kinds)
    assert data.kind.shape == {"a": (4,), "b": (1,)}
    x, y = data.train()
    assert {name: array.shape for name, array in x.items()} == {"a": (54, 4), "b": (54, 1)}
    np.testing.assert_array_equal(x["a"][:, :1], x["b"])  # rows belong together
    assert isinstance(x["a"], np.memmap) and len(y) == 54
    assert data.normalization["b"]["mean"] == pytest.approx(data.normalization["a"]["mean"][:1])


def test_the_function_is_called_once_until_it_or_what_it_reads_changes(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[str] = []
    real = child_process.run

    def run(function: str, *arguments: Any, **options: Any) -> Any:
        called.append(function)
        return real(function, *arguments, **options)

    monkeypatch.setattr(source.child_process, "run", run)
    table = tmp_path / "table.npy"
    np.save(table, np.ones(1))
    body = FLOATS + f"x = x * np.load({str(table)!r})\nreturn {DICT}"
    first = loaded(tmp_path, cache, body)
    assert loaded(tmp_path, cache, body) == first and len(called) == 1
    assert loaded(tmp_path, cache, f"# a comment\n{body}") == first and len(called) == 1
    np.save(table, np.full(1, 2.0))
    os.utime(table, ns=(1, 1))
    second = loaded(tmp_path, cache, body)
    assert second.hash != first.hash and len(called) == 2
    third = loaded(tmp_path, cache, body.replace("x + 1", "x + 3"))
    assert third.hash != second.hash and len(called) == 3


def test_another_process_finds_it_by_its_content(tmp_path: Path, cache: Path) -> None:
    data = loaded(tmp_path, cache, FLOATS + f"return {DICT}")
    again = open_again(**data.reference(0), cache=cache)
    assert (again.hash, again.name, again.folder) == (data.hash, "mydata", data.folder)


STREAMS = """import tensorflow as tf
x = np.arange(600, dtype='float32').reshape(300, 2)
y = (np.arange(300) % 3 == 0).astype('int64')
def part(a, b):
    return tf.data.Dataset.from_tensor_slices((x[a:b], y[a:b])).shuffle(50).batch(16)
return {'train': part(0, 200), 'validation': part(200, 240), 'test': part(230, 300), 'hash': 'v1',
        'classes': ['most', 'third']}"""


@pytest.mark.slow
def test_iterators_are_run_through_once_and_kept_as_they_are(tmp_path: Path, cache: Path) -> None:
    data = loaded(tmp_path, cache, STREAMS)
    assert data.pipeline and data.own_validation
    assert (data.train_size, data.validation_size, data.test_size) == (200, 40, 70)
    assert (data.kind, data.classes) == (ArrayKind((2,), "float32"), ("most", "third"))
    assert data.shared == 10
    assert sorted(data.answers("test").tolist()) == [0] * 47 + [1] * 23
    assert not list(data.folder.glob("*_images.npy"))
    other = loaded(tmp_path, cache, STREAMS.replace("'v1'", "'v2'"))
    assert other.hash != data.hash
    streams = data.streams()
    batches = list(streams.learning.as_numpy_iterator())
    assert sum(len(y) for _, y in batches) == 240


@pytest.mark.slow
def test_batches_of_a_py_dataset(tmp_path: Path, cache: Path) -> None:
    body = """import keras
class Batches(keras.utils.PyDataset):
    def __init__(self, count):
        super().__init__()
        self.count = count
    def __len__(self):
        return self.count
    def __getitem__(self, i):
        one_hot = np.eye(3, dtype='float32')[np.arange(8) % 3]
        return {'a': np.full((8, 2), i + self.count * 100.0)}, one_hot
return {'train': Batches(5), 'val': Batches(2), 'test': Batches(3), 'hash': 7}"""
    data = loaded(tmp_path, cache, body)
    assert (data.train_size, data.validation_size, data.test_size) == (40, 16, 24)
    assert data.kind == InputsKind({"a": ArrayKind((2,), "float64")})
    assert data.classes == ("0", "1", "2")
    assert len(data.streams().learning) == 7


OUTPUTS = FLOATS + (
    "z = {'side': y, 'size': x[:, 0]}\n"
    "return {'x_train': x, 'y_train': z, 'x_test': x + 1, 'y_test': z}"
)


def test_answers_of_several_outputs_are_a_dict(tmp_path: Path, cache: Path) -> None:
    data = loaded(tmp_path, cache, OUTPUTS)
    assert (data.output_names, data.task, data.classes) == (
        ("side", "size"),
        "classification",
        ("0", "1"),
    )
    for (x, y), count in ((data.train(), 54), (data.validation(), 6), (data.test(), 60)):
        assert list(y) == ["side", "size"] and len(x) == len(y["side"]) == count
        assert y["side"].dtype == np.int64 and y["size"].dtype == np.float32
    x, y = data.train()
    np.testing.assert_array_equal(x[:, 0], y["size"])
    np.testing.assert_array_equal(data.answers("train"), y["side"])


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (None, "are those of the outputs 'side', 'size'; set metric_output = 'side', the first"),
        ("size", "put 'size' first in the dict"),
        ("other", "name the first"),
    ],
)
def test_the_first_output_is_the_one_that_is_measured(
    output: str | None, said: str, tmp_path: Path, cache: Path
) -> None:
    data = loaded(tmp_path, cache, OUTPUTS)
    require_output("side", data)
    with pytest.raises(StudyError) as caught:
        require_output(output, data)
    assert said in str(caught.value)
