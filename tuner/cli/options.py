"""Options and kinds of values that several verbs share."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

RESULTS = "tuner-results"
F = TypeVar("F", bound=Callable[..., Any])

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)")


class Duration(click.ParamType):
    """Seconds, or a number with a unit: ``90``, ``30m``, ``1h30m``."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Seconds."""
        if isinstance(value, int | float):
            return float(value)
        text = str(value).strip().lower()
        parts = _PART.findall(text)
        whole = "".join(n + u for n, u in parts) == text.replace(" ", "")
        if not parts or not whole or any(u not in _UNITS for _, u in parts):
            self.fail(f"a duration is written 90, 30m, 2h or 1h30m, but got {value!r}", param, ctx)
        seconds = sum(float(n) * _UNITS[u] for n, u in parts)
        if seconds <= 0:
            self.fail(f"a duration is more than 0, but got {value!r}", param, ctx)
        return seconds


class Fraction(click.ParamType):
    """An accuracy as a fraction."""

    name = "fraction"

    def __init__(self, low: float, high: float, *, low_open: bool) -> None:
        self.low, self.high, self.low_open = low, high, low_open

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The fraction; a percentage is refused with what it would be."""
        try:
            number = float(value)
        except ValueError:
            self.fail(f"must be a fraction such as 0.75, but got {value!r}", param, ctx)
        above = number > self.low if self.low_open else number >= self.low
        if above and number < self.high:
            return number
        edge = "above" if self.low_open else "at least"
        hint = f"; for {number:g} % write {number / 100:g}" if 1 < number < 100 else ""
        self.fail(
            f"must be {edge} {self.low:g} and below {self.high:g}, but got {value}{hint}",
            param,
            ctx,
        )


class Workers(click.ParamType):
    """``auto`` or a number."""

    name = "auto|n"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | str:
        """``auto`` or a number of at least 1."""
        if value == "auto":
            return "auto"
        try:
            number = int(value)
        except ValueError:
            number = 0
        if number < 1:
            self.fail(f"must be 'auto' or at least 1, but got {value!r}", param, ctx)
        return number


class OneOf(click.Choice[str]):
    """A choice that suggests the nearest."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The value, where it is one of them."""
        from tuner.study import suggestion

        known = list(map(str, self.choices))
        if value in known:
            return str(value)
        hint = suggestion(str(value), known) or ";"
        self.fail(f"must be one of {', '.join(known)}, but got {value!r}{hint}".rstrip(";"))


class StudyName(click.ParamType):
    """A built-in study or the path of a study file."""

    name = "study"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text as it is: only whoever reads the study can tell whether there is one."""
        return str(value)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Built-in studies, then files: the shell itself looks into folders."""
        from tuner.study import builtin_names

        names = [n for n in builtin_names() if n.startswith(incomplete)]
        before, _, _ = incomplete.rpartition("/")
        try:
            files = sorted(str(p) for p in Path(before or ".").glob("*.toml"))
        except OSError:
            files = []
        items = [CompletionItem(n) for n in names + files if n.startswith(incomplete)]
        return items or [CompletionItem(incomplete, type="file")]


def storage_options(command: F) -> F:
    """``--storage`` and ``--results``: where a study lives."""
    command = click.option(
        "--results",
        type=click.Path(file_okay=False, path_type=Path),
        default=RESULTS,
        show_default=True,
        help="Folder of the storage file and the models.",
    )(command)
    return click.option(
        "--storage",
        metavar="URL",
        help="Optuna storage, for example sqlite:///file.db, postgresql://user:password@host/name "
        "or journal:file.log; default: $TUNER_STORAGE, else an SQLite file in --results.",
    )(command)


def repeated(storage: str | None, results: Path) -> Sequence[str]:
    """What a next command must say again to find the same studies."""
    again = [] if str(results) == RESULTS else ["--results", str(results)]
    return [*again, "--storage", storage] if storage else again
