"""A journal file survives those who die while they write to it, or hold its lock."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import optuna
import pytest

from tuner.storages import journal
from tuner.storages.opening import open_storage


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "study.log"
    optuna.create_study(storage=open_storage(f"journal:{made}"), study_name="s")
    return made


def lines(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("length", [1, 100, journal.BLOCK, 3 * journal.BLOCK])
def test_a_part_of_a_line_is_cut_off_before_the_next_is_written(file: Path, length: int) -> None:
    before = lines(file)
    study = optuna.load_study(study_name="s", storage=open_storage(f"journal:{file}"))
    with file.open("a") as opened:
        opened.write(json.dumps({"op_code": 2, "user_attr": {"x": "y" * length}})[: length + 20])
    fresh = optuna.load_study(study_name="s", storage=open_storage(f"journal:{file}"))
    for each in (study, fresh, study):
        each.set_user_attr("a", each.user_attrs.get("a", 0) + 1)
    assert lines(file)[: len(before)] == before
    assert len(lines(file)) == len(before) + 3
    again = open_storage(f"journal:{file}", create=False)
    assert optuna.load_study(study_name="s", storage=again).user_attrs == {"a": 3}


@pytest.mark.parametrize("kind", [journal.MendingLinkLock, journal.MendingOpenLock])
def test_whole_lines_and_what_has_none_are_left_alone(kind: Any, tmp_path: Path) -> None:
    for text in ("", "of another program, without a line's end" * 200, "one\ntwo\n"):
        file = tmp_path / "file.log"
        file.write_text(text)
        lock = kind(str(file), journal.GRACE_SECONDS)
        assert lock.acquire()
        lock.release()
        assert file.read_text() == text


HOLDER = """
import os, sys
from tuner.storages.opening import open_storage
from tuner.storages import journal
journal.MendingLock.release = lambda self: os.kill(os.getpid(), {signal})
import optuna
optuna.create_study(storage=open_storage(sys.argv[1]), study_name="t")
"""


@pytest.mark.filterwarnings("ignore:The value of `grace_period`")
@pytest.mark.parametrize("where", ["relative", "absolute"])
def test_the_lock_of_a_dead_process_is_broken(
    where: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(file.parent.parent)
    path = file.relative_to(file.parent.parent) if where == "relative" else file
    code = HOLDER.format(signal=int(signal.SIGKILL))
    held = subprocess.run(
        [sys.executable, "-c", code, f"journal:{path}"], timeout=120, capture_output=True
    )
    assert held.returncode == -signal.SIGKILL, held.stderr
    assert os.path.lexists(f"{file}.lock")
    monkeypatch.setattr(journal, "GRACE_SECONDS", 1)
    study = optuna.load_study(study_name="t", storage=open_storage(f"journal:{path}"))
    study.set_user_attr("a", 1)
    assert sorted(f.name for f in file.parent.iterdir()) == [file.name]


def test_where_links_need_a_privilege_the_lock_is_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows, where the file of a lock that is being given back is refused for a moment."""

    def refused(*_: object) -> None:
        raise OSError(errno.EINVAL, "A required privilege is not held by the client")

    opened, busy = os.open, iter([True, False, True, True])

    def open_lock(path: Any, *more: Any) -> int:
        if str(path).endswith(".lock") and next(busy, False):
            raise PermissionError(errno.EACCES, "it is being removed", path)
        return opened(path, *more)

    monkeypatch.setattr(journal, "LINKS", False)
    monkeypatch.setattr(os, "symlink", refused)
    monkeypatch.setattr(os, "open", open_lock)
    url = f"journal:{tmp_path / 'study.log'}"
    study = optuna.create_study(storage=open_storage(url), study_name="s")
    study.set_user_attr("a", 1)
    assert optuna.load_study(study_name="s", storage=open_storage(url)).user_attrs == {"a": 1}
    assert [f.name for f in tmp_path.iterdir()] == ["study.log"]
