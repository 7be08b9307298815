"""``tuner bench``: how fast this machine trains."""

from __future__ import annotations

import json

import click

from tuner.cli.options import duration
from tuner.errors import UsageError


@click.command(short_help="Measure this machine and keep the fastest layout of workers.")
@click.argument("families", nargs=-1)
@click.option(
    "--seconds",
    type=duration,
    default="3",
    show_default=True,
    metavar="TIME",
    help="How long each model trains under each layout.",
)
@click.option("--full", is_flag=True, help="Try every combination, not the usual suspects alone.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def bench(families: tuple[str, ...], seconds: float, full: bool, as_json: bool) -> None:
    """Measure how fast this machine trains, and keep the fastest layout for later searches.

    FAMILIES are of dense, cnn and resnet; default all of them. Models train on random images for a
    few seconds under each layout: how many workers, how many threads each, with oneDNN's kernels
    or without. A search with --workers auto takes the layout that was the fastest for its family.
    """
    from tuner.bench import measurement
    from tuner.views.benchmark import benchmark_object, benchmark_view
    from tuner.views.consoles import console

    with console(stderr=True).status("measuring") as status:
        found = measurement.compare_layouts(
            families, seconds=seconds, full=full, progress=status.update
        )
    kept, trouble = None, None
    try:
        kept = measurement.remember_fastest(found)
    except OSError as error:
        trouble = error
    if as_json:
        click.echo(json.dumps(benchmark_object(found, kept), allow_nan=False))
    else:
        console().print(benchmark_view(found, kept))
    if trouble is not None:
        raise UsageError(
            f"what was measured cannot be kept for searches: {trouble}; "
            "set TUNER_CACHE to a folder that can be written."
        )
