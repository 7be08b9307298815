from __future__ import annotations

import pytest

from tuner import launch


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Four cores, ample memory and no GPU, each to be changed by the test."""
    has = {"cores": 4, "gpus": 0, "memory": 64 * 2**30}
    monkeypatch.setattr(launch, "gpus", lambda: has["gpus"])
    monkeypatch.setattr(
        launch.os, "sched_getaffinity", lambda _: set(range(has["cores"])), raising=False
    )

    class Memory:
        @property
        def available(self) -> int:
            return has["memory"]

    monkeypatch.setattr(launch.psutil, "virtual_memory", Memory)
    return has


def test_one_pinned_one_threaded_worker_a_core(machine: dict[str, int]) -> None:
    places = launch.placements("auto", goal=50)
    assert [p.cpus for p in places] == [(0,), (1,), (2,), (3,)]
    assert {p.environment()["TF_NUM_INTRAOP_THREADS"] for p in places} == {"1"}


def test_no_more_workers_than_trials_are_left(machine: dict[str, int]) -> None:
    assert len(launch.placements("auto", goal=2)) == 2


def test_no_more_workers_than_memory_allows(machine: dict[str, int]) -> None:
    machine["memory"] = int(2.2 * launch.BYTES_A_WORKER)
    assert len(launch.placements("auto", goal=50)) == 2
    machine["memory"] = 0
    assert len(launch.placements("auto", goal=50)) == 1


def test_one_worker_has_the_machine_to_itself(machine: dict[str, int]) -> None:
    (place,) = launch.placements(1, goal=50)
    assert place == launch.Placement()
    assert "OMP_NUM_THREADS" not in place.environment()


def test_two_workers_share_four_cores(machine: dict[str, int]) -> None:
    places = launch.placements(2, goal=50)
    assert [p.cpus for p in places] == [(0, 1), (2, 3)]
    assert {p.threads for p in places} == {2}


def test_each_gpu_has_a_worker(machine: dict[str, int]) -> None:
    machine["gpus"] = 2
    places = launch.placements("auto", goal=50)
    assert [p.environment()["CUDA_VISIBLE_DEVICES"] for p in places] == ["0", "1"]
    assert [p.gpu for p in launch.placements(3, goal=50)] == [0, 1, 0]


def test_onednn_is_asked_for_unless_the_user_says_otherwise(
    machine: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    (place,) = launch.placements(1, goal=1)
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    assert place.environment()["TF_ENABLE_ONEDNN_OPTS"] == "1"
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    assert place.environment()["TF_ENABLE_ONEDNN_OPTS"] == "0"
