"""A search that is given an artifact store after it has begun."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.helpers import tiny
from tuner.errors import ArtifactError
from tuner.storages.shared_artifacts import SharedArtifacts

pytestmark = pytest.mark.slow


class Told:
    """A watcher that keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def notice(self, text: str, *, banner: bool = False) -> None:
        self.lines.append(text)

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: None


def test_it_has_the_models_of_earlier_runs_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.write(tmp_path, target=0.5, horizon=3)
    before = tiny.run(tmp_path, trials=1, workers=1)
    assert before.best is not None and before.model_file is not None
    assert before.record.artifact_of(before.best.model_file) is None

    place = tmp_path / "shared"
    put = SharedArtifacts.put

    def full(store: SharedArtifacts, name: str, content: bytes) -> None:
        if name.endswith(".keras"):
            raise ArtifactError("the disk is full.")
        put(store, name, content)

    monkeypatch.setattr(SharedArtifacts, "put", full)
    told = Told()
    tiny.run(tmp_path, trials=1, workers=1, artifacts=place, watcher=told)
    assert [line for line in told.lines if "the disk is full" in line]
    monkeypatch.setattr(SharedArtifacts, "put", put)

    again = tiny.run(tmp_path, trials=1, workers=1)  # the study remembers where
    assert again.best is not None and again.model_file is not None
    kept = again.record.artifact_of(again.best.model_file)
    assert kept is not None and kept.startswith(str(place / "tiny"))
    assert Path(kept).read_bytes() == again.model_file.read_bytes()

    shutil.rmtree(place)
    with pytest.raises(ArtifactError, match="Mount the disk"):
        tiny.run(tmp_path, trials=2, workers=1)
