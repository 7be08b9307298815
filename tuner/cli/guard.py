"""Turns whatever a verb raises into one line and an exit code."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import traceback
from collections.abc import Sequence

import click

from tuner.basics.files import FULL
from tuner.basics.secrets import masked_text
from tuner.errors import TunerError

DONE = 0
NOT_MET = 1
ERROR = 2
INTERRUPTED = 130
BROKEN_PIPE = 141
"""As the shell reports for other programs whose reader went away."""


def guarded(command: click.Command, arguments: Sequence[str] | None = None) -> int:
    """Runs a command; verbs return their exit code, or None for 0."""
    typed = list(sys.argv[1:] if arguments is None else arguments)
    _fill_closed()
    for stream in (sys.stdout, sys.stderr):
        # A terminal that knows no Unicode shall show a question mark, not end the search.
        with contextlib.suppress(AttributeError, ValueError, OSError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        code = command.main(typed, prog_name="tuner", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else DONE
    except BrokenPipeError:
        return forget_output()
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return INTERRUPTED
    except SystemExit as ended:
        # Click's own way out where a help text's reader went away.
        return forget_output() if ended.code == 1 else DONE
    except Exception as error:
        why = _no_output(error) if isinstance(error, OSError) else None
        if "--debug" in typed:
            click.echo(masked_text(traceback.format_exc()), err=True, nl=False)
        else:
            _say(_line(error, typed) if why is None else f"cannot write what is asked for: {why}.")
        return ERROR


def _no_output(error: OSError) -> str | None:
    """Why standard output cannot be written to; None where it was not what failed.

    Args:
        error: What ended the command. Full disks of files are told of as what they are, before they
            come here, and name their file.
    """
    full = error.errno in {*FULL, errno.EIO} and error.filename is None
    try:
        sys.stdout.flush()
    except OSError as again:
        full, error = True, again
    if not full:
        return None
    forget_output()
    return f"standard output: {error.strerror or type(error).__name__}"


def _fill_closed() -> None:
    """Opens closed standard streams on nothing, as of a command that a scheduler starts.

    Left closed, the next file that is opened, a database perhaps, would take their number, and
    whatever a library prints would be written into it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
    for name, number in (("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "w", encoding="utf-8", closefd=False))


def _line(error: Exception, typed: Sequence[str]) -> str:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error.format_message()
    if isinstance(error, click.NoSuchOption) and error.possibilities:
        del error.possibilities[1:]  # the nearest comes first
    if isinstance(error, click.UsageError):
        # Click says of an option without its value only which option that is.
        verb = [word for word in typed[:1] if not word.startswith("-")]
        path = " ".join(["tuner", *verb]) if error.ctx is None else error.ctx.command_path
        return f"{_sentence(error.format_message())} See '{path} --help'."
    if isinstance(error, click.ClickException):
        return _sentence(error.format_message())
    if isinstance(error, TunerError):
        return str(error)
    if isinstance(error, OSError):
        named = f": {error.filename}" if error.filename else ""
        return f"{error.strerror or type(error).__name__}{named}."
    return f"unexpected {type(error).__name__}: {error}; run it again with --debug for the details."


def _sentence(message: str) -> str:
    return message if message.endswith((".", "?")) else f"{message}."


def _say(message: str) -> None:
    if message.startswith("Usage:"):
        click.echo(message, err=True)
        return
    with contextlib.suppress(OSError):
        # A storage's URL may have been typed where it does not belong, with its password.
        click.echo(masked_text(f"Error: {' '.join(message.split())}"), err=True)


def forget_output() -> int:
    """Points standard output at nothing, so that the interpreter's last flush stays quiet.

    Returns:
        The exit code for a reader that went away.
    """
    nothing = os.open(os.devnull, os.O_WRONLY)
    with contextlib.suppress(OSError, ValueError):
        os.dup2(nothing, sys.stdout.fileno())
    return BROKEN_PIPE
