"""``tuner status``, ``best`` and ``trials``: what the storage holds."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tuner.basics.secrets import masked_text, repeated
from tuner.cli.guard import NOT_MET
from tuner.cli.options import (
    OneOf,
    complete_study,
    remind_of_secret,
    storage_options,
    study_argument,
)

if TYPE_CHECKING:
    import optuna
    from optuna.storages import BaseStorage

    from tuner.records.studies import StudyRecord


def storage_url(storage: str | None, results: Path) -> str:
    """The storage that the options name."""
    from tuner.storages.opening import chosen_url

    return chosen_url(storage, results)


def _record(name: str, storage: str | None, results: Path) -> tuple[optuna.Study, StudyRecord]:
    from tuner.records.studies import StudyRecord
    from tuner.storages.studies import load_study

    study = load_study(name, storage=storage, results=results)
    return study, StudyRecord.of(study)


def existing(storage: str | None, results: Path) -> BaseStorage | None:
    """The storage; None where nothing was asked for and nothing is there yet."""
    from tuner.basics import environment
    from tuner.storages.opening import open_storage

    url = storage_url(storage, results)
    nothing_yet = not storage and not environment.storage_url()
    if nothing_yet and not (results / "tuner.db").exists():
        return None
    return open_storage(url, create=False)


@click.command()
@click.argument("study", required=False, shell_complete=complete_study)
@storage_options
def status(study: str | None, storage: str | None, results: Path) -> None:
    """How far a study is, or all of them."""
    from tuner.storages.studies import find_study, load_study, study_names
    from tuner.views import status as views
    from tuner.views.consoles import console

    if study is not None:
        console().print(views.status(load_study(study, storage=storage, results=results)))
        return
    found = existing(storage, results)
    if found is None:
        click.echo(masked_text(f"No results yet in {results}; start with 'tuner search q10'."))
        return
    names = study_names(found)
    studies = [find_study(name, found) for name in names]
    if not studies:
        click.echo("The storage holds no study yet; start with 'tuner search q10'.")
        return
    console().print(views.overview(studies))
    click.echo("One of them in full: tuner status STUDY")


@click.command(short_help="The smallest model that met the target.")
@study_argument
@storage_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def best(study: str, storage: str | None, results: Path, as_json: bool) -> int:
    """The smallest model that met the target; exit code 1 where none did."""
    from tuner.views import summary
    from tuner.views.consoles import console
    from tuner.views.events import best_object

    _, record = _record(study, storage, results)
    folder = results / record.name
    if as_json:
        click.echo(json.dumps(best_object(record, folder), allow_nan=False))
    else:
        console().print(summary.best(record, folder, repeated(storage, results)))
        remind_of_secret(storage)
    return NOT_MET if record.target is not None and record.incumbent is None else 0


@click.command()
@study_argument
@storage_options
@click.option("--sort", type=OneOf(["number", "size", "metric", "accuracy"]), default="number")
@click.option("--all", "everything", is_flag=True, help="Gated trials too, which never trained.")
@click.option("--csv", "as_csv", is_flag=True, help="Every trial and column, as CSV.")
@click.option("--json", "as_json", is_flag=True, help="Every trial, as one JSON array.")
def trials(
    study: str,
    storage: str | None,
    results: Path,
    sort: str,
    everything: bool,
    as_csv: bool,
    as_json: bool,
) -> None:
    """A table of a study's trials."""
    if as_csv and as_json:
        raise click.UsageError("--csv and --json exclude each other", click.get_current_context())
    found, record = _record(study, storage, results)
    if as_csv:
        from analysis import frames

        frames.trials(record).to_csv(sys.stdout, index=False)
    elif as_json:
        from tuner.views.events import trial_object

        click.echo(json.dumps([trial_object(t) for t in record.trials], allow_nan=False))
    else:
        from tuner.views.consoles import console
        from tuner.views.status import running
        from tuner.views.trials import trials_table

        out = console()
        stale = [t.number for t in running(found)[1]]
        out.print(trials_table(record, sort, everything=everything, stale=stale, width=out.width))
