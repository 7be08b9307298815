"""What can be done with a function's study once it was searched: in its kernel, another, or none.

Amounts are learnt, a metric of the notebook's own measures them, and the model has a layer of its
own: so all that only the notebook has is needed.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.notebooks.test_cells import run, text
from tuner import cli

pytestmark = pytest.mark.slow

CELLS = (
    """
import numpy as np
random = np.random.default_rng(0)
x = random.normal(size=(900, 3)).astype("float32")
y = x @ np.array([1.0, -2.0, 0.5]) * 3 + 10
""",
    """
import keras

class Doubled(keras.layers.Layer):
    def call(self, x):
        return 2 * x

def build_model(hp):
    model = keras.Sequential([keras.Input((3,)), Doubled()])
    model.add(keras.layers.Dense(hp.Int("units", 1, 32, default=16), activation="relu"))
    model.add(keras.layers.Dense(1))
    model.compile(keras.optimizers.Adam(0.05), "mse")
    return model
""",
    """
near = 3.0

def within(y_true, scores):
    return float((abs(y_true - scores) < near).mean())
""",
)
ASK = """
from tuner import certify, export, search
common = dict(data=(x, y), metric=within, metric_direction="maximize", target=0.5, margin=0.0,
              horizon=8, trials=2)
"""
SEARCH = """
result = search(build_model, name="mine", prove="model", workers=1, **common)
print(result.status, result.model_certificate.metric.title, result.run.trained_before)
"""
IN_PROCESS = """
here = search(build_model, name="here", prove="none", in_process=True, **common)
print(here.status, here.best.metric.title)
"""
AMOUNTS = """
found = search(build_model, data=(x, y), metric="mae", target=4.0, horizon=8, trials=2, workers=1)
print(found.status, found.best.val_measured < 4.0, found.model_certificate.metric.name)
here = search(build_model, data=(x, y), metric="mae", target=4.1, horizon=8, trials=2,
              prove="none", in_process=True)
print(here.status, here.best.val_measured < 4.1)
"""
LOOK = """
model = result.load()
print(model.predict(x[:2], verbose=0).shape, type(model.layers[0]) is Doubled, len(result.trials()))
print(sorted(result.hyperparameters), "within" in result._repr_html_(), result.plot() is not None)
made = export("mine", format="keras", output="mine.keras")
print("exported", made.facts.own_layers, 0.5 < made.facts.measured.accuracy <= 1)
"""
CERTIFY = """
proof = certify("mine", prove="recipe", seeds=3, workers=1)
print("seeds", len(proof.recipe.measured), proof.recipe.metric.title)
"""
ANEW = """
from tuner import certify
try:
    certify("mine", prove="recipe", seeds=3)
except Exception as error:
    print(error)
try:
    certify("mine", prove="recipe", seeds=4, build_model=build_model, metric=lambda y, s: 1.0)
except Exception as error:
    print(error)
proof = certify("mine", prove="recipe", seeds=4, build_model=build_model, metric=within, workers=1)
print("seeds", len(proof.recipe.measured))
print(proof)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a notebook has searched with its own function, layer and metric."""
    found = tmp_path_factory.mktemp("searched")
    *_, searched, looked, certified = run(found, *CELLS, ASK, SEARCH, LOOK, CERTIFY)
    assert text(searched).split() == ["met", "within", "0"], searched
    shape, more, exported = text(looked).splitlines()
    assert shape.startswith("(2, 1) True ")
    assert more == "['units'] True True"
    assert exported == "exported True True"
    assert text(certified).strip() == "seeds 3 within"
    return found


def test_a_metric_of_a_cell_is_measured_in_this_process_too(folder: Path) -> None:
    *_, searched, again = run(folder, *CELLS, ASK, IN_PROCESS, SEARCH)
    assert text(searched).splitlines()[-1] == "met within"
    assert text(again).split() == ["met", "within", "2"]  # it goes on in another kernel
    other = CELLS[2].replace("3.0", "2.0")
    *_, refused = run(folder, *CELLS[:2], other, ASK, f"try:\n    {_indented(SEARCH)}{CAUGHT}")
    said = text(refused)
    assert "study 'mine': the function 'within', or something that it uses, has changed" in said


CAUGHT = "\nexcept Exception as error:\n    print(error)"


def _indented(cell: str) -> str:
    return cell.strip().replace("\n", "\n    ")


def test_amounts_are_learnt_by_workers_and_in_this_process(tmp_path: Path) -> None:
    *_, searched = run(tmp_path, *CELLS, ASK, AMOUNTS)
    assert text(searched).splitlines()[0] == "met True mae"
    assert text(searched).splitlines()[-1] == "met True"


def test_a_recipe_is_certified_in_another_kernel_that_is_given_the_functions(folder: Path) -> None:
    *_, certified = run(folder, *CELLS, ANEW)
    missing, other, found, title, *rows = text(certified).splitlines()
    assert missing == (
        "study 'mine' was made with the function 'build_model' of a notebook or a script, which "
        "alone has it: run the cell that defines it there, and then certify('mine', "
        "build_model=build_model)."
    )
    assert re.match("study 'mine' was not made with this metric, or something that it us", other)
    assert found == "seeds 4"
    assert re.fullmatch(r"mine, trial \d+: (not )?proven", title)
    assert any(row.startswith("  its recipe ") for row in rows) and len(rows) < 12


READERS = (
    "status mine",
    "best mine",
    "trials mine",
    "trials mine --csv",
    "report mine --output page.html",
    "best mine --json",
)
NEEDS = {
    "certify mine": "run the cell that defines it there, and then certify('mine', build_model=",
    "search mine": "run the cell that searches again, and it goes on. 'tuner best mine' shows",
    "worker mine": "run the cell that searches with it, and what needs it after that cell.",
    "export mine --format keras --output x.keras": "export in a cell after the one that searches",
    "export mine --format keras --output x.keras --no-measure": "'build_model' is of a notebook",
}


def test_other_commands_need_no_function(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    for command in READERS:
        assert cli.main(command.split()) == 0, command
    assert "within" in capsys.readouterr().out
    assert (folder / "page.html").is_file()


@pytest.mark.parametrize("command", NEEDS)
def test_a_command_that_needs_the_function_says_which_cell_to_run(
    command: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folder)
    assert cli.main(command.split()) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert NEEDS[command] in said[-1]
    assert said[-1].startswith("Error: ")
    assert not (folder / "x.keras").exists()
