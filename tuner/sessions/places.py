"""Where a search writes, its storage and its results folder: opened only where both can be had."""

from __future__ import annotations

from pathlib import Path

from tuner.objectives.metrics import DEFAULT_METRIC, Metric
from tuner.storages import foreign, warm_start
from tuner.storages.opening import open_storage
from tuner.storages.patience import Patience
from tuner.storages.patient import PatientStorage
from tuner.storages.results import prepare_results, require_place
from tuner.storages.urls import address_of

DRIVE = "/content/drive/"
"""Where Colab mounts Google Drive."""


def open_places(
    url: str,
    results: Path,
    patience: Patience,
    *,
    begins_with: str | None = None,
    metric: Metric | None = None,
) -> PatientStorage:
    """Makes the results folder and opens the storage; where one of them fails, neither is made.

    Args:
        url: The storage's.
        results: The results folder.
        patience: How long to wait for a storage that is away, and who is told.
        begins_with: A study that the storage must have trials of, for a warm start.
        metric: What those trials must have been measured by.

    Raises:
        StorageError: One cannot be made or reached.
        UsageError: There is no such study to begin with.
    """
    require_place(results)
    if begins_with is not None and foreign.is_project(begins_with):
        foreign.read(begins_with, metric or DEFAULT_METRIC)
    elif begins_with is not None:
        warm_start.require(begins_with, open_storage(url, create=False, patience=patience), metric)
    file = address_of(url).file
    inside = file is not None and file.absolute().is_relative_to(results.absolute())
    if inside:
        prepare_results(results)
    opened = open_storage(url, patience=patience)
    if not inside:
        prepare_results(results)
    return opened


def drive_warning(url: str) -> str | None:
    """A line where an SQLite file lies on Google Drive, as Colab mounts it."""
    if not url.startswith("sqlite") or DRIVE not in url:
        return None
    return (
        "the results are on Google Drive, where SQLite cannot lock its file and may damage it: "
        "keep them on this machine's disk and copy the folder, or give the URL of a database "
        "server as storage."
    )
