"""Where the files are kept that belong to a trial."""

from __future__ import annotations

from pathlib import Path

from optuna.artifacts import FileSystemArtifactStore

FOLDER = "artifacts"
"""In the results folder, beside the studies' own folders."""


def artifact_store(results: Path) -> FileSystemArtifactStore:
    """The store of a results folder, made where it is not there yet."""
    folder = results / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    return FileSystemArtifactStore(base_path=str(folder))
