"""Study files and search spaces."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.helpers import images
from tests.helpers.bad_inputs.row import Make, Row, text

STUDY = """
kind = "search"
question = "How small?"
data = "toys.npz"
space = "space.py:Tiny"
target = 0.9
"""
SPACE = """
import keras_tuner


class Tiny(keras_tuner.HyperModel):
    def __init__(self, num_classes, *, deep=False):
        super().__init__()
"""


def _study(content: str | bytes, name: str = "mine.toml") -> Make:
    return text(name, content)


def _changed(**keys: str) -> Make:
    """The study with keys in TOML's own words; an empty text leaves a key out."""
    lines = dict(line.split(" = ", 1) for line in STUDY.strip().splitlines())
    lines.update(keys)
    return text("mine.toml", "".join(f"{k} = {v}\n" for k, v in lines.items() if v))


def _space(content: str, **keys: str) -> Make:
    """A study beside its data and the file of its space."""

    def make(folder: Path) -> Path:
        images.write_npz(folder / "toys.npz")
        text("space.py", content)(folder)
        return _changed(**keys)(folder)

    return make


def _file(name: str, make: Make, *said: str, environment: Mapping[str, str] | None = None) -> Row:
    return Row(name, "search mine.toml", said, make, environment or {})


STUDIES = [
    Row("no study file", "search gone.toml", ("gone.toml: cannot read", "give the path")),
    Row(
        "a folder for a study", "search sub.toml", ("sub.toml", "directory"), text("s.toml/x", "x")
    ),
    Row(
        "a study of Python",
        "search mine.py",
        ("'mine.py'", "path of a .toml file"),
        text("mine.py", ""),
    ),
    Row("no text", "search mine.toml", ("mine.toml", "utf-8"), _study(b"\xff\xfe\x00")),
    _file("an empty file", _study(""), "mine.toml: key 'kind'", "'search' or 'sweep'"),
    _file("broken TOML", _study("kind = search"), "mine.toml: not valid TOML", "line 1"),
    _file("a key twice", _study(STUDY + "target = 0.8"), "not valid TOML", "overwrite a value"),
    _file("no kind", _changed(kind=""), "key 'kind' must be 'search' or 'sweep'"),
    _file("another kind", _changed(kind='"grid"'), "'search' or 'sweep' but got 'grid'"),
    _file("an unknown key", _changed(horizont="9"), "'horizont' is unknown", "mean 'horizon'?"),
    _file("a key of a sweep", _changed(grid="{}"), "key 'grid' is unknown"),
    _file("no space", _changed(space=""), "key 'space' is missing", "every search needs it"),
    _file("no data", _changed(data=""), "key 'data' is missing"),
    _file("no target", _changed(target=""), "key 'target' is missing"),
    _file("no question", _changed(question=""), "key 'question' is missing"),
    _file("a horizon in words", _changed(horizon='"x"'), "'horizon'", "but got 'x'"),
    _file("a horizon of half", _changed(horizon="2.5"), "'horizon'", "but got 2.5"),
    _file("a horizon of nothing", _changed(horizon="0"), "'horizon'", "but got 0"),
    _file("a target in per cent", _changed(target="45"), "got 45; for 45 % write 0.45"),
    _file("a target of nothing", _changed(target="0"), "'target'", "greater than 0 but got 0"),
    _file("a margin of a half", _changed(margin="0.5"), "'margin'", "less than 0.5 but got 0.5"),
    _file("a quantity misspelt in a file", _changed(minimize='"mac"'), "'minimize'", "'mac'"),
    _file(
        "two data sets", _changed(data='["a", "b"]'), "'data'", "valid string but got ['a', 'b']"
    ),
    _file("a name with a slash", _changed(name='"a/b"'), "'name' must be of letters", "'a/b'"),
    _file("a table for a space", _changed(space="{}"), "'space'", "valid string but got {}"),
    _file("a space without a class", _changed(space='"space.py"'), "MODULE:CLASS", "space.py'"),
    _file(
        "an empty grid",
        text("mine.toml", STUDY.replace("search", "sweep").replace("target = 0.9", "grid.w = []")),
        "'grid.w'",
        "at least 1 item",
    ),
    _file("data that is not there", _changed(data='"gone.npz"'), "No data set 'gone.npz'"),
]

QUICK = "class Tiny:\n    pass\n"
"""Of a space that is refused before Keras is imported."""

SPACES = [
    _file("no such file", _space("", space='"gone.py:Tiny"'), "gone.py: there is no such file"),
    _file("no such module", _space("", space='"nowhere:Tiny"'), "no module 'nowhere'"),
    _file("no such submodule", _space("", space='"tuner.nowhere:T"'), "no module 'tuner.nowhere'"),
    _file("no such class", _space(QUICK, space='"space.py:Tyni"'), "'Tyni'; did you mean 'Tiny'?"),
    _file("broken Python", _space("class Tiny(:\n"), "space.py:Tiny cannot be imported", "line 1"),
    _file("an import that fails", _space("import nosuchthing\nTiny = 1"), "'nosuchthing'"),
    _file("a file that raises", _space("Tiny = 1 / 0"), "cannot be imported: ZeroDivisionError"),
    _file("a file that exits", _space("raise SystemExit('enough')"), "space.py:Tiny", "enough"),
    _file("a number", _space("Tiny = 1"), "must be a keras_tuner.HyperModel but is a int"),
    Row("a described file", "spaces gone.py:Tiny", ("gone.py: there is no such file",)),
    Row("a described module", "spaces nowhere:Tiny", ("no module 'nowhere'",)),
    Row(
        "a described file that raises",
        "spaces space.py:Tiny",
        ("space.py:Tiny cannot be imported: ZeroDivisionError",),
        text("space.py", "Tiny = 1 / 0"),
    ),
]

SLOW = [
    _file("another class", _space(QUICK), "must make a keras_tuner.HyperModel"),
    _file("an unknown option", _space(SPACE, space_options="{dep = 1}"), "'dep'", "'deep'?"),
    _file(
        "a constructor that raises",
        _space(SPACE + "        raise OSError('no weights.h5')"),
        "space.py:Tiny: OSError: no weights.h5",
    ),
]
"""Refused once Keras is imported."""
