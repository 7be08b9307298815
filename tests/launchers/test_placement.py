from __future__ import annotations

import os

import psutil
import pytest

from tuner.basics import gpus, hardware
from tuner.basics.gpus import Gpu
from tuner.launchers import backends, placement
from tuner.workers.process import bound_gpu_memory


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Four cores, ample memory and no GPU, each to be changed by the test."""
    has = {"cores": 4, "gpus": 0, "memory": 64 * 2**30, "gpu_memory": 80 * 2**30}
    monkeypatch.setattr(
        placement, "gpus", lambda: [Gpu(str(i), has["gpu_memory"]) for i in range(has["gpus"])]
    )
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(has["cores"])), raising=False)

    class Memory:
        @property
        def available(self) -> int:
            return has["memory"]

    monkeypatch.setattr(psutil, "virtual_memory", Memory)
    return has


def test_one_pinned_one_threaded_worker_a_core(machine: dict[str, int]) -> None:
    places = placement.placements("auto", goal=50)
    assert [p.cpus for p in places] == [(0,), (1,), (2,), (3,)]
    assert {p.environment()["TF_NUM_INTRAOP_THREADS"] for p in places} == {"1"}


def test_no_more_workers_than_trials_are_left(machine: dict[str, int]) -> None:
    assert len(placement.placements("auto", goal=2)) == 2


def test_no_more_workers_than_memory_allows(machine: dict[str, int]) -> None:
    machine["memory"] = int(2.2 * placement.BYTES_A_WORKER)
    assert len(placement.placements("auto", goal=50)) == 2
    machine["memory"] = 0
    assert len(placement.placements("auto", goal=50)) == 1


def test_one_worker_has_the_machine_to_itself(machine: dict[str, int]) -> None:
    (place,) = placement.placements(1, goal=50)
    assert place == placement.Placement()
    assert "OMP_NUM_THREADS" not in place.environment()


def test_two_workers_share_four_cores(machine: dict[str, int]) -> None:
    places = placement.placements(2, goal=50)
    assert [p.cpus for p in places] == [(0, 1), (2, 3)]
    assert {p.threads for p in places} == {2}


def test_each_gpu_has_a_worker(machine: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    machine["gpus"] = 2
    places = placement.placements("auto", goal=50)
    assert [p.environment()["CUDA_VISIBLE_DEVICES"] for p in places] == ["0", "1"]
    assert "XLA_PYTHON_CLIENT_MEM_FRACTION" not in places[0].environment()


def test_workers_on_one_gpu_share_its_memory(machine: dict[str, int]) -> None:
    machine["gpus"] = 2
    places = placement.placements(3, goal=50)
    assert [p.gpu for p in places] == ["0", "1", "0"]
    assert [p.environment().get("XLA_PYTHON_CLIENT_MEM_FRACTION") for p in places] == [
        "0.450",
        None,
        "0.450",
    ]
    assert places[0].gpu_memory == int(0.45 * 80 * 2**30)


@pytest.mark.parametrize(
    ("gpus", "cores", "gpu_memory", "workers"),
    [(1, 16, 80, 4), (2, 16, 80, 8), (1, 2, 80, 2), (1, 16, 5, 2), (1, 16, 1, 1), (8, 4, 80, 8)],
)
def test_with_jax_a_few_workers_share_a_gpu(
    gpus: int,
    cores: int,
    gpu_memory: int,
    workers: int,
    machine: dict[str, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    machine.update(gpus=gpus, cores=cores, gpu_memory=gpu_memory * 2**30)
    places = placement.placements("auto", goal=50)
    assert len(places) == workers
    assert len({p.gpu for p in places}) == gpus


def test_a_machine_whose_gpu_the_backend_cannot_use_trains_on_its_processors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gpus, "visible", lambda: [Gpu("0")])
    monkeypatch.setattr(gpus, "usable", lambda backend: False)
    assert all(p.gpu is None for p in placement.placements("auto", goal=50))
    assert hardware.hardware()["gpus"] == 0


def test_onednn_is_asked_for_unless_the_user_says_otherwise(
    machine: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    (place,) = placement.placements(1, goal=1)
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    assert place.environment()["TF_ENABLE_ONEDNN_OPTS"] == "1"
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    assert place.environment()["TF_ENABLE_ONEDNN_OPTS"] == "0"


def test_tensorflow_takes_no_more_of_a_shared_gpu_than_its_share(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tf = pytest.importorskip("tensorflow")
    limits: dict[str, int] = {}
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [f"{kind}:0"])
    monkeypatch.setattr(
        tf.config,
        "set_logical_device_configuration",
        lambda device, parts: limits.update({device: parts[0].memory_limit}),
    )
    bound_gpu_memory(3 * 2**30)
    assert limits == {"GPU:0": 3_072}


def test_only_jax_needs_a_folder_for_compiled_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(backends.PROGRAMS, raising=False)
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    with backends.shared_programs() as environment:
        assert environment == {}
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    with backends.shared_programs() as environment:
        assert backends.PROGRAMS in environment
    monkeypatch.setenv(backends.PROGRAMS, "/of/the/user")
    with backends.shared_programs() as environment:
        assert environment == {}
