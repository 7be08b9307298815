from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.helpers import fakes, populated
from tuner.storages.opening import open_storage

FOLDER = Path(__file__).parents[2] / "analysis" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


@pytest.fixture(scope="module")
def url(tmp_path_factory) -> str:
    made = f"journal:{tmp_path_factory.mktemp('storage') / 'tuner.log'}"
    Path(made.removeprefix("journal:")).touch()
    storage = open_storage(made)
    for name in ("q2", "q4", "q10"):
        study = fakes.make_study(name, storage=storage)
        populated.classes(study, populated.HOSTILE[:4])
        populated.fill(study, 25)
    return made


def test_there_are_three_without_outputs():
    assert [p.stem for p in NOTEBOOKS] == ["comparing_studies", "frontier", "one_study"]
    for path in NOTEBOOKS:
        cells = nbformat.read(path, as_version=4).cells
        code = [c for c in cells if c.cell_type == "code"]
        assert code
        assert all(not c.outputs and c.execution_count is None for c in code)


@pytest.mark.slow
# The kernel's own libraries warn about sockets and event loops, not about the notebooks.
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_runs_and_shows_figures_and_tables(path, url, monkeypatch, tmp_path):
    monkeypatch.setenv("TUNER_STORAGE", url)
    monkeypatch.setenv("PYTHONWARNINGS", "ignore:IProgress not found")  # tqdm, within Optuna
    book = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(tmp_path)}}
    client = NotebookClient(book, timeout=300, startup_timeout=600, resources=resources)
    client.execute()
    shown = [o.data for c in book.cells if c.cell_type == "code" for o in c.outputs if "data" in o]
    assert sum("image/png" in d for d in shown) == sum("figures." in c.source for c in book.cells)
    assert any("text/html" in d for d in shown)
    said = [o.text for c in book.cells for o in c.get("outputs", []) if o.output_type == "stream"]
    assert not said
