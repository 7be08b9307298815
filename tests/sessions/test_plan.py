from __future__ import annotations

import os
import re
import stat
import sys
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest

from tests.helpers import tiny
from tuner.errors import DataUnavailableError, StorageError, StudyChangedError, UsageError
from tuner.records.keys import StudyKey
from tuner.sessions.plan import Planned, plan, plan_again
from tuner.sessions.watcher import Silent
from tuner.sessions.wish import Wish

DEFAULTS: dict[str, Any] = {
    "data": (),
    "trials": None,
    "more": None,
    "seed": 0,
    "storage": None,
    "target": None,
    "margin": None,
    "minimize": None,
}


class Listener(Silent):
    def __init__(self) -> None:
        self.banners: list[str] = []

    def notice(self, text: str, *, banner: bool = False) -> None:
        if banner:
            self.banners.append(text)


def make(folder: Path, watcher: Silent | None = None, **wish: Any) -> Planned:
    fields = {**DEFAULTS, "study": str(folder / "tiny.toml"), "results": folder / "out", **wish}
    return plan(Wish(**fields), watcher or Silent())


def test_the_study_is_stored_with_what_a_result_depends_on(tmp_path: Path) -> None:
    tiny.write(tmp_path)
    planned = make(tmp_path, seed=3)
    attributes = planned.study.user_attrs
    assert attributes[StudyKey.SEED] == 3
    (data,) = attributes[StudyKey.DATA].values()
    assert data["validation_size"] == 30
    assert len(data["hash"]) == 64
    assert "optuna" in attributes[StudyKey.VERSIONS]
    assert attributes[StudyKey.MACHINE]["cores"] >= 1
    assert planned.orders.goal == 50


@pytest.mark.parametrize(
    ("backend", "said"), [("nonsense", "knows no backend 'nonsense'"), ("torch", "not installed")]
)
def test_a_backend_that_no_worker_could_load_is_refused_before_anything_is_written(
    backend: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.write(tmp_path)
    monkeypatch.setenv("KERAS_BACKEND", backend)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=f"{said}.*set KERAS_BACKEND"):
        make(tmp_path)
    assert not (tmp_path / "out").exists()


def test_the_same_command_finds_the_same_study_and_keeps_its_seed(tmp_path: Path) -> None:
    tiny.write(tmp_path)
    first = make(tmp_path, seed=3)
    again = make(tmp_path, seed=4, trials=7)
    assert again.study.study_name == first.study.study_name
    assert again.orders.seed == 3
    assert again.orders.goal == 7


def test_a_name_of_ones_own_makes_a_study_beside_the_first(tmp_path: Path) -> None:
    tiny.write(tmp_path)
    first = make(tmp_path, seed=3)
    beside = make(tmp_path, seed=4, name="tiny-seed-4")
    assert (first.study.study_name, beside.study.study_name) == ("tiny", "tiny-seed-4")
    assert (first.orders.seed, beside.orders.seed) == (3, 4)
    assert "--name tiny-seed-4" in " ".join(beside.arguments)
    with pytest.raises(UsageError, match=r"--name must be of letters.* but got 'a b'"):
        make(tmp_path, name="a b")


def test_a_target_of_ones_own_makes_a_study_of_its_own(tmp_path: Path) -> None:
    tiny.write(tmp_path)
    assert make(tmp_path, target=0.8).study.study_name == "tiny-target-0.8"
    assert make(tmp_path, minimize="macs").study.study_name == "tiny-macs"


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        ("target = 0.9", "target = 0.8", "target"),
        ("horizon = 4", "horizon = 5", "horizon"),
        ("margin = 0.0", "margin = 0.01", "margin"),
    ],
)
def test_a_study_file_that_changed_under_its_results_is_refused(
    tmp_path: Path, before: str, after: str, key: str
) -> None:
    file = tiny.write(tmp_path)
    make(tmp_path)
    file.write_text(file.read_text().replace(before, after))
    with pytest.raises(StudyChangedError, match=f"key '{key}' was"):
        make(tmp_path)


def test_a_new_wording_of_the_question_is_no_change(tmp_path: Path) -> None:
    file = tiny.write(tmp_path)
    make(tmp_path)
    file.write_text(file.read_text().replace("How small", "How very small"))
    make(tmp_path)


def test_other_images_under_the_same_name_are_refused(tmp_path: Path) -> None:
    tiny.write(tmp_path)
    make(tmp_path)
    np.savez(tmp_path / "images.npz", **tiny.images(seed=1))
    with pytest.raises(StudyChangedError, match="holds other images"):
        make(tmp_path)


def test_data_that_is_read_otherwise_by_now_says_how_to_go_on(tmp_path: Path) -> None:
    """A study that a version before made of the same file."""
    tiny.write(tmp_path)
    study = make(tmp_path).study
    ((key, stored),) = study.user_attrs["data"].items()
    older = {k: v for k, v in stored.items() if k not in ("example_shape", "dtype", "task")}
    study.set_user_attr("data", {key: older})
    images = tiny.images()
    own = {"x_val": images["x_test"], "y_val": images["y_test"]}
    np.savez(tmp_path / "images.npz", **images, **own)
    with pytest.raises(StudyChangedError, match=r"own validation set.* take it away to go on"):
        make(tmp_path)
    floats = {name: images[name] / 255 for name in ("x_train", "x_test")}
    np.savez(tmp_path / "images.npz", **{**images, **floats})
    with pytest.raises(StudyChangedError, match=r"astype\('uint8'\) to go on with that study"):
        make(tmp_path)


