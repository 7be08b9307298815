"""``tuner report``: one HTML file about a study, all studies, or the lab."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tuner.basics.files import whole
from tuner.basics.secrets import repeated
from tuner.cli.options import LocalPath, complete_study, remind_of_secret, storage_options
from tuner.cli.results import storage_url

if TYPE_CHECKING:
    from tuner.records.studies import StudyRecord


@click.command(short_help="One HTML file about a study, or all of them.")
@click.argument("study", required=False, shell_complete=complete_study)
@click.option("--lab", is_flag=True, help="Answers to the lab's ten questions.")
@click.option(
    "--output",
    type=LocalPath(),
    metavar="FILE",
    help="Where to write it; default: report.html, or lab.html, in the results folder.",
)
@storage_options
def report(
    study: str | None, lab: bool, output: Path | None, storage: str | None, results: Path
) -> None:
    """One HTML file about a study, or all of them: verdict, figures, tables."""
    from tuner.errors import UsageError

    if study is not None and lab:
        raise click.UsageError("--lab is about all studies: give no STUDY with it")
    records = _records(study, storage, results, proofs=lab)
    again = repeated(storage, results)
    folder = results if study is None else results / records[0].name
    target = output or folder / ("lab.html" if lab else "report.html")
    if target.is_dir():  # before the seconds that the page may take
        raise _unwritable(target, "it is a folder")
    from analysis import report as pages

    try:
        if study is not None:
            text = pages.study_report(records[0], again)
        else:
            text = (pages.lab_report if lab else pages.overview)(records, again)
    except ValueError as error:
        hint = study or "q10"
        raise UsageError(f"{_sentence(error)} Start with 'tuner search {hint}'.") from error
    _write(text, target)
    click.echo(str(target))
    remind_of_secret(storage)


def _records(
    study: str | None, storage: str | None, results: Path, *, proofs: bool
) -> Sequence[StudyRecord]:
    """The study that was named, or all of the storage's; with those of their proofs if asked."""
    from tuner.errors import UsageError
    from tuner.records.studies import StudyRecord
    from tuner.storages.opening import open_storage
    from tuner.storages.studies import every_record, find_study, study_names

    url = storage_url(storage, results)
    opened = open_storage(url, create=False)
    if study is not None:
        return [StudyRecord.of(find_study(study, opened))]
    found = [find_study(name, opened) for name in study_names(opened)]
    if not found:
        raise UsageError("the storage holds no study yet; start with 'tuner search q10'.")
    return every_record(opened) if proofs else [StudyRecord.of(s) for s in found]


def _write(text: str, target: Path) -> None:
    """Writes the file whole or not at all.

    Raises:
        StorageError: It cannot be written.
    """
    try:
        part = target.with_name(f".{target.name}.{os.getpid()}.part")
        target.parent.mkdir(parents=True, exist_ok=True)
        with whole(part, target):
            part.write_text(text, encoding="utf-8")
    except OSError as error:
        raise _unwritable(target, error.strerror) from error


def _unwritable(target: Path, why: str | None) -> Exception:
    from tuner.errors import StorageError

    return StorageError(
        f"cannot write the report to {str(target)!r}: {why}; give another file with --output."
    )


def _sentence(error: Exception) -> str:
    text = str(error)
    return text if text.endswith(".") else f"{text}."
