"""What the repository says of itself is true, and its files stay of a size that can be read."""

from __future__ import annotations

import re
import statistics
import tomllib
from pathlib import Path

import pytest

from tests.helpers import house

PROJECT = tomllib.loads((house.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACT = PROJECT["tool"]["importlinter"]["contracts"][0]


def missing(file: Path) -> list[tuple[int, str]]:
    """Modules, names, files and folders that a file speaks of and that are not there, by line."""
    gone: list[tuple[int, str]] = []
    for number, line in house.prose(file):
        names = [m.group() for m in house.DOTTED.finditer(line)]
        paths = [m.group() for m in house.PATH.finditer(line)]
        paths += house.LINK.findall(line) if file.suffix == ".md" else []
        gone += [(number, name) for name in names if not house.exists(name)]
        for path in paths:
            if not any((at / path).exists() for at in (house.ROOT, file.parent)):
                gone.append((number, path))
    return gone


def test_modules_and_files_that_are_spoken_of_exist() -> None:
    files = [*house.files(".py", ".md", ".toml", ".ipynb"), *house.scripts()]
    gone = [
        f"{file.relative_to(house.ROOT)}:{line}: {what}"
        for file in files
        for line, what in missing(file)
    ]
    assert gone == []


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("# see `tuner.records.keys.Outcome` and tuner/errors.py\n", []),
        ("# see `tuner.records.keys.Ending`\n", ["tuner.records.keys.Ending"]),
        ("# see `tuner.record`\n", ["tuner.record"]),
        ("# see tuner/study.py\n", ["tuner/study.py"]),
        ("# see `tuner/engines`\n", ["tuner/engines"]),
        ("# see benchmarks/search/synthetic.py\n", ["benchmarks/search/synthetic.py"]),
        ('"""Opens a `tuner.db` of `tuner.nobody`."""\n', ["tuner.nobody"]),
        (
            "# a module tuner/pruners/NAME.py, `tuner.pruners.NAME`; not tuner/NAMES.py\n",
            ["tuner/NAMES.py"],
        ),
        ('path = "tuner/study.py"  # a file of somebody else: path/to/mine.py\n', []),
    ],
)
def test_what_does_not_exist_is_found(text: str, gone: list[str], tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text(text)
    assert missing(file) == [(1, what) for what in gone]


def test_every_package_has_its_layer() -> None:
    layers = {name.strip() for layer in CONTRACT["layers"] for name in layer.split("|")}
    inside = (house.ROOT / "tuner").iterdir()
    rooms = {p.stem for p in inside if p.suffix == ".py" or (p / "__init__.py").is_file()}
    roots = set(PROJECT["tool"]["importlinter"]["root_packages"]) - {"tuner"}
    assert layers == roots | {f"tuner.{room}" for room in rooms - {"__init__"}}
    assert not any("ignore_imports" in c for c in PROJECT["tool"]["importlinter"]["contracts"])


def test_contributing_lists_the_layers_in_their_order() -> None:
    text = (house.ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    listed = [
        name.removesuffix(".py").strip("/").replace("/", ".")
        for name in re.findall(
            r"^\| `((?:tuner|search_spaces|analysis)[\w/.]*)` \|", text, re.MULTILINE
        )
    ]
    layers = [layer.split(" | ")[0] for layer in CONTRACT["layers"]]
    assert listed == layers[::-1]


def test_the_environment_knows_every_extra() -> None:
    script = (house.ROOT / "scripts/environment").read_text(encoding="utf-8")
    known = re.search(r"^ *(gpu [^)]*)\)$", script, re.MULTILINE)
    assert known is not None
    assert set(known[1].split(" | ")) == set(PROJECT["project"]["optional-dependencies"])


def test_no_sentence_of_the_readmes_first_page_is_long() -> None:
    text = (house.ROOT / "README.md").read_text(encoding="utf-8").partition("## Verbs")[0]
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    lines = [line for line in text.splitlines() if not line.startswith(("|", "#", "<!--", "!["))]
    sentences = re.split(r"(?<=[.?!:])\s+", re.sub(r"\]\([^)]*\)", "]", " ".join(lines)))
    assert len(sentences) > 20
    assert [s for s in sentences if len(s.split()) > 30] == []


def test_half_of_the_files_have_at_most_150_lines() -> None:
    lines = [len(file.read_text(encoding="utf-8").splitlines()) for file in house.own()]
    assert statistics.median(lines) <= 150


def test_at_most_one_function_in_a_hundred_is_longer_than_40_lines() -> None:
    lengths = {
        f"{file.relative_to(house.ROOT)}:{name}: {lines}": lines
        for file in house.own()
        for name, lines in house.functions(file)
    }
    long = [name for name, lines in lengths.items() if lines > 40]
    assert len(long) <= len(lengths) / 100, "\n".join(long)
