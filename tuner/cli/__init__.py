"""The command line. Each verb is thin, and imports what it needs when it runs.

Nothing here may import TensorFlow, and nothing at import time Optuna, Rich or pandas: ``--help``
and shell completion answer at once.
"""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Iterable, Sequence
from importlib import metadata
from typing import Any

import click

from tuner.basics.child_process import own_packages_first
from tuner.basics.versions import DISTRIBUTION
from tuner.cli.guard import forget_output, guarded

_VERBS = {
    "search": "tuner.cli.search",
    "worker": "tuner.cli.worker",
    "status": "tuner.cli.results",
    "best": "tuner.cli.results",
    "certify": "tuner.cli.certify",
    "export": "tuner.cli.export",
    "trials": "tuner.cli.results",
    "report": "tuner.cli.report",
    "lab": "tuner.cli.lab",
    "studies": "tuner.cli.catalog",
    "spaces": "tuner.cli.catalog",
    "data": "tuner.cli.catalog",
    "bench": "tuner.cli.bench",
    "dashboard": "tuner.cli.serve",
    "completion": "tuner.cli.serve",
}
"""Verbs in the order of the help, and the modules that define them."""


NARROW = 60
"""Columns of help below which what an option does stands under it, not beside it."""


class _Help(click.HelpFormatter):
    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        super().write_dl(rows, 4 if self.width < NARROW else col_max, col_spacing)


class _Context(click.Context):
    formatter_class = _Help


class _Verbs(click.Group):
    context_class = _Context

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _VERBS:
            return None
        command: click.Command = getattr(importlib.import_module(_VERBS[cmd_name]), cmd_name)
        if not any(p.name == "debug" for p in command.params):
            command.params.append(_debug_option())
        command.context_class = _Context
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if not args[0].startswith("-") and args[0] not in _VERBS:
            hint = _meant_verb(args[0])
            raise click.UsageError(f"no verb is called {args[0]!r}{hint}", ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        # Click would end with code 1, which here means that the target was not met.
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            return forget_output()


def _meant_verb(typed: str) -> str:
    """What may have been meant by a word that is no verb."""
    from tuner.basics.suggestions import suggestion

    if not typed.endswith(".toml"):
        if hint := suggestion(typed, list(_VERBS)):
            return hint
        from tuner.specs.files import builtin_names

        if typed not in builtin_names():
            return "."
    return f"; did you mean 'tuner search {typed}'?"


def _debug_option() -> click.Option:
    """``--debug`` is read by `guarded`; it is accepted wherever it is typed."""
    return click.Option(
        ["--debug"], is_flag=True, expose_value=False, help="Show the traceback of an error."
    )


def _version(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
    if not asked or ctx.resilient_parsing:
        return
    try:
        number = metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        number = "(not installed)"
    click.echo(f"tuner {number}")
    ctx.exit()


def _help_width() -> int:
    """The terminal's columns but two, where those are neither too few nor too many to be read.

    Click by itself takes no terminal to be narrower than 52.
    """
    return max(32, min(shutil.get_terminal_size().columns, 100) - 2)


@click.group(
    cls=_Verbs,
    params=[_debug_option()],
    context_settings={"help_option_names": ["-h", "--help"], "terminal_width": _help_width()},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Show the version.",
)
def cli() -> None:
    """Find the smallest Keras model that reaches an accuracy, on your data, within your epochs.

    \b
    tuner search q10 --trials 50
      search; typed again, it goes on
    tuner best q10
      the smallest that met the target
    tuner dashboard
      look at it in the browser

    Exit codes: 0 done, 1 the target was not met, 2 an error, 130 interrupted.
    """  # noqa: D301 (click wants the character itself, not its escape)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Args:
        arguments: What was typed after ``tuner``; None: the process's own.

    Returns:
        The exit code.
    """
    if arguments is None:
        sys.path[:] = own_packages_first()
    return guarded(cli, arguments)
