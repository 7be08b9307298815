"""Logs for other tools, read back with the tools' own readers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.shown import play
from tuner.errors import UsageError
from tuner.views.choosing import watching
from tuner.views.logs import KINDS, log_of


def test_tensorboard_reads_curves_and_hyperparameters(tmp_path: Path) -> None:
    event_accumulator = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator"
    )
    play(log_of("tensorboard", tmp_path))
    runs = sorted((tmp_path / "tensorboard" / "q10").iterdir())
    assert [run.name for run in runs] == ["trial-0002", "trial-0004", "trial-0006"]
    read = event_accumulator.EventAccumulator(str(runs[0]))
    read.Reload()
    tags = read.Tags()["scalars"]
    assert {"loss", "val_accuracy", "size", "best_val_accuracy"} <= set(tags)
    assert [point.step for point in read.Scalars("val_accuracy")] == [1, 2, 3, 4]
    assert read.Scalars("size")[0].value == 9_500
    started = read.SummaryMetadata("_hparams_/session_start_info")
    assert started.plugin_data.plugin_name == "hparams"
    assert b"width" in started.plugin_data.content


@pytest.mark.filterwarnings("ignore")  # of what MLflow does with its own database
def test_mlflow_reads_a_run_a_trial_with_the_winner(tmp_path: Path) -> None:
    tracking = pytest.importorskip("mlflow.tracking")
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    play(log_of(f"mlflow:{uri}", tmp_path))
    client = tracking.MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name("q10")
    runs = {r.data.tags["trial"]: r for r in client.search_runs([experiment.experiment_id])}
    assert set(runs) >= {"2", "4", "6"}
    assert runs["2"].data.metrics["size"] == 9_500
    assert runs["2"].data.tags["outcome"] == "reached"
    assert "width" in runs["2"].data.params
    assert runs["2"].data.tags["mlflow.source.name"] == "tuner"
    assert "smallest" in experiment.tags["mlflow.note.content"]
    history = client.get_metric_history(runs["2"].info.run_id, "val_accuracy")
    assert [point.step for point in history] == [1, 2, 3, 4]

    play(log_of(f"mlflow:{uri}", tmp_path))
    again = client.search_runs([experiment.experiment_id])
    assert len(again) == len(runs)  # a search that goes on adds to its runs


def test_a_log_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no log is called 'wandb'; there are: "):
        log_of("wandb", tmp_path)
    assert KINDS == ("tensorboard", "mlflow")


def test_a_caller_sees_its_own_watcher_beside_a_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("tensorboard")
    with watching(None, log="tensorboard", results=tmp_path) as both:
        play(both)
    assert (tmp_path / "tensorboard" / "q10" / "trial-0002").is_dir()
    assert "q10: the target is met." in capsys.readouterr().out
