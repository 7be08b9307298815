"""``tuner worker``."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import click

from tuner.cli.guard import DONE, INTERRUPTED
from tuner.cli.options import remind_of_secret, storage_options


@click.command()
@click.argument("study")
@click.option(
    "--data",
    multiple=True,
    metavar="SOURCE",
    help="Where the study's data are on this machine, if not where the study says; in a sweep over "
    "several data sets, NAME=SOURCE for each.",
)
@storage_options
@click.option(
    "--cpus",
    type=click.IntRange(min=1),
    metavar="N",
    help="Threads of its training; default: what the backend takes of the processors it may use.",
)
@click.option("--gpu", metavar="ID", help="Its GPU, as CUDA_VISIBLE_DEVICES names it.")
def worker(
    study: str,
    data: tuple[str, ...],
    storage: str | None,
    results: Path,
    cpus: int | None,
    gpu: str | None,
) -> int:
    """Work on a study that another command searches: one worker, on any machine.

    For SLURM arrays, Kubernetes jobs and ssh. STUDY is its name in the storage, which is all that
    the machines share. The worker trains and proves what the searching side wants, and leaves by
    itself when nothing is left and nobody plans more. SIGTERM gives its trial back within two
    seconds (exit code 0), Ctrl-C likewise (130).
    """
    with _ends_in_order():
        from tuner.launchers.placement import Placement
        from tuner.sessions.serving import exit_code, serve

        remind_of_secret(storage)
        served = serve(
            study,
            storage=storage,
            results=results,
            data=data,
            place=Placement(threads=cpus or 0, gpu=gpu),
            notice=lambda text: click.echo(text, err=True),
        )
    code = exit_code(served, done=DONE, interrupted=INTERRUPTED)
    if served.signal is not None:
        # Whoever ends it waits for few seconds, of which taking the interpreter down takes one.
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)
    return code


@contextlib.contextmanager
def _ends_in_order() -> Iterator[None]:
    """Lets SIGTERM end a worker that has no trial yet as it ends one that has: with exit code 0."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(*_: object) -> None:
        raise SystemExit(DONE)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
