"""Where the files are kept that belong to a trial."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, Protocol

from optuna.artifacts import FileSystemArtifactStore

FOLDER = "artifacts"
"""In the results folder, beside the studies' own folders."""


class ArtifactStore(Protocol):
    """What Optuna asks of an artifact store."""

    def open_reader(self, artifact_id: str) -> BinaryIO:
        """A file, to be read."""

    def write(self, artifact_id: str, content_body: BinaryIO) -> None:
        """Writes a file."""

    def remove(self, artifact_id: str) -> None:
        """Removes a file."""


def artifact_store(results: Path, *, create: bool = True) -> FileSystemArtifactStore:
    """The store of a results folder; whoever only reads makes no folder for it."""
    folder = results / FOLDER
    if create:
        folder.mkdir(parents=True, exist_ok=True)
    return FileSystemArtifactStore(base_path=str(folder))
