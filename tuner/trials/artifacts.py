"""What the dashboard shows beside a trial that became the incumbent: its picture and its file."""

from __future__ import annotations

import tempfile
from pathlib import Path

import optuna
from optuna.artifacts import upload_artifact

from tuner.records.studies import StudyRecord
from tuner.storages.artifacts import artifact_store
from tuner.storages.results import writing_to


def keep(trial: optuna.Trial, results: Path, model_file: Path) -> None:
    """Adds the evaluation image and the model's file to a trial that still runs.

    Args:
        trial: Its history and confusion matrix are stored already.
        results: The results folder.
        model_file: The trained model.
    """
    from analysis.figures import evaluation

    record = StudyRecord.of(trial.study)
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / f"evaluation-{trial.number:04d}.png"
        evaluation(record, trial.number).savefig(image, dpi=110)
        with writing_to(results):
            store = artifact_store(results)
            for file, kind in ((image, "image/png"), (model_file, "application/octet-stream")):
                upload_artifact(
                    artifact_store=store, file_path=str(file), study_or_trial=trial, mimetype=kind
                )
