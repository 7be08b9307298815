"""The examples of the documentation: their data are read, their references learn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tuner.data import resolve
from tuner.specs.files import read_study
from tuner.specs.spec import SearchStudy

FOLDER = Path(__file__).parents[2] / "docs" / "examples"
STUDIES = sorted(FOLDER.glob("*.toml"))


def example(file: Path) -> SearchStudy:
    study = read_study(str(file))
    assert isinstance(study, SearchStudy)
    return study


def test_there_are_some() -> None:
    assert len(STUDIES) == 6


@pytest.mark.parametrize("file", STUDIES, ids=lambda f: f.stem)
def test_the_page_has_it_with_its_metric_and_target(file: Path) -> None:
    study = example(file)
    row = next(
        line
        for line in (FOLDER.parent / "examples.md").read_text(encoding="utf-8").splitlines()
        if f"examples/{file.stem}.py" in line and line.startswith("|")
    )
    assert f"`{study.metric}`, {study.measured.goal(study.target)}" in row


@pytest.mark.slow
@pytest.mark.parametrize("file", STUDIES, ids=lambda f: f.stem)
def test_the_reference_is_larger_than_the_authors_guess(file: Path, tmp_path: Path) -> None:
    import keras_tuner

    from tuner.workers.prepare import load

    study = example(file)
    data = resolve(study.data, cache=tmp_path)
    space = load(study, data)
    sizes = []
    for values in (study.reference or {}, {}):
        hp: Any = keras_tuner.HyperParameters()
        hp.values = dict(values)
        sizes.append(space.build(hp).count_params())
    assert sizes[0] > 2 * sizes[1]
