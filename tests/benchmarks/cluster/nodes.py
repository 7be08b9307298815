"""Must hold: a search on three Ray nodes goes on when one of them is killed and another joins.

Run: python tests/benchmarks/cluster/nodes.py [--trials 20]
Starts three nodes of Ray as processes of this machine, a processor each, and a search on them;
kills one node (SIGKILL) while it trains, and lets another join. Prints a Markdown row and faults.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import columns
import optuna
import psutil
from counting import faults_of

from tuner.records.keys import TrialKey
from tuner.records.studies import StudyRecord
from tuner.storages.opening import open_storage

TOKEN = "a-token-of-this-benchmark-alone-0123456789"
ENVIRONMENT = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": TOKEN, "RAY_USAGE_STATS_ENABLED": "0"}
PATIENCE = 1_500.0


def study(folder: Path) -> optuna.Study | None:
    """The study, once there is one."""
    try:
        storage = open_storage(f"sqlite:///{folder}/out/tuner.db", create=False)
        return optuna.load_study(study_name="tiny", storage=storage)
    except Exception:
        return None


def working(folder: Path) -> list[Mapping[str, Any]]:
    """Processes whose trial has an epoch."""
    found = study(folder)
    trials = [] if found is None else found.trials
    running = [t for t in trials if t.state == optuna.trial.TrialState.RUNNING]
    return [t.user_attrs[TrialKey.WORKER] for t in running if t.intermediate_values]


def raylet_of(pid: int, raylets: Mapping[int, Any]) -> Any:
    """The node that a worker belongs to."""
    for parent in psutil.Process(pid).parents():
        if parent.pid in raylets:
            return raylets[parent.pid]
    return None


def main() -> None:
    """Runs it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=20)
    asked = parser.parse_args()
    os.environ |= ENVIRONMENT
    from ray.cluster_utils import Cluster

    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tuner-nodes-") as made:
        folder = Path(made)
        columns.write(folder, target=0.9, horizon=40)
        options = {"num_cpus": 1, "object_store_memory": 2**27, "include_dashboard": False}
        cluster = Cluster(initialize_head=True, head_node_args=options)
        options.pop("include_dashboard")
        nodes = [cluster.head_node, *(cluster.add_node(**options) for _ in range(2))]
        try:
            used, killed, code = _search(folder, cluster, nodes, options, asked.trials)
        finally:
            cluster.shutdown()
        found = study(folder)
        assert found is not None
        record = StudyRecord.of(found)
        faults = faults_of(found, asked.trials)
        best = record.incumbent
        if best is None or not (folder / "out" / "tiny" / str(best.model_file)).is_file():
            faults.append("the winner's file is not in the results folder")
        faults += [] if used == 4 else [f"{used} of 4 nodes trained"]
        faults += [] if code == 0 else [f"exit code {code}"]
        lost = sum(t.lost is not None for t in record.trials)
        print((folder / "log").read_text(), file=sys.stderr)
    minutes = (time.monotonic() - began) / 60
    print("| nodes used | killed while training | trained | lost | faults | minutes |")
    print("|---|---|---|---|---|---|")
    row = (used, killed, f"{record.done} of {asked.trials}", lost, len(faults), f"{minutes:.0f}")
    print(f"| {' | '.join(map(str, row))} |")
    print("\n".join(faults))


def _search(
    folder: Path, cluster: Any, nodes: list[Any], options: dict[str, Any], trials: int
) -> tuple[int, str, int]:
    """Searches, kills a node and adds one; how many nodes trained, which fell, the exit code."""
    typed = [sys.executable, "-m", "tuner", "search", "tiny.toml", "--results", "out", "--no-live"]
    typed += ["--trials", str(trials), "--prove", "model", "--on", "ray", "--pruner", "none"]
    root = str(Path(__file__).parents[3])
    environment = {**os.environ, "RAY_ADDRESS": cluster.address, "PYTHONPATH": root}
    with (folder / "log").open("w") as log:
        search = subprocess.Popen(typed, cwd=folder, env=environment, stdout=log, stderr=log)
    raylets = {_raylet(node): node for node in nodes}
    used: set[int] = set()
    killed = ""
    until = time.monotonic() + PATIENCE
    while search.poll() is None and time.monotonic() < until:
        for worker in working(folder):
            try:
                node = raylet_of(worker["pid"], raylets)
            except psutil.NoSuchProcess:
                continue
            if node is None:
                continue
            used.add(_raylet(node))
            if not killed and len(used) == 3 and node is not cluster.head_node:
                killed = f"pid {_raylet(node)}"
                psutil.Process(_raylet(node)).kill()
                cluster.remove_node(node, allow_graceful=False)
                joined = cluster.add_node(**options)
                raylets[_raylet(joined)] = joined
        time.sleep(0.3)
    if search.poll() is None:
        search.kill()
    return len(used), killed or "none", search.wait()


def _raylet(node: Any) -> int:
    return int(node.all_processes["raylet"][0].process.pid)


if __name__ == "__main__":
    main()
