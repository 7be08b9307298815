"""The command line. Each verb is thin, and imports what it needs when it runs.

Nothing here may import TensorFlow, and nothing at import time Optuna, Rich or pandas: ``--help``
and shell completion answer at once.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib import metadata
from typing import Any

import click

from tuner.basics.child_process import own_packages_first
from tuner.basics.versions import DISTRIBUTION
from tuner.cli.guard import forget_output, guarded

_VERBS = {
    "search": "tuner.cli.search",
    "status": "tuner.cli.results",
    "best": "tuner.cli.results",
    "certify": "tuner.cli.certify",
    "export": "tuner.cli.export",
    "trials": "tuner.cli.results",
    "report": "tuner.cli.report",
    "studies": "tuner.cli.catalog",
    "spaces": "tuner.cli.catalog",
    "data": "tuner.cli.catalog",
    "bench": "tuner.cli.bench",
    "dashboard": "tuner.cli.serve",
    "completion": "tuner.cli.serve",
}
"""Verbs in the order of the help, and the modules that define them."""


class _Verbs(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _VERBS:
            return None
        command: click.Command = getattr(importlib.import_module(_VERBS[cmd_name]), cmd_name)
        if not any(p.name == "debug" for p in command.params):
            command.params.append(_debug_option())
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


@click.group(
    cls=_Verbs,
    params=[_debug_option()],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
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
    tuner search q10 --trials 50      search; the same command goes on where it stopped
    tuner best q10                    the smallest model that met the target
    tuner dashboard                   look at it in the browser

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
