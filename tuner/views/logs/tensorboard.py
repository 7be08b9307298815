"""``--log tensorboard``: curves of every trial, and the table of hyperparameters (HParams)."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from tuner.basics.versions import install_command
from tuner.errors import UsageError
from tuner.records.epochs import Epoch
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord
from tuner.sessions.result import Result
from tuner.views.logs.runs import TrialLog, curves, moment, outcome


class TensorBoardLog(TrialLog):
    """Writes a run for each trial; TensorFlow is not imported for it.

    Args:
        folder: Where; each study has a folder in it. ``tensorboard --logdir`` takes it.

    Raises:
        UsageError: TensorBoard is not installed.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        try:
            from tensorboard.summary.writer import event_file_writer
        except ImportError as error:
            raise UsageError(
                f"--log tensorboard needs TensorBoard: {install_command('tensorboard')}."
            ) from error
        self._make: Any = event_file_writer.EventFileWriter
        self._folder = folder
        self._writers: dict[int, Any] = {}

    def epoch(self, record: StudyRecord, trial: TrialRecord, epoch: Epoch) -> None:
        """A point of each curve; with the first the trial's hyperparameters."""
        if trial.number not in self._writers:
            self._begin(record, trial)
        self._write(trial, curves(record, epoch), epoch.epoch, moment(trial, epoch))

    def ended(self, record: StudyRecord, trial: TrialRecord) -> None:
        """What came of it, and that it is over."""
        if trial.number not in self._writers:
            self._begin(record, trial)
        self._write(trial, outcome(record, trial), trial.epochs, moment(trial))
        from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2

        success = trial.outcome in ("reached", "missed", "pruned")
        status = api_pb2.STATUS_SUCCESS if success else api_pb2.STATUS_FAILURE
        end = plugin_data_pb2.SessionEndInfo(status=status, end_time_secs=time.time())
        self._describe(trial, metadata.SESSION_END_INFO_TAG, session_end_info=end)
        self._writers.pop(trial.number).close()

    def done(self, result: Result) -> None:
        """Nothing that is written is held back."""
        self.close()

    def close(self) -> None:
        """Writes what is left."""
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()

    def _begin(self, record: StudyRecord, trial: TrialRecord) -> None:
        from tensorboard.plugins.hparams import metadata, plugin_data_pb2

        name = f"trial-{trial.number:04d}"
        self._writers[trial.number] = self._make(str(self._folder / record.name / name))
        start = plugin_data_pb2.SessionStartInfo(
            group_name=name, start_time_secs=time.time(), model_uri=record.name
        )
        for key, value in trial.values.items():
            if isinstance(value, bool):
                start.hparams[key].bool_value = value
            elif isinstance(value, int | float):
                start.hparams[key].number_value = value
            elif value is not None:
                start.hparams[key].string_value = str(value)
        self._describe(trial, metadata.SESSION_START_INFO_TAG, session_start_info=start)

    def _describe(self, trial: TrialRecord, tag: str, **info: Any) -> None:
        """Writes what the table of hyperparameters is made of."""
        from tensorboard.compat.proto import summary_pb2
        from tensorboard.plugins.hparams import metadata, plugin_data_pb2

        about = metadata.create_summary_metadata(plugin_data_pb2.HParamsPluginData(**info))
        summary = summary_pb2.Summary()
        summary.value.add(tag=tag, metadata=about, tensor=metadata.NULL_TENSOR)
        self._event(trial, summary, 0, time.time())

    def _write(self, trial: TrialRecord, numbers: dict[str, float], step: int, when: float) -> None:
        from tensorboard.compat.proto import summary_pb2

        summary = summary_pb2.Summary()
        for name, value in numbers.items():
            summary.value.add(tag=name, simple_value=value)
        self._event(trial, summary, step, when)

    def _event(self, trial: TrialRecord, summary: Any, step: int, when: float) -> None:
        from tensorboard.compat.proto import event_pb2

        event = event_pb2.Event(wall_time=when, step=step, summary=summary)
        self._writers[trial.number].add_event(event)
        self._writers[trial.number].flush()
