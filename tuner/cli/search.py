"""``tuner search``."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tuner.basics.secrets import repeated
from tuner.cli.goals import check_goals, number
from tuner.cli.guard import DONE, INTERRUPTED, NOT_MET
from tuner.cli.options import (
    OneOf,
    duplicates_option,
    duration,
    number_or_auto,
    on_option,
    relabel_option,
    storage_options,
    study_argument,
    workers_or_auto,
)
from tuner.objectives.direction import DIRECTIONS
from tuner.objectives.proof import PROVES
from tuner.objectives.quantities import QUANTITIES
from tuner.pruners.registry import PRUNERS
from tuner.samplers.registry import SAMPLERS

if TYPE_CHECKING:
    from tuner.views.events import Events
    from tuner.views.lines import Lines
    from tuner.views.live import Live

EXIT_CODES = {"met": DONE, "complete": DONE, "not_met": NOT_MET, "interrupted": INTERRUPTED}


@click.command()
@study_argument
@click.option(
    "--trials",
    type=number_or_auto,
    metavar="N|auto",
    help="Trained trials that the study shall have in all; the same command again trains no more. "
    "auto: until another is expected to gain less than 2 %. Default: 50; a sweep trains its grid.",
)
@click.option("--more", type=click.IntRange(min=1), metavar="N", help="Train so many in addition.")
@click.option(
    "--timeout", type=duration, metavar="TIME", help="Stop after so long: 90 (seconds), 30m, 2h."
)
@click.option(
    "--data",
    multiple=True,
    metavar="SOURCE",
    help="Data to use instead of the study's: cifar10, mnist, shapes10, an .npz file, a folder or "
    "FILE.py:FUNCTION; see 'tuner data'. In a sweep over several data sets, NAME=SOURCE for each.",
)
@click.option(
    "--name",
    metavar="NAME",
    help="What the study is called in the storage, to repeat one beside the first: with --seed.",
)
@relabel_option
@click.option(
    "--metric",
    metavar="METRIC",
    help="What is measured instead of the study's metric: accuracy, macro_f1, auc, mae, … "
    "(docs/own-study.md has them all), or FILE.py:FUNCTION.",
)
@click.option(
    "--metric-direction",
    type=OneOf(DIRECTIONS),
    help="Which way a function of one's own gets better.",
)
@click.option("--target", type=number, metavar="X", help="Value of the metric to reach.")
@click.option(
    "--margin",
    type=number,
    metavar="X",
    help="How far beyond the target validation must come to count. Default: 0.005 of accuracy on "
    "5,000 examples, of other metrics one standard error.",
)
@click.option(
    "--minimize",
    type=OneOf(list(QUANTITIES)),
    help="What the smallest model has least of.",
)
@click.option(
    "--workers",
    type=workers_or_auto,
    default="auto",
    metavar="auto|N",
    help="Worker processes; auto chooses from cores or GPUs; 0: only those that 'tuner worker' "
    "starts, here or elsewhere.",
)
@on_option
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, metavar="N")
@storage_options
@click.option(
    "--artifacts",
    metavar="DIR|s3://BUCKET/PREFIX",
    help="Keep models and the dashboard's pictures there as well: for machines that share no "
    "results folder. The study remembers it.",
)
@click.option("--sampler", type=OneOf(SAMPLERS), default="smallest", show_default=True)
@click.option("--pruner", type=OneOf(PRUNERS), default="target", show_default=True)
@click.option(
    "--warm-start",
    metavar="STUDY",
    help="Learn from another search in the same storage: q4 for q6, q10@shapes10 for q10.",
)
@click.option("--no-reference", is_flag=True, help="Do not train the study's reference model.")
@click.option(
    "--prove",
    type=OneOf(PROVES),
    help="What to prove of what is found, on the test images: of the model that it meets the "
    "target, of its recipe that it does with fresh seeds, both, or none. Default: the study's, "
    "which is both.",
)
@duplicates_option
@click.option(
    "--log",
    "logs",
    multiple=True,
    metavar="tensorboard|mlflow[:URI]",
    help="Write curves, hyperparameters and sizes for TensorBoard or MLflow as well; more than "
    "once, both.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object an event, a line each.")
@click.option("--no-live", is_flag=True, help="One line a trial, also on a terminal.")
def search(
    study: str,
    *,
    no_reference: bool,
    as_json: bool,
    no_live: bool,
    logs: tuple[str, ...],
    **chosen: Any,
) -> int:
    """Search for the smallest model that meets a study's target.

    STUDY is one of 'tuner studies' or the path of a study file. The same command again goes on
    where it stopped. Ctrl-C stops within seconds, and nothing is lost. The file that is named at
    the end is proven to meet the target, on test images that nothing had read before; its recipe is
    trained again with fresh seeds.
    """
    from tuner.api import search as run

    check_goals(study, chosen)
    chosen["data"] = list(chosen["data"]) or None
    watcher = make_watcher(
        as_json=as_json, live=not no_live, storage=chosen["storage"], results=chosen["results"]
    )
    with contextlib.closing(watcher):
        result = run(study, reference=not no_reference, watcher=watcher, log=logs, **chosen)
    return EXIT_CODES[result.status]


def make_watcher(
    *, as_json: bool, live: bool, storage: str | None, results: Path
) -> Events | Lines | Live:
    """What shows the search: a live view on a terminal, else lines, or JSON events."""
    if as_json:
        from tuner.views.events import Events

        return Events(sys.stdout, sys.stderr)
    from tuner.views.consoles import console

    again = repeated(storage, results)
    out = console()
    if live and out.is_terminal and not out.is_dumb_terminal:
        from tuner.views.live import Live

        return Live(out, again)
    from tuner.views.lines import Lines

    return Lines(out, console(stderr=True), again)
