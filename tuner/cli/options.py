"""Options and kinds of values that several verbs share."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from tuner.basics.environment import RESULTS
from tuner.basics.secrets import NEEDS_VARIABLE, has_secret

F = TypeVar("F", bound=Callable[..., Any])

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)([a-z]*)")


def duration(raw: str | float) -> float:
    """Seconds, from a number with or without a unit: ``90``, ``30m``, ``1h30m``.

    Raises:
        click.BadParameter: It is none, or not more than 0.
    """
    typed = str(raw).lower().replace(" ", "")
    parts = _PART.findall(typed)
    whole = "".join(number + unit for number, unit in parts) == typed
    if not parts or not whole or any(unit not in _UNITS for _, unit in parts):
        raise click.BadParameter(f"a time is written 90, 30m, 2h or 1h30m, but got {raw!r}")
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if seconds <= 0:
        raise click.BadParameter(f"a time is more than 0, but got {raw!r}")
    return seconds


def fraction(low: float, high: float, *, with_low: bool) -> Callable[[str | float], float]:
    """A kind of value: a fraction below `high` and above `low`, or also at it."""

    def convert(raw: str | float) -> float:
        in_percent = str(raw).strip().endswith("%")
        try:
            number = float(str(raw).strip().removesuffix("%"))
        except ValueError as error:
            raise click.BadParameter(f"must be a fraction such as 0.75, but got {raw!r}") from error
        if not in_percent and number < high and (number > low or (with_low and number == low)):
            return number
        edge = "at least" if with_low else "above"
        meant = in_percent or 1 < number < 100 * high
        hint = f"; for {number:g} % write {number / 100:g}" if meant else ""
        raise click.BadParameter(f"must be {edge} {low:g} and below {high:g}, but got {raw}{hint}")

    return convert


def workers_or_auto(raw: str | int) -> int | str:
    """``auto`` or a number of workers; 0 for those that are started elsewhere.

    Raises:
        click.BadParameter: It is neither.
    """
    if raw == "auto" or (str(raw).isdecimal() and int(raw) >= 0):
        return "auto" if raw == "auto" else int(raw)
    raise click.BadParameter(
        f"must be 'auto' or a number, 0 for workers started elsewhere, but got {raw!r}"
    )


def number_or_auto(raw: str | int) -> int | str:
    """``auto`` or a number of at least 1.

    Raises:
        click.BadParameter: It is neither.
    """
    if raw == "auto":
        return "auto"
    if str(raw).isdecimal() and int(raw) >= 1:
        return int(raw)
    raise click.BadParameter(f"must be 'auto' or at least 1, but got {raw!r}")


class OneOf(click.Choice[str]):
    """A choice that suggests the nearest."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The value, where it is one of them."""
        from tuner.basics.suggestions import suggestion

        known = list(map(str, self.choices))
        if value in known:
            return str(value)
        hint = suggestion(str(value), known)
        self.fail(f"must be one of {', '.join(known)}, but got {value!r}{hint}", param, ctx)


class LocalPath(click.Path):
    """A path of this machine; an address would become a folder called ``s3:``."""

    def __init__(self, *, folder: bool = False) -> None:
        super().__init__(file_okay=not folder, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path, where it is one."""
        from tuner.basics.addresses import not_a_path

        if (line := not_a_path(str(value))) is not None:
            self.fail(line, param, ctx)
        return super().convert(value, param, ctx)


def complete_study(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Built-in studies and study files; where there are none, the shell completes paths."""
    from tuner.specs.files import builtin_names

    before, slash, _ = incomplete.rpartition("/")
    try:
        files = sorted(str(p) for p in Path(before + slash or ".").glob("*.toml"))
    except OSError:
        files = []
    items = [CompletionItem(n) for n in [*builtin_names(), *files] if n.startswith(incomplete)]
    return items or [CompletionItem(incomplete, type="file")]


study_argument = click.argument("study", shell_complete=complete_study)


relabel_option = click.option(
    "--relabel",
    is_flag=True,
    help="Number the classes anew, 0, 1, 2, …: for labels that are counted from 1 or have gaps.",
)

on_option = click.option(
    "--on",
    metavar="ray|ray://HOST:10001",
    help="Run workers in a Ray cluster: the one at this address or in RAY_ADDRESS, else one that "
    "starts on this machine. Default: processes of this machine.",
)

duplicates_option = click.option(
    "--accept-duplicates",
    is_flag=True,
    help="Certify although more than 1 % of the test images are training images as well.",
)


def storage_options(command: F) -> F:
    """``--storage`` and ``--results``: where a study lives."""
    command = click.option(
        "--results",
        type=LocalPath(folder=True),
        default=RESULTS,
        show_default=True,
        metavar="DIR",
        help="Folder of the storage file and the models.",
    )(command)
    return click.option(
        "--storage",
        metavar="URL",
        help="Optuna storage, for example sqlite:///file.db, postgresql://user:password@host/name "
        "or journal:file.log; default: $TUNER_STORAGE, else an SQLite file in --results.",
    )(command)


def remind_of_secret(storage: str | None) -> None:
    """Says, on standard error, what the commands that were just shown count on."""
    if storage is not None and has_secret(storage):
        click.echo(NEEDS_VARIABLE, err=True)
