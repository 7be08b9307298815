"""What the dashboard shows of trials, wherever their studies keep it."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from optuna.artifacts.exceptions import ArtifactNotFound
from optuna.storages import BaseStorage

from tuner.errors import ArtifactError
from tuner.records.keys import StudyKey
from tuner.storages.artifacts import ArtifactStore, artifact_store
from tuner.storages.shared_artifacts import SharedArtifacts


class EveryStore:
    """The results folder, and the artifact stores of the studies in a storage.

    Args:
        storage: It.
        results: The folder, which also takes what somebody adds by the dashboard.
    """

    def __init__(self, storage: BaseStorage, results: Path) -> None:
        self._storage = storage
        self._results = results
        self._shared: dict[str, ArtifactStore] = {}

    def open_reader(self, artifact_id: str) -> BinaryIO:
        """A file, from the first store that has it.

        Raises:
            ArtifactNotFound: None of those that can be reached has it.
        """
        for store in self._stores():
            try:
                return store.open_reader(artifact_id)
            except (ArtifactNotFound, ArtifactError):
                continue
        raise ArtifactNotFound(f"no artifact store of a study has {artifact_id}")

    def write(self, artifact_id: str, content_body: BinaryIO) -> None:
        """Writes a file into the results folder."""
        artifact_store(self._results).write(artifact_id, content_body)

    def remove(self, artifact_id: str) -> None:
        """Removes a file from the results folder."""
        artifact_store(self._results, create=False).remove(artifact_id)

    def _stores(self) -> list[ArtifactStore]:
        found: list[ArtifactStore] = [artifact_store(self._results, create=False)]
        for study in self._storage.get_all_studies():
            stored = study.user_attrs.get(StudyKey.ARTIFACTS)
            if stored is None:
                continue
            address = stored["address"]
            if address not in self._shared:
                try:
                    self._shared[address] = SharedArtifacts(address)
                except ArtifactError:
                    continue  # what it takes is missing here: the others are shown
            if self._shared[address] not in found:
                found.append(self._shared[address])
        return found
