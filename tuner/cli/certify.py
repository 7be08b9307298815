"""``tuner certify``."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import click

from tuner.basics.secrets import repeated
from tuner.certificates import FEWEST, SEEDS
from tuner.cli.guard import DONE, INTERRUPTED, NOT_MET
from tuner.cli.options import (
    OneOf,
    duplicates_option,
    on_option,
    storage_options,
    study_argument,
    workers_or_auto,
)
from tuner.cli.search import make_watcher
from tuner.objectives.proof import DEFAULT, PROVES


@click.command()
@study_argument
@click.option(
    "--trial",
    type=click.IntRange(min=0),
    metavar="N",
    help="Certify this trial instead of the smallest that met the target.",
)
@click.option(
    "--prove",
    type=OneOf([p for p in PROVES if p != "none"]),
    default=DEFAULT,
    show_default=True,
    help="The model, as the file that it is; its recipe, with fresh seeds; or both.",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=FEWEST),
    default=SEEDS,
    show_default=True,
    metavar="N",
    help="The most trainings of the recipe, each with a fresh seed; more than it had are added.",
)
@click.option("--data", metavar="SOURCE", help="Where the study's images are now.")
@click.option(
    "--workers", type=workers_or_auto, default="auto", metavar="auto|N", help="Worker processes."
)
@on_option
@duplicates_option
@storage_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object an event, a line each.")
@click.option("--no-live", is_flag=True, help="Plain lines, also on a terminal.")
def certify(
    study: str, storage: str | None, results: Path, as_json: bool, no_live: bool, **chosen: Any
) -> int:
    """Prove that a model meets the target, on test images.

    The model: it is trained on to the end of its schedule, and tested once. It is certified where
    the exact lower bound of its accuracy reaches the target, with 95 % confidence over all models
    of the study that were ever tested. Where it does not, the next smallest is tried.

    Its recipe: the configuration is trained from scratch with fresh seeds, on training and
    validation images, and tested once each. It is certified where the 95 % lower bound of the mean
    reaches the target. Exit code 1: what was asked for could not be proven.
    """
    from tuner.api import certify as run
    from tuner.views import summary
    from tuner.views.consoles import console
    from tuner.views.events import best_object

    watcher = make_watcher(as_json=as_json, live=not no_live, storage=storage, results=results)
    with contextlib.closing(watcher):
        result = run(study, storage=storage, results=results, watcher=watcher, **chosen)
    folder = results / result.record.name
    if as_json:
        click.echo(json.dumps(best_object(result.record, folder), allow_nan=False))
    else:
        console().print(summary.certified(result, folder, repeated(storage, results)))
    if result.interrupted:
        return INTERRUPTED
    return DONE if result.holds else NOT_MET
