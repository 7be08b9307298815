"""A space of the user's own is loaded once before anything is stored, and then not again."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from tests.helpers import images, tiny
from tuner.basics import child_process
from tuner.data import DataSet, resolve
from tuner.data.kinds import ImageKind
from tuner.errors import SpaceError
from tuner.sessions.spaces import check_space
from tuner.specs.files import read_study
from tuner.specs.spec import Study

Setting = tuple[Study, dict[str, DataSet]]


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Orders of the processes that would have been started."""
    orders: list[Any] = []
    monkeypatch.setenv("TUNER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(child_process, "run", lambda work, order, **_: orders.append(order))
    return orders


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    study = read_study(str(tiny.write(tmp_path)))
    return study, {study.datasets()[0]: resolve(images.write_npz(tmp_path / "toys.npz"))}


def test_a_space_is_asked_once(asked: list[Any], setting: Setting) -> None:
    study, data = setting
    check_space(study, data)
    check_space(study, data)
    assert len(asked) == 1
    assert asked[0]["study"]["space"] == study.space
    assert asked[0]["data"] == {key: d.reference(0) for key, d in data.items()}


@pytest.mark.parametrize("change", ["space", "beside", "package", "options", "examples", "backend"])
def test_it_is_asked_again_where_the_answer_may_be_another(
    change: str, asked: list[Any], setting: Setting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, data = setting
    check_space(study, data)
    if change == "space":
        (tmp_path / "space.py").write_text(tiny.SPACE + "\nx = 1\n")
    elif change == "beside":
        (tmp_path / "blocks.py").write_text("x = 1\n")
    elif change == "package":
        (tmp_path / "parts/deeper").mkdir(parents=True)
        (tmp_path / "parts/__init__.py").touch()
        (tmp_path / "parts/deeper/blocks.py").write_text("x = 1\n")
    elif change == "options":
        study = study.model_copy(update={"space_options": {"slow": 0.1}})
    elif change == "examples":
        data = {key: dataclasses.replace(d, kind=ImageKind((9, 9, 1))) for key, d in data.items()}
    else:
        monkeypatch.setenv("KERAS_BACKEND", "jax")
    check_space(study, data)
    assert len(asked) == 2


def test_one_that_fails_is_asked_again(
    asked: list[Any], setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise SpaceError("no.")

    with monkeypatch.context() as patch:
        patch.setattr(child_process, "run", fail)
        with pytest.raises(SpaceError):
            check_space(*setting)
    check_space(*setting)
    assert len(asked) == 1


@pytest.mark.parametrize("name", ["q2", "q4", "q9", "q10"])
def test_families_of_the_program_are_not_asked(
    name: str, asked: list[Any], setting: Setting
) -> None:
    check_space(read_study(name), setting[1])
    assert not asked


def test_a_module_is_found_without_importing_its_package(
    asked: list[Any], setting: Setting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "home" / "mine"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    (package / "space.py").write_text(tiny.SPACE)
    monkeypatch.chdir(tmp_path / "home")
    study = setting[0].model_copy(update={"space": "mine.space:Tiny"})
    check_space(study, setting[1])
    check_space(study, setting[1])
    assert len(asked) == 1


@pytest.mark.parametrize("timeout", [None, 20.0])
def test_a_space_that_hangs_is_no_longer_waited_for_than_said(
    timeout: float | None, setting: Setting, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given: list[float] = []

    def hang(*_: Any, most: float, **__: Any) -> None:
        given.append(most)
        raise TimeoutError

    monkeypatch.setenv("TUNER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(child_process, "run", hang)
    if timeout is None:
        with pytest.raises(SpaceError, match="not come to an end within 300 s"):
            check_space(*setting)
    else:
        check_space(*setting, timeout)  # the search itself ends then
    assert given == [timeout or 300.0]
    if timeout is not None:
        check_space(*setting, timeout)
        assert len(given) == 2, "it was not found to be usable"
