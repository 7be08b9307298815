"""Reads and validates a study file.

A study file is TOML, of one of two kinds: a ``search`` looks for the smallest model that meets a
target, a ``sweep`` trains a listed grid of configurations over several seeds.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pydantic

from tuner.basics.suggestions import suggestion
from tuner.errors import StudyError, UsageError
from tuner.specs.spec import ADAPTER, SearchStudy, Study, SweepStudy, rule_of

BUILTIN = Path(__file__).resolve().parents[2] / "studies"
"""Found beside the program, not by its name: a user's folder may be called the same."""


FRACTIONS = ("target", "margin")
"""Keys that people think of in per cent."""


def builtin_names() -> list[str]:
    """Names of the studies that come with the package, in the lab's order (q2 before q10)."""
    names = [file.stem for file in BUILTIN.glob("*.toml")]
    return sorted(names, key=lambda n: (len(n), n))


def read_study(name_or_path: str) -> Study:
    """Reads a built-in study by its name, or anyone's by the path of its file.

    Raises:
        UsageError: There is no such study.
        StudyError: The file cannot be read, is not TOML, or breaks a rule.
    """
    if name_or_path in builtin_names():
        source = BUILTIN / f"{name_or_path}.toml"
        return parse(source.read_text(encoding="utf-8"), source.name)
    path = Path(name_or_path)
    if not path.name.endswith(".toml"):
        known = builtin_names()
        raise UsageError(
            f"no study is called {name_or_path!r}{suggestion(name_or_path, known) or '.'} "
            f"Built in: {', '.join(known)}; or give the path of a .toml file."
        )
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise StudyError(
            f"{path}: cannot read this study file: {reason}; "
            "give the path of a .toml file of UTF-8 text."
        ) from error
    return parse(text, str(path), folder=path.parent)


def parse(text: str, source: str, folder: Path | None = None) -> Study:
    """Validates the text of a study file; `source` names it in errors.

    Raises:
        StudyError: The text is not TOML, or breaks a rule: the first one is named.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StudyError(f"{source}: not valid TOML: {error}.") from error
    raw.setdefault("name", Path(source).stem)
    if folder is not None:
        _look_beside(raw, folder)
    try:
        return ADAPTER.validate_python(raw)
    except pydantic.ValidationError as error:
        raise StudyError(f"{source}: {_first_rule(error, raw)}") from error


def _look_beside(raw: dict[str, Any], folder: Path) -> None:
    """Files that a study names are found beside it, wherever the command is typed."""
    if isinstance(space := raw.get("space"), str):
        file, separator, name = space.rpartition(":")
        if separator and file.endswith(".py"):
            raw["space"] = f"{(folder / file).resolve()}:{name}"
    if isinstance(metric := raw.get("metric"), str):
        file, separator, name = metric.rpartition(":")
        if separator and file.endswith(".py"):
            raw["metric"] = f"{(folder / file).resolve()}:{name}"
    if isinstance(data := raw.get("data"), str):
        raw["data"] = _path_beside(data, folder)
    elif isinstance(data, list):
        raw["data"] = [_path_beside(d, folder) if isinstance(d, str) else d for d in data]


def _path_beside(data: str, folder: Path) -> str:
    file, separator, name = data.rpartition(":")
    if separator and file.endswith(".py"):
        return f"{(folder / file).resolve()}:{name}"
    return str((folder / data).resolve()) if (folder / data).exists() else data


def _first_rule(error: pydantic.ValidationError, raw: dict[str, Any]) -> str:
    first = error.errors(include_url=False)[0]
    # The discriminator's own tag is no key of the file.
    path = [str(p) for p in first["loc"] if p not in ("search", "sweep")]
    key = ".".join(path) or "kind"
    if first["type"] == "missing":
        return f"key {key!r} is missing; every {raw.get('kind', 'study')} needs it."
    if first["type"] == "extra_forbidden":
        model = SweepStudy if raw.get("kind") == "sweep" else SearchStudy
        return f"key {key!r} is unknown{suggestion(key, list(model.model_fields)) or '.'}"
    if first["type"].startswith("union_tag"):
        return f"key 'kind' must be 'search' or 'sweep' but got {raw.get('kind')!r}."
    rule = rule_of(first)
    return f"key {key!r} {rule} but got {first['input']!r}{_in_percent(key, first['input'])}."


def _in_percent(key: str, value: Any) -> str:
    """What to write instead of a percentage, where a fraction is asked for."""
    if key not in FRACTIONS or not isinstance(value, int | float) or not 1 < value < 100:
        return ""
    return f"; for {value:g} % write {value / 100:g}"
