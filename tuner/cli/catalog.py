"""``tuner studies``, ``spaces`` and ``data``: what there is to choose from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tuner.cli.options import relabel_option, storage_options
from tuner.errors import SpaceError, StorageError, UsageError


@click.command()
@storage_options
def studies(storage: str | None, results: Path) -> None:
    """The built-in studies, and which have results."""
    from tuner.specs.files import builtin_names, read_study
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
    from tuner.cli.results import existing
    from tuner.storages.studies import study_names

    found = existing(storage, results)
    return [] if found is None else study_names(found)


@click.command()
@click.argument("space", required=False)
def spaces(space: str | None) -> None:
    """The search spaces and their hyperparameters.

    SPACE is a built-in family, or anyone's as in a study file: MODULE:CLASS or FILE.py:CLASS.
    """
    from tuner.views.catalog import spaces_view
    from tuner.views.consoles import console

    built_in = families()
    if space is not None and space not in built_in and ":" not in space:
        from tuner.basics.suggestions import suggestion

        hint = suggestion(space, list(built_in)) or "."
        known = ", ".join(built_in)
        raise UsageError(
            f"no search space is called {space!r}{hint} Built in: {known}; or MODULE:CLASS."
        )
    specs = list(built_in.values()) if space is None else [built_in.get(space, space)]
    with console(stderr=True).status("reading the search spaces, which imports Keras"):
        described = _describe(specs)
    console().print(spaces_view(described))


def families() -> dict[str, str]:
    """The spaces of the built-in studies, by the name of their module."""
    from tuner.specs.files import builtin_names, read_study

    specs = sorted({read_study(name).space for name in builtin_names()})
    return {spec.partition(":")[0].rpartition(".")[2]: spec for spec in specs}


def _describe(specs: list[str]) -> list[dict[str, Any]]:
    from tuner.basics import child_process

    described: list[dict[str, Any]] = child_process.run(
        "tuner.spaces.description:work",
        specs,
        environment={"TF_CPP_MIN_LOG_LEVEL": "3"},
        failed=SpaceError,
    )
    return described


@click.command()
@click.argument("source", required=False)
@relabel_option
def data(source: str | None, relabel: bool) -> None:
    """The data sets that --data takes, or what is in one of them."""
    from tuner.views import catalog
    from tuner.views.consoles import console

    if source is None:
        console().print(catalog.sources_view())
        return
    from tuner.data import resolve

    console().print(catalog.data_view(resolve(source, relabel=relabel)))
