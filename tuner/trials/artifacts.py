"""What the dashboard shows beside a trial that became the incumbent: its picture and its file."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import optuna
from optuna.artifacts import upload_artifact

from tuner.basics.files import temporary_folder
from tuner.records.keys import TrialKey
from tuner.records.studies import StudyRecord
from tuner.storages.artifacts import ArtifactStore, artifact_store
from tuner.storages.results import writing_to
from tuner.storages.sent_files import SentFiles


def keep(
    trial: optuna.Trial, results: Path, model_file: Path, files: SentFiles | None = None
) -> None:
    """Adds the evaluation image and the model's file to a trial that still runs.

    Args:
        trial: Its history and confusion matrix are stored already.
        results: The results folder.
        model_file: The trained model.
        files: Knows of a store that others see as well; None: there is none.

    Raises:
        StorageError: The results folder cannot be written to.
        ArtifactError: The artifact store cannot.
    """
    from analysis.figures import evaluation

    record = StudyRecord.of(trial.study)
    with temporary_folder("artifact") as folder:
        image = Path(folder) / f"evaluation-{trial.number:04d}.png"
        evaluation(record, trial.number).savefig(image, dpi=110)
        with writing_to(results):
            kept = artifact_store(results) if files is None else files.store(results)
            store = NotingStore(kept, trial)
            for file, kind in ((image, "image/png"), (model_file, "application/octet-stream")):
                upload_artifact(
                    artifact_store=store, file_path=str(file), study_or_trial=trial, mimetype=kind
                )


class NotingStore:
    """Notes the name of each file at its trial before it writes it.

    Args:
        store: Writes.
        trial: Whose artifacts they are.
    """

    def __init__(self, store: ArtifactStore, trial: optuna.Trial) -> None:
        self._store = store
        self._trial = trial
        self._noted: list[str] = []

    def write(self, artifact_id: str, content_body: BinaryIO) -> None:
        """Notes and writes a file."""
        self._noted.append(artifact_id)
        self._trial.set_user_attr(TrialKey.ARTIFACTS, list(self._noted))
        self._store.write(artifact_id, content_body)

    def open_reader(self, artifact_id: str) -> BinaryIO:
        """Reads a file."""
        return self._store.open_reader(artifact_id)

    def remove(self, artifact_id: str) -> None:
        """Removes a file."""
        self._store.remove(artifact_id)
