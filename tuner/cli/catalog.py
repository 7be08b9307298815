"""``tuner studies``, ``spaces`` and ``data``: what there is to choose from."""

from __future__ import annotations

from pathlib import Path

import click

from tuner.cli.options import storage_options
from tuner.errors import StorageError


@click.command()
@storage_options
def studies(storage: str | None, results: Path) -> None:
    """The built-in studies, and which have results."""
    from tuner.study import builtin_names, read_study
    from tuner.views.catalog import studies_table
    from tuner.views.consoles import console

    specs = [read_study(name) for name in builtin_names()]
    try:
        done = _with_results(storage, results)
    except StorageError as error:
        click.echo(f"Results are not shown: {error}", err=True)
        done = []
    console().print(studies_table(specs, done))
    click.echo("Search one with 'tuner search STUDY', or your own with 'tuner search FILE.toml'.")


def _with_results(storage: str | None, results: Path) -> list[str]:
    from tuner.cli.results import existing, storage_url
    from tuner.storage import study_names, told

    with told(storage_url(storage, results)):
        found = existing(storage, results)
        return [] if found is None else study_names(found)


@click.command()
@click.argument("family", required=False)
def spaces(family: str | None) -> None:
    """The built-in search spaces and their hyperparameters."""
    from tuner.views.catalog import spaces_view
    from tuner.views.consoles import console

    console().print(spaces_view(family))


@click.command()
@click.argument("source", required=False)
def data(source: str | None) -> None:
    """The data sets that --data takes, or what is in one of them."""
    from tuner.views import catalog
    from tuner.views.consoles import console

    if source is None:
        console().print(catalog.sources_view())
        return
    from tuner.data import resolve

    console().print(catalog.data_view(resolve(source)))
