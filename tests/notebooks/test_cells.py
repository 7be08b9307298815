"""A notebook that is executed: the search in a cell, gone on with after a restart of its kernel."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

pytestmark = pytest.mark.slow

DATA = """
import numpy as np
random = np.random.default_rng(0)
x = random.integers(0, 255, (800, 4, 4, 1)).astype("uint8")
y = (x[:, 0, 0, 0] > 127).astype("int64")
x[:, 1:] = x[:, :1]
"""
LAYER = """
import keras

class Scaled(keras.layers.Layer):
    def call(self, x):
        return x / 255.0

def own_loss(y_true, y_pred):
    return keras.losses.sparse_categorical_crossentropy(y_true, y_pred)
"""
FUNCTION = """
offsets = np.zeros(3_000_000)  # 24 MB

def build_model(hp):
    model = keras.Sequential([keras.Input((4, 4, 1)), Scaled(), keras.layers.Flatten()])
    model.add(keras.layers.Dense(hp.Int("units", 2, 16, default=8), activation="relu"))
    model.add(keras.layers.Dense(2, activation="softmax"))
    rate = 0.05 + offsets[0]
    model.compile(keras.optimizers.Adam(rate), own_loss, metrics=["accuracy"])
    return model
"""
SEARCH = """
from tuner import search
result = search(build_model, data=(x, y), target=0.7, margin=0.0, horizon=4, trials=2,
                workers=1, prove="none")
"""
LOOK = """
print(result.record.name, len(result.record.trained), result.run.trained_before)
model = result.load()
print(model.predict(x[:2], verbose=0).shape, sorted(result.hyperparameters), type(model.layers[0]))
result
"""


def run(folder: Path, *cells: str) -> list[Any]:
    """Executes cells in a kernel of their own; gives what each printed and showed."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    return [cell.outputs for cell in notebook.cells]


def text(outputs: Any) -> str:
    """What was printed."""
    return "".join(o.get("text", "") for o in outputs)


def test_a_cell_searches_and_goes_on_in_another_kernel(tmp_path: Path) -> None:
    *_, searched, looked = run(tmp_path, DATA, LAYER, FUNCTION, SEARCH, LOOK)
    pages = [o["data"]["text/html"] for o in searched if "text/html" in o.get("data", {})]
    assert len(pages) == 1, searched  # one output, replaced again and again
    assert "the target is met" in pages[0]
    assert "build_model takes 24 MB with it, mostly &#x27;offsets&#x27;" in pages[0]
    assert "80 of 800 are set aside" in pages[0]
    name, trained, before = text(looked).split()[:3]
    assert name.startswith("build_model-")
    assert int(trained) > 0 and before == "0"
    assert "(2, 2) ['units']" in text(looked)
    shown = looked[-1]["data"]["text/html"]
    assert "data:image/png;base64," in shown and "units=" in shown

    commented = FUNCTION.replace("rate =", "# a comment counts for nothing\n    rate =")
    *_, looked = run(tmp_path, DATA, LAYER, commented, SEARCH, LOOK)
    assert text(looked).split()[:3] == [name, trained, trained]

    other = FUNCTION.replace("16,", "17,")
    *_, searched, looked = run(tmp_path, DATA, LAYER, other, SEARCH, LOOK)
    assert text(looked).split()[0] != name
    assert "is a new study: its function is not what" in str(searched)


def test_an_error_of_the_function_is_one_line_with_its_place(tmp_path: Path) -> None:
    wrong = FUNCTION.replace("rate = 0.05", "rate = 0.05 + undefined_name")
    with pytest.raises(CellExecutionError) as caught:
        run(tmp_path, DATA, LAYER, wrong, SEARCH)
    said = caught.value.traceback
    assert "NameError: name 'undefined_name' is not defined" in said
    assert re.search(r"\(build_model, line \d+\)", said)
    assert "tuner/api.py" not in said


def test_in_this_process_prints_are_seen_and_errors_are_raised(tmp_path: Path) -> None:
    here = SEARCH.replace("workers=1", "in_process=True")
    talks = FUNCTION.replace("rate =", 'print("units", hp.get("units"))\n    rate =')
    *_, searched, _ = run(tmp_path, DATA, LAYER, talks, here, LOOK)
    assert "units 8" in text(searched)
    wrong = FUNCTION.replace("rate = 0.05", "rate = 0.05 + undefined_name")
    with pytest.raises(CellExecutionError, match="undefined_name"):
        run(tmp_path, DATA, LAYER, wrong, here)
