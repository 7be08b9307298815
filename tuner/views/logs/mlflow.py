"""``--log mlflow``: a run for each trial, the winner's file as an artifact of its run."""

from __future__ import annotations

import contextlib
import getpass
from typing import Any

from tuner.basics.versions import install_command
from tuner.errors import UsageError
from tuner.records.epochs import Epoch
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord
from tuner.sessions.result import Result
from tuner.views.logs.runs import TrialLog, curves, moment, outcome

ENDS = {"failed": "FAILED", "out_of_memory": "FAILED", "diverged": "FAILED"}
"""How MLflow calls the end of a run; any other is FINISHED."""

DESCRIPTION = "mlflow.note.content"
"""What MLflow's page shows above an experiment's runs."""

OF_MODELS = ("mlflow.experimentKind", "custom_model_development")
"""MLflow's page begins with the runs of such an experiment, else with traces of agents."""


class MlflowLog(TrialLog):
    """Writes by MLflow's client, whose experiment has the study's name.

    Args:
        uri: Of the tracking server or folder; None: MLflow's own, ``MLFLOW_TRACKING_URI``.

    Raises:
        UsageError: MLflow is not installed.
    """

    def __init__(self, uri: str | None) -> None:
        super().__init__()
        try:
            from mlflow.tracking import MlflowClient
        except ImportError as error:
            raise UsageError(f"--log mlflow needs MLflow: {install_command('mlflow')}.") from error
        self._where = uri
        self._client: Any = MlflowClient(tracking_uri=uri)
        self._experiment: str | None = None
        self._runs: dict[int, str] = {}

    def epoch(self, record: StudyRecord, trial: TrialRecord, epoch: Epoch) -> None:
        """A point of each curve; with the first the trial's hyperparameters."""
        run = self._run(record, trial)
        self._log(run, curves(record, epoch), epoch.epoch, moment(trial, epoch))

    def ended(self, record: StudyRecord, trial: TrialRecord) -> None:
        """What came of it."""
        run = self._run(record, trial)
        self._log(run, outcome(record, trial), 0, moment(trial))
        self._client.set_tag(run, "outcome", str(trial.outcome))
        status, at = ENDS.get(str(trial.outcome), "FINISHED"), int(moment(trial) * 1000)
        self._client.set_terminated(run, status=status, end_time=at)

    def done(self, result: Result) -> None:
        """The winner's file, and what is proven of it."""
        best, file = result.best, result.model_file
        if best is None:
            return
        run = self._run(result.record, best)
        self._client.set_tag(run, "smallest", "true")
        proven = result.model_certificate
        if proven is not None:
            self._client.set_tag(run, "certified", str(proven.certified).lower())
        if file is not None and file.is_file():
            self._client.log_artifact(run, str(file), artifact_path="model")

    def _log(self, run: str, numbers: dict[str, float], step: int, when: float) -> None:
        """All at once: a server, or a file, takes as long for one as for many."""
        from mlflow.entities import Metric

        at = int(when * 1000)
        self._client.log_batch(run, [Metric(k, v, at, step) for k, v in numbers.items()])

    def _run(self, record: StudyRecord, trial: TrialRecord) -> str:
        """The trial's run, found again where the search goes on."""
        if trial.number in self._runs:
            return self._runs[trial.number]
        if self._experiment is None:
            found = self._client.get_experiment_by_name(record.name)
            made = self._client.create_experiment(record.name) if found is None else None
            self._experiment = str(made or found.experiment_id)
            self._client.set_experiment_tag(self._experiment, DESCRIPTION, record.question)
            self._client.set_experiment_tag(self._experiment, *OF_MODELS)
        name = f"trial-{trial.number:04d}"
        known = self._client.search_runs([self._experiment], f"tags.trial = '{trial.number}'")
        if known:
            self._runs[trial.number] = known[0].info.run_id
            return self._runs[trial.number]
        run = self._client.create_run(
            self._experiment,
            run_name=name,
            start_time=None if trial.started is None else int(trial.started.timestamp() * 1000),
            tags={"trial": str(trial.number), **_shown()},
        )
        self._runs[trial.number] = run.info.run_id
        from mlflow.entities import Param

        asked = [Param(key, str(value)) for key, value in trial.values.items()]
        self._client.log_batch(run.info.run_id, params=asked)
        return str(run.info.run_id)


def _shown() -> dict[str, str]:
    """What MLflow's table of runs shows of where they came from."""
    shown = {"mlflow.source.name": "tuner", "mlflow.source.type": "LOCAL"}
    with contextlib.suppress(OSError, KeyError, ImportError):  # a system without names of users
        shown["mlflow.user"] = getpass.getuser()
    return shown
