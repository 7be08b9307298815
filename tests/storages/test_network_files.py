"""SQLite files that several machines would damage."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from tuner.cli import main
from tuner.errors import StorageError
from tuner.storages.network_files import kind_of, require_shareable


@pytest.fixture(autouse=True)
def mounts(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"/": "ext4", "/home": "nfs4", "/home/me/fast": "xfs"}
    listed = [SimpleNamespace(mountpoint=at, fstype=kind) for at, kind in found.items()]
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: listed)


@pytest.mark.parametrize(
    ("file", "kind"),
    [("/home/you/x.db", "nfs4"), ("/home/me/fast/x.db", "xfs"), ("/tmp/a/b/x.db", "ext4")],
)
def test_the_innermost_file_system_counts(file: str, kind: str) -> None:
    assert kind_of(Path(file)) == kind


def test_an_sqlite_file_on_a_network_is_refused_with_what_to_use() -> None:
    with pytest.raises(StorageError) as caught:
        require_shareable("sqlite:////home/you/x.db")
    assert "on nfs4" in str(caught.value) and "postgresql://" in str(caught.value)
    for url in ("sqlite:////tmp/x.db", "journal:/home/you/x.log"):
        require_shareable(url)


def test_a_worker_says_so_before_it_opens_anything(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["worker", "q10", "--storage", "sqlite:////home/you/x.db"]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and "which several machines would damage" in said
