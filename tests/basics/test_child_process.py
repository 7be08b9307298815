"""Processes of ours: what goes in, what comes out, and how they fail."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import psutil
import pytest

import tuner
from tests.helpers import children
from tuner import errors
from tuner.basics import child_process
from tuner.basics.child_process import Child, own_packages_first
from tuner.errors import DataError, ExportError, TunerError

OURS = Path(tuner.__file__).resolve().parents[1]
KINDS = [name for name, kind in vars(errors).items() if isinstance(kind, type)]


def named(function: object) -> str:
    return f"{children.__name__}:{function.__name__}"  # type: ignore[attr-defined]


def test_a_function_gets_its_orders_and_returns_its_answer() -> None:
    assert child_process.run(named(children.double), 21) == 42


def test_variables_reach_the_child_and_not_this_process() -> None:
    found = child_process.run(
        named(children.variable), "TUNER_CHILD", environment={"TUNER_CHILD": "there"}
    )
    assert found == "there"
    assert child_process.run(named(children.variable), "TUNER_CHILD") is None


def test_what_is_printed_is_no_answer_and_fills_no_pipe() -> None:
    assert child_process.run(named(children.chatter), 300_000) == "the answer"


def test_code_that_asks_a_person_is_told_that_there_is_none() -> None:
    with pytest.raises(TunerError, match="EOFError"):
        child_process.run(named(children.ask), None)


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_of_ours_keeps_its_class_its_text_and_its_traceback(kind: str) -> None:
    text = "the thing is 7 - give 8"
    with pytest.raises(TunerError) as caught:
        child_process.run(named(children.refuse), {"kind": kind, "text": text}, failed=ExportError)
    assert type(caught.value).__name__ == kind
    assert str(caught.value) == text
    assert "helpers/children.py" in str(caught.value.__cause__)


def test_any_other_error_becomes_the_one_that_was_asked_for() -> None:
    with pytest.raises(DataError) as caught:
        child_process.run(named(children.fail), None, failed=DataError)
    said = str(caught.value)
    assert said.endswith("(code 1): ZeroDivisionError: a division that nobody expected.")
    assert children.__name__ in said and len(said.splitlines()) == 1
    assert "something before it" in str(caught.value.__cause__)


def test_a_child_that_vanishes_is_an_error_with_its_code() -> None:
    with pytest.raises(ExportError, match=r"ended without an answer \(code 9\)\."):
        child_process.run(named(children.vanish), 9, failed=ExportError)


def test_a_function_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(TunerError, match="has no attribute 'nothing'"):
        child_process.run(f"{children.__name__}:nothing", None)


def test_a_running_child_hears_and_answers() -> None:
    child = Child(named(children.echo), "you said")
    for word in ("one", "two\nlines", "three"):
        child.tell(word)
        assert child.hear() == {"heard": ["you said", word]}
    child.tell("enough")
    assert child.close() == "3 messages"
    assert child.code == 0
    child.tell("too late")  # its end says so
    assert child.close() is None


def test_the_end_of_messages_is_seen_by_the_child() -> None:
    child = Child(named(children.leave), 7)
    assert child.hear() is None
    assert child.close() is None
    assert child.code == 7


def test_an_error_is_heard_as_well_as_an_answer() -> None:
    child = Child(named(children.refuse), {"kind": "SpaceError", "text": "no"})
    with pytest.raises(errors.SpaceError, match="no"):
        child.hear()
    child.kill()


def test_a_child_is_killed_at_once() -> None:
    child = Child(named(children.sleep), 600.0)
    assert child.hear() == "asleep"
    began = time.monotonic()
    child.kill()
    assert time.monotonic() - began < 10
    assert child.code is not None and child.code < 0
    assert not psutil.pid_exists(child.pid)


def test_what_is_printed_is_added_to_the_log(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "child.log"
    for _ in range(2):
        Child(named(children.chatter), 10, log=log).close()
    assert log.read_text().count("{" * 10 + "\n") == 2
    assert log.read_text().count("a warning\n") == 2


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder, the current one, with modules of the names of ours and of a module's own."""
    for name in ("analysis", "studies", "search_spaces"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
    for name in ("tuner", "json", "mine"):
        (tmp_path / f"{name}.py").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("first", ["", "."])
def test_ours_come_first_and_a_users_last(
    first: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [first, *(p for p in sys.path if p)])
    monkeypatch.setenv("PYTHONPATH", str(project))
    # The helpers lie beside the program only in a clone, where this test runs.
    names = ["tuner", "analysis", "studies", "search_spaces", "json", "mine"]
    files = child_process.run(named(children.files_of), names)
    assert files[-1] == str(project / "mine.py")
    assert not any(Path(file).is_relative_to(project) for file in files[:-1])
    assert all(Path(file).is_relative_to(OURS) for file in files[:4])


def test_the_folder_of_a_users_script_comes_last(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        sys.modules["__main__"], "__file__", str(project / "mine.py"), raising=False
    )
    monkeypatch.setattr(sys, "path", [str(project), *sys.path])
    found = own_packages_first()
    assert found[-1] == str(project) and found.count(str(project)) == 1
    assert str(OURS) in found


def test_in_a_clone_the_program_comes_before_what_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(OURS)
    monkeypatch.setattr(sys, "path", ["", "/of/others", *sys.path])
    assert own_packages_first()[0] == str(OURS)


def test_a_child_that_takes_too_long_is_ended() -> None:
    begun = time.monotonic()
    with pytest.raises(TimeoutError, match=r"children:sleep took longer than 0\.5 s"):
        child_process.run(f"{children.__name__}:sleep", 60.0, most=0.5)
    assert time.monotonic() - begun < 30
    assert child_process.run(f"{children.__name__}:double", 4, most=60.0) == 8
