"""Where the files are kept that belong to a trial."""

from __future__ import annotations

from pathlib import Path

from optuna.artifacts import FileSystemArtifactStore

FOLDER = "artifacts"
"""In the results folder, beside the studies' own folders."""


def artifact_store(results: Path, *, create: bool = True) -> FileSystemArtifactStore:
    """The store of a results folder; whoever only reads makes no folder for it."""
    folder = results / FOLDER
    if create:
        folder.mkdir(parents=True, exist_ok=True)
    return FileSystemArtifactStore(base_path=str(folder))
