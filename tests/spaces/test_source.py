"""Whether the code of a user's space is still what a study was made with."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tuner.spaces.loading import load_space
from tuner.spaces.source import source_hash

SPACE = """
import keras_tuner
{imports}


class Space(keras_tuner.HyperModel):
    def build(self, hp):
        return {units}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def hashed(folder: Path, text: str, **beside: str) -> str | None:
    """The hash in a process that finds these files."""
    for name in [n for n in sys.modules if n in beside or n.startswith("tuner_space_")]:
        del sys.modules[name]
    (folder / "space.py").write_text(text)
    for name, content in beside.items():
        (folder / f"{name}.py").write_text(content + "#" * len(list(folder.iterdir())))
    spec = f"{folder / 'space.py'}:Space"
    load_space(spec, input_shape=(8, 8, 1), num_classes=3, train_size=9, horizon=2, options={})
    return source_hash(spec)


def test_code_counts_and_comments_do_not(folder: Path) -> None:
    plain = SPACE.format(imports="", units=64)
    first = hashed(folder, plain)
    assert first is not None and hashed(folder, plain) == first
    assert hashed(folder, f"# a comment\n\n{plain}") == first
    assert hashed(folder, f'"""What it is."""\n{plain}') == first
    assert hashed(folder, SPACE.format(imports="", units=65)) != first


def test_so_does_what_it_imports_beside_it(folder: Path) -> None:
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    try:
        text = SPACE.format(imports="import layers_beside", units="layers_beside.UNITS")
        first = hashed(folder, text, layers_beside="UNITS = 64\n")
        assert hashed(folder, text, layers_beside="UNITS = 64\n") == first
        assert hashed(folder, text, layers_beside="UNITS = 640\n") != first
    finally:
        sys.dont_write_bytecode = before


@pytest.mark.parametrize(
    ("imports", "units", "beside"),
    [
        ("def rare():\n    import parts_rare\n", "4", "parts_rare"),  # which has not run yet
        ("import parts_lib", "parts_lib.UNITS", "lib/parts_lib"),
        ("import parts_above", "parts_above.UNITS", "../parts_above"),
        ("from parts_pack.layers import UNITS", "UNITS", "parts_pack/layers"),
        ("import parts_first", "parts_first.parts_next.UNITS", "parts_next"),
    ],
)
def test_wherever_an_import_stands_and_leads(
    imports: str, units: str, beside: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    (home / "parts_pack").mkdir(parents=True)
    for place in (home, home / "lib", tmp_path):
        monkeypatch.syspath_prepend(str(place))
    text = SPACE.format(imports=imports, units=units)
    (home / "parts_first.py").write_text("import parts_next\n")
    (home / "parts_next.py").write_text("UNITS = 1\n")
    (home / "parts_pack" / "__init__.py").touch()
    found = []
    for number in (64, 64, 640):
        file = home / f"{beside}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"UNITS = {number}\n")
        for name in [n for n in sys.modules if n.startswith(("parts_", "tuner_space_"))]:
            del sys.modules[name]
        found.append(hashed(home, text))
    assert found[0] is not None and found[0] == found[1] != found[2]


def test_the_projects_own_families_may_change_with_a_release() -> None:
    load_space(
        "search_spaces.dense:DenseSpace",
        input_shape=(8, 8, 1),
        num_classes=3,
        train_size=9,
        horizon=2,
        options={},
    )
    assert source_hash("search_spaces.dense:DenseSpace") is None
