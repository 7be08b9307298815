"""`tuner worker`: a search whose workers others start, and what a cluster does to them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import optuna
import psutil
import pytest
from optuna.artifacts import get_all_artifact_meta
from optuna.artifacts.exceptions import ArtifactNotFound
from optuna.trial import TrialState

from tests.helpers import buckets, tiny
from tuner import export
from tuner.cli import main
from tuner.dashboard.artifacts import EveryStore
from tuner.records.keys import StudyKey, TrialKey
from tuner.records.studies import StudyRecord
from tuner.sessions.standing import Standing
from tuner.storages import claims
from tuner.storages.opening import open_storage
from tuner.workers.orders import WorkerOrders

ROOT = Path(__file__).parents[2]
PATIENCE = 300.0
STOPPED = "it was stopped while training"


def begin(folder: Path, *typed: str, log: str = "log") -> subprocess.Popen[bytes]:
    with (folder / log).open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "tuner", *typed],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TUNER_STORAGE": url(folder)},
            stdout=out,
            stderr=out,
        )


def url(folder: Path) -> str:
    return f"sqlite:///{folder / 'study.db'}"


def await_(happened: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.2)


def study(folder: Path) -> optuna.Study:
    storage = open_storage(url(folder), create=False)
    return optuna.load_study(study_name="tiny", storage=storage)


def has_orders(folder: Path) -> bool:
    try:
        return StudyKey.ORDERS in study(folder).user_attrs
    except Exception:  # neither file nor study is there yet
        return False


def trains(folder: Path) -> bool:
    return any(
        t.state == TrialState.RUNNING and t.intermediate_values for t in study(folder).trials
    )


@pytest.fixture
def endless(tmp_path: Path) -> Iterator[Path]:
    """A search without workers of its own, whose trainings take long: nothing can be learnt."""
    tiny.write(tmp_path, horizon=5_000)
    images = tiny.images()
    np.random.default_rng(0).shuffle(images["y_train"])
    np.savez(tmp_path / "images.npz", **images)
    typed = ["search", "tiny.toml", "--workers", "0", "--prove", "none", "--pruner", "none"]
    searching = begin(tmp_path, *typed, "--results", "home")
    try:
        await_(lambda: has_orders(tmp_path))
        yield tmp_path
    finally:
        searching.kill()
        searching.wait()


@pytest.mark.slow
def test_a_worker_that_is_ended_gives_its_trial_back(endless: Path) -> None:
    for number, code in ((signal.SIGTERM, 0), (signal.SIGINT, 130)):
        worker = begin(endless, "worker", "tiny", "--results", "far")
        await_(lambda: trains(endless))
        if number == signal.SIGTERM:  # SLURM sends it to every process of a step
            for child in psutil.Process(worker.pid).children(recursive=True):
                child.send_signal(number)
        worker.send_signal(number)
        await_(lambda: not trains(endless))
        assert worker.wait(timeout=30) == code, (endless / "log").read_text()
        lost = [t for t in study(endless).trials if TrialKey.LOST in t.user_attrs]
        assert [t.user_attrs[TrialKey.LOST] for t in lost] == [STOPPED] * len(lost)
        assert len({claims.root_of(t) for t in lost}) == 1  # the next worker begins with it again


@pytest.mark.slow
def test_a_search_with_workers_elsewhere_ends_with_its_models_at_home(tmp_path: Path) -> None:
    tiny.write(tmp_path, target=0.9, horizon=3)
    typed = ["search", "tiny.toml", "--workers", "0", "--trials", "3", "--prove", "model"]
    searching = begin(tmp_path, *typed, "--results", "home", log="search.log")
    await_(lambda: has_orders(tmp_path))
    worker = begin(tmp_path, "worker", "tiny", "--results", "far")
    assert searching.wait(timeout=PATIENCE) == 0, (tmp_path / "search.log").read_text()
    assert worker.wait(timeout=60) == 0, (tmp_path / "log").read_text()
    record = StudyRecord.of(study(tmp_path))
    assert tiny.is_over(record, 3)
    best = record.incumbent
    assert best is not None and best.model_file is not None
    home, far = (tmp_path / name / "tiny" / best.model_file for name in ("home", "far"))
    assert home.read_bytes() == far.read_bytes()
    told = (tmp_path / "search.log").read_text()
    assert "workers that others start" in told and str(Path("home") / "tiny") in told
    pieces = optuna.load_study(study_name="tiny/files", storage=url(tmp_path)).user_attrs
    assert set(pieces.values()) == {""}


@pytest.mark.slow
def test_models_come_home_by_a_bucket(tmp_path: Path) -> None:
    tiny.write(tmp_path, target=0.9, horizon=3)
    typed = ["search", "tiny.toml", "--workers", "0", "--trials", "3", "--prove", "model"]
    with buckets.serving() as client:
        place = ["--artifacts", f"s3://{buckets.BUCKET}/lab"]
        searching = begin(tmp_path, *typed, *place, "--results", "home", log="search.log")
        await_(lambda: has_orders(tmp_path))
        worker = begin(tmp_path, "worker", "tiny", "--results", "far")
        assert searching.wait(timeout=PATIENCE) == 0, (tmp_path / "search.log").read_text()
        assert worker.wait(timeout=60) == 0, (tmp_path / "log").read_text()
        record = StudyRecord.of(study(tmp_path))
        best = record.incumbent
        assert best is not None and best.model_file is not None
        home, far = (tmp_path / name / "tiny" / best.model_file for name in ("home", "far"))
        kept = record.artifact_of(best.model_file)
        assert kept is not None and home.read_bytes() == far.read_bytes()
        key = kept.removeprefix(f"s3://{buckets.BUCKET}/")
        assert key.startswith(f"lab/tiny/{home.stem}-") and key in buckets.names(client)
        told = (tmp_path / "search.log").read_text()
        assert kept in told and "--artifacts s3://bucket/lab" in told
        assert f"{study(tmp_path).study_name}/files" not in optuna.get_all_study_names(
            url(tmp_path)
        )

        shown = study(tmp_path).trials[best.number]
        storage = open_storage(url(tmp_path), create=False)
        files = get_all_artifact_meta(shown, storage=storage)
        assert {f.filename for f in files} >= {f"evaluation-{best.number:04d}.png"}
        dashboard = EveryStore(storage, tmp_path / "home")
        for file in files:
            with contextlib.closing(dashboard.open_reader(file.artifact_id)) as opened:
                assert len(opened.read()) > 100
        with pytest.raises(ArtifactNotFound):
            dashboard.open_reader("nobody")

        home.unlink()
        exported = export(
            "tiny", format="keras", storage=url(tmp_path), results=tmp_path / "new", measure=False,
            output=tmp_path / "model.keras",
        )  # fmt: skip
        assert exported.file.is_file()
        new = tmp_path / "new" / "tiny" / best.model_file
        assert new.read_bytes() == far.read_bytes()


def test_a_worker_that_is_ended_before_it_has_a_trial_ends_in_order(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def opening(*_: object, **__: object) -> None:
        signal.raise_signal(signal.SIGTERM)
        pytest.fail("the signal was not heard")

    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr("tuner.sessions.serving.open_storage", opening)
    assert main(["worker", "q10", "--storage", "sqlite:///nowhere.db"]) == 0
    assert capsys.readouterr().err == ""
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_study_without_orders_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = optuna.create_study(storage=open_storage(url(tmp_path)), study_name="q10")
    made.set_user_attr(StudyKey.SCHEMA, 2)
    assert main(["worker", "q10", "--storage", url(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and "has no orders for workers yet" in said


@pytest.mark.parametrize("given", [[], ["--data", "other.npz"], ["--data", "nowhere.npz"]])
def test_data_that_are_missing_or_others_are_one_line(
    given: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import numpy as np

    monkeypatch.setenv("TUNER_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    np.savez(tmp_path / "other.npz", **tiny.images(seed=1))
    made = optuna.create_study(storage=open_storage(url(tmp_path)), study_name="q10")
    made.set_user_attr(StudyKey.SCHEMA, 2)
    reference = {"source": "/far/away/images.npz", "content": "0123456789abcdef" * 4}
    Standing(made).give(
        WorkerOrders("q10", "", "out", {"images": reference}, 3, 0, 0, "smallest", "target", True)
    )
    assert main(["worker", "q10", "--storage", url(tmp_path), *given]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and "needs images (hash 0123456789ab)" in said
    assert "--data PATH" in said and ("holds other data" in said) == (given[1:] == ["other.npz"])
