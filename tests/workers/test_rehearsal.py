"""A space that hangs is refused, with the place where it does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers import children, tiny
from tuner.basics import child_process
from tuner.data import resolve
from tuner.errors import SpaceError
from tuner.specs.files import read_study

HANGS = """
import threading

def build(hp):
    wait_for_ever()

def wait_for_ever():
    threading.Event().wait()

{call}
"""


@pytest.mark.parametrize("call", ["wait_for_ever()", ""], ids=["imported", "built"])
def test_a_space_that_hangs_is_refused(call: str, tmp_path: Path) -> None:
    file = tmp_path / "hanging.py"
    file.write_text(HANGS.format(call=call))
    study = read_study(str(tiny.write(tmp_path)))
    data = resolve(str(tmp_path / "images.npz"))
    orders = {
        "study": {**study.model_dump(), "space": f"{file}:build"},
        "data": {study.datasets()[0]: data.reference(0)},
    }
    with pytest.raises(SpaceError) as caught:
        child_process.run(f"{children.__name__}:rehearse_what_hangs", orders)
    said = str(caught.value)
    assert "cannot be used: it has been waiting for something for 3 s" in said
    assert f"{file}, line 8, in wait_for_ever" in said
