"""Reads and validates a study file.

A study file is TOML, of one of two kinds: a ``search`` looks for the smallest model that meets a
target, a ``sweep`` trains a listed grid of configurations over several seeds.
"""

from __future__ import annotations

import difflib
import itertools
import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic

from tuner.errors import StudyError, UsageError

Value = bool | int | float | str
Minimize = Literal["size", "macs", "bytes"]


class _Base(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, pydantic.Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]*$")]
    question: str
    """What the study answers, one sentence."""
    space: Annotated[str, pydantic.Field(pattern=r"^[^:]+:[A-Za-z_]\w*$")]
    """Where the ``keras_tuner.HyperModel`` is: ``module:Class`` or ``file.py:Class``."""
    space_options: dict[str, Any] = {}
    """Keyword arguments of that class."""
    horizon: Annotated[int, pydantic.Field(ge=1, le=10_000)] = 25
    """The most epochs one training may use."""
    split_seed: Annotated[int, pydantic.Field(ge=0)] = 0
    """Seed of the split into training and validation images."""


class SearchStudy(_Base):
    """Looks for the smallest model that meets the target."""

    kind: Literal["search"]
    data: str
    target: Annotated[float, pydantic.Field(gt=0, lt=1)]
    """The accuracy to reach, a fraction."""
    margin: Annotated[float, pydantic.Field(ge=0, lt=0.5)] | None = None
    """How far above the target validation must come; None: half a point on 5,000 images."""
    minimize: Minimize = "size"
    reference: dict[str, Value] | None = None
    """The configuration to beat, trained first; what it leaves out takes the space's default."""
    reference_name: str = "the reference model"

    def margin_for(self, validation_size: int) -> float:
        """The margin on `validation_size` images, a fraction.

        The noise of a measured accuracy shrinks with the root of the number of images, so the
        default of half a point belongs to 5,000 images and grows on fewer.
        """
        if self.margin is not None:
            return self.margin
        return float(round(0.005 * (5_000 / max(validation_size, 1)) ** 0.5, 5))

    def datasets(self) -> tuple[str, ...]:
        """The data sets that the study names, one."""
        return (self.data,)


class SweepStudy(_Base):
    """Trains every configuration of a grid over several seeds; nothing is gated or pruned."""

    kind: Literal["sweep"]
    data: str | Annotated[list[str], pydantic.Field(min_length=1)]
    base: dict[str, Value] = {}
    """The configuration that the grid varies; what it leaves out takes the space's default."""
    grid: dict[str, Annotated[list[Value], pydantic.Field(min_length=1)]] = {}
    """Values to try, a list for each hyperparameter; the sweep is their product."""
    seeds: Annotated[int, pydantic.Field(ge=1)] = 3

    def datasets(self) -> tuple[str, ...]:
        """The data sets that the study names."""
        return (self.data,) if isinstance(self.data, str) else tuple(self.data)

    def cells(self) -> list[dict[str, Value]]:
        """The grid's configurations, each a dict of the varied hyperparameters."""
        names = list(self.grid)
        return [dict(zip(names, c, strict=True)) for c in itertools.product(*self.grid.values())]


Study = SearchStudy | SweepStudy
_ADAPTER: pydantic.TypeAdapter[Study] = pydantic.TypeAdapter(
    Annotated[Study, pydantic.Field(discriminator="kind")]
)


def builtin_names() -> list[str]:
    """Names of the studies that come with the package, in the lab's order (q2 before q10)."""
    files = resources.files("studies").iterdir()
    names = [f.name.removesuffix(".toml") for f in files if f.name.endswith(".toml")]
    return sorted(names, key=lambda n: (len(n), n))


def suggestion(name: str, known: list[str]) -> str:
    """``"; did you mean q10?"`` where a known name is near, else an empty string."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    return f"; did you mean {near[0]!r}?" if near else ""


def read_study(name_or_path: str) -> Study:
    """Reads a built-in study by its name, or anyone's by the path of its file.

    Raises:
        UsageError: There is no such study.
        StudyError: The file cannot be read, is not TOML, or breaks a rule.
    """
    if name_or_path in builtin_names():
        source = resources.files("studies") / f"{name_or_path}.toml"
        return parse(source.read_text(encoding="utf-8"), f"{name_or_path}.toml")
    path = Path(name_or_path)
    if not path.name.endswith(".toml"):
        known = builtin_names()
        raise UsageError(
            f"no study is called {name_or_path!r}{suggestion(name_or_path, known)} "
            f"Built in: {', '.join(known)}; or give the path of a .toml file."
        )
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise StudyError(f"{path}: cannot read this study file: {reason}.") from error
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
        return _ADAPTER.validate_python(raw)
    except pydantic.ValidationError as error:
        raise StudyError(f"{source}: {_first_rule(error, raw)}") from error


def from_dict(fields: dict[str, Any]) -> Study:
    """Reads a study back from what the storage holds."""
    return _ADAPTER.validate_python(fields)


def _look_beside(raw: dict[str, Any], folder: Path) -> None:
    """Files that a study names are found beside it, wherever the command is typed."""
    if isinstance(space := raw.get("space"), str):
        file, separator, name = space.rpartition(":")
        if separator and file.endswith(".py"):
            raw["space"] = f"{(folder / file).resolve()}:{name}"
    if isinstance(data := raw.get("data"), str):
        raw["data"] = _path_beside(data, folder)
    elif isinstance(data, list):
        raw["data"] = [_path_beside(d, folder) if isinstance(d, str) else d for d in data]


def _path_beside(data: str, folder: Path) -> str:
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
    rule = first["msg"].removeprefix("Input ")
    return f"key {key!r} {rule} but got {first['input']!r}."