def test_a_study_of_the_same_name_that_others_made_is_left_alone(tmp_path: Path) -> None:
    tiny.write(tmp_path)
    url = f"sqlite:///{tmp_path / 'own.db'}"
    optuna.create_study(storage=url, study_name="tiny").add_trial(
        optuna.trial.create_trial(value=1.0)
    )
    with pytest.raises(UsageError, match="not made by this tool"):
        make(tmp_path, storage=url)


def test_the_margin_grows_as_the_validation_images_get_fewer(tmp_path: Path) -> None:
    file = tiny.write(tmp_path)
    file.write_text(file.read_text().replace("margin = 0.0\n", ""))
    margin = make(tmp_path).study.user_attrs[StudyKey.MARGIN]
    assert margin == pytest.approx(0.005 * (5_000 / 30) ** 0.5, abs=1e-4)


def test_without_cifar10_a_search_goes_on_with_shapes10_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = tmp_path / "shapes10.npz"
    np.savez(small, **tiny.images())
    from tuner import data

    resolve = data.resolve

    def offline(source: str, **options: Any) -> data.DataSet:
        if source in ("cifar10", "mnist"):
            raise DataUnavailableError(f"{source} is neither cached nor reachable.")
        return resolve(str(small), **options)

    monkeypatch.setattr(data, "resolve", offline)
    listener = Listener()
    planned = make(tmp_path, listener, study="q10")
    assert planned.study.study_name == "q10@shapes10"
    assert len(listener.banners) == 1 and "shapes10" in listener.banners[0]
    with pytest.raises(DataUnavailableError):
        make(tmp_path, study="q10", data=("cifar10",))
    with pytest.raises(DataUnavailableError, match="--data mnist="):
        make(tmp_path, study="q3")


def test_a_storage_that_cannot_be_reached_hides_its_password(tmp_path: Path) -> None:
    tiny.write(tmp_path)
    with pytest.raises(StorageError) as caught:
        make(tmp_path, storage="mysql+nodriver://me:secret@127.0.0.1:1/x")
    assert "secret" not in str(caught.value)
    assert "127.0.0.1" in str(caught.value)


@pytest.mark.parametrize(
    ("scheme", "driver"),
    [
        ("postgresql+psycopg", "'psycopg[binary]'"),
        ("postgresql+psycopg2", "psycopg2-binary"),
        ("mysql", "PyMySQL"),
        ("mysql+pymysql", "PyMySQL"),
    ],
)
def test_a_missing_driver_is_named_as_pip_wants_it(
    scheme: str, driver: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.write(tmp_path)
    for module in ("psycopg", "psycopg2", "MySQLdb", "pymysql"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(StorageError, match=re.escape(f"install {driver}")):
        make(tmp_path, storage=f"{scheme}://me:secret@127.0.0.1:1/x")


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    tiny.write(tmp_path)
    (tmp_path / "not.db").write_text("no database " * 1_000)
    with pytest.raises(StorageError, match="not a database"):
        make(tmp_path, storage=f"sqlite:///{tmp_path / 'not.db'}")


def test_results_that_cannot_be_written_are_one_line(tmp_path: Path) -> None:
    tiny.write(tmp_path)
    (tmp_path / "out").write_text("a file, not a folder")
    with pytest.raises(StorageError, match="results folder"):
        make(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes to read-only folders")
def test_a_read_only_results_folder_is_one_line(tmp_path: Path) -> None:
    tiny.write(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out").chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(StorageError, match="results folder"):
        make(tmp_path)


def test_a_sweep_knows_its_number_of_trials(tmp_path: Path) -> None:
    file = tiny.write_sweep(tmp_path)
    assert make(tmp_path, study=str(file)).orders.goal == 4
    with pytest.raises(UsageError, match="sweep"):
        make(tmp_path, study=str(file), trials=3)
    with pytest.raises(UsageError, match="has no target"):
        make(tmp_path, study=str(file), target=0.5)


def test_more_adds_to_what_is_trained(tmp_path: Path) -> None:
    tiny.write(tmp_path)
    planned = make(tmp_path)
    planned.study.add_trial(optuna.trial.create_trial(value=1.0, user_attrs={"outcome": "missed"}))
    assert make(tmp_path, more=5).orders.goal == 6


def test_an_option_out_of_range_names_itself(tmp_path: Path) -> None:
    tiny.write(tmp_path)
    with pytest.raises(UsageError, match="--target should be less than 1 but got 7"):
        make(tmp_path, target=7.0)


def test_the_command_to_go_on_with_repeats_what_mattered(tmp_path: Path) -> None:
    tiny.write(tmp_path)
    planned = make(tmp_path, trials=9, seed=2)
    assert planned.arguments[1:5] == ("--trials", "9", "--seed", "2")


def test_going_on_with_a_study_is_not_told_by_optuna_as_well(tmp_path):
    optuna.logging.set_verbosity(optuna.logging.INFO)
    with pytest.raises(StorageError, match="no results yet"):
        plan_again("q10", None, tmp_path, None, Silent())
    assert optuna.logging.get_verbosity() == optuna.logging.WARNING


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (
            ["/x/bin/tuner", "search", "my study.toml", "--storage", "mysql://me:secret@h/x"],
            "tuner search 'my study.toml'",
        ),
        (["/x/tuner/__main__.py", "search", "tiny.toml"], "tuner search tiny.toml"),
        (["/x/pytest/__main__.py", "--password", "secret"], "__main__.py"),
        (["train.py", "secret"], "train.py"),
    ],
)
def test_the_command_that_made_a_study_is_stored_without_secrets(
    typed: list[str], stored: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.write(tmp_path)
    monkeypatch.setattr(sys, "argv", typed)
    assert make(tmp_path).study.user_attrs[StudyKey.CREATED_BY] == stored
