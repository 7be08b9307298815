"""Must hold: SIGTERM to `tuner worker` under load; it ends with 0 in time, its trial goes on once.

Run: python tests/benchmarks/cluster/preemption.py [--rounds 5] [--at-once 4] [--apart 2] [--load 2]
In each round some workers train at once on a PostgreSQL study, beside processes that only burn
processor time. Each gets SIGTERM at a random moment, every other one with all its processes, as
SLURM does. The next round's workers see the folder of those before, the last rounds' see nothing of
it. Prints a Markdown table, and what is wrong.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import optuna
import psutil
from chaos import ROOT, await_
from optuna.trial import FrozenTrial, TrialState

from tests.helpers import servers, tiny
from tuner.records.epochs import stored_epochs
from tuner.records.keys import StudyKey, TrialKey
from tuner.storages import claims
from tuner.storages.opening import open_storage

IN_TIME = 5.0
STARTED = 240.0
BURN = "while True: pass"
TRAIN = 12_000
"""Examples: an epoch then takes about a second."""


@dataclass
class Round:
    """What became of the workers of one round.

    Attributes:
        folder: Their results folder.
        took: Seconds from SIGTERM to each one's end.
        faults: What is wrong.
        epochs: Of the trials that they gave back, by the number each was first trained under.
        taken: Epochs that they took over with their trials, by that number.
    """

    folder: str
    took: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    epochs: dict[int, int] = field(default_factory=dict)
    taken: dict[int, int] = field(default_factory=dict)


def begin(folder: Path, url: str, *typed: str) -> subprocess.Popen[bytes]:
    """Types a command."""
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "tuner", *typed],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": ROOT, "TUNER_STORAGE": url},
            stdout=log,
            stderr=log,
        )


def training(study: optuna.Study) -> list[FrozenTrial]:
    """Running trials with an epoch of their own, beyond what they took over."""
    running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
    return [t for t in running if len(t.intermediate_values) > taken_over(t)]


def taken_over(trial: FrozenTrial) -> int:
    """Epochs with which a trial began."""
    return int(trial.user_attrs.get(TrialKey.TAKEN_OVER, 0))


def end(workers: list[subprocess.Popen[bytes]], rng: random.Random, done: Round) -> None:
    """Sends each its signal at a moment of its own, and waits for all."""
    moments = sorted((rng.uniform(0, 4), index) for index in range(len(workers)))
    began, sent = time.monotonic(), dict[int, float]()
    open_ = set(range(len(workers)))
    while open_:
        now = time.monotonic()
        for moment, index in moments:
            if index not in sent and now - began >= moment:
                targets = [psutil.Process(workers[index].pid)]
                if index % 2:
                    targets += targets[0].children(recursive=True)
                sent[index] = time.monotonic()
                for target in reversed(targets):
                    with contextlib.suppress(psutil.NoSuchProcess):
                        target.send_signal(signal.SIGTERM)
        for index in list(open_):
            if (code := workers[index].poll()) is None:
                continue
            open_.discard(index)
            done.took.append(time.monotonic() - sent.get(index, began))
            if code or index not in sent:
                done.faults.append(f"a worker of {done.folder} ended with {code}")
        time.sleep(0.02)
    late = [f"{took:.1f} s to the end of a worker" for took in done.took if took > IN_TIME]
    done.faults += late


def look(study: optuna.Study, done: Round, before: Round | None) -> None:
    """What the round's trials were, and whether each goes on once."""
    trials = study.get_trials(deepcopy=False)
    roots = {claims.root_of(t) for t in trials if t.params}
    for root in roots:
        mine = [t for t in trials if claims.root_of(t) == root]
        # Several that wait are one: whoever takes the second finds the first, and lets it be.
        live = {t.state == TrialState.WAITING for t in mine if claims.is_live(t)}
        if live != {True}:
            done.faults.append(f"trial {root} does not wait for its next worker")
        both = [t.number for t in mine if TrialKey.OUTCOME in t.user_attrs]
        if len(both) > 1 or _overlap(mine):
            done.faults.append(f"trial {root} was trained twice at a time")
        trained = [t for t in mine if t.intermediate_values]
        done.epochs[root] = max((len(stored_epochs(t.user_attrs)) for t in trained), default=0)
        if trained:
            done.taken[root] = taken_over(max(trained, key=lambda t: t.number))
    if before is None:
        return
    for root, taken in done.taken.items():
        known = before.epochs.get(root, 0)
        if before.folder == done.folder and known and not taken:
            done.faults.append(f"trial {root} began again although {known} epochs were there")
        if before.folder != done.folder and taken:
            done.faults.append(f"trial {root} took over {taken} epochs that are elsewhere")


def _overlap(trials: list[FrozenTrial]) -> bool:
    """Whether two of them were trained at the same time."""
    spans = sorted(
        (t.datetime_start, t.datetime_complete)
        for t in trials
        if t.intermediate_values and t.datetime_start and t.datetime_complete
    )
    return any(begin < end for (_, end), (begin, _) in pairwise(spans))


def row(done: Round, before: Round | None) -> str:
    """A line of the table."""
    same = before is not None and before.folder == done.folder
    again = [before.epochs.get(r, 0) - t for r, t in done.taken.items()] if same and before else []
    cells = (
        "first" if before is None else "sees the checkpoints" if same else "sees nothing of them",
        str(len(done.took)),
        f"{statistics.median(done.took):.1f}",
        f"{max(done.took):.1f}",
        f"{statistics.median(done.taken.values()):.0f}" if done.taken else "",
        f"{max(again)}" if again else "",
        str(len(done.faults)),
    )
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Runs it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--at-once", type=int, default=4)
    parser.add_argument("--apart", type=int, default=2, help="the last so many see no checkpoints")
    parser.add_argument("--load", type=int, default=2, help="processes that burn processor time")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    rng = random.Random(asked.seed)
    print("| next workers' folder | workers | seconds to the end, median | slowest |"
          " epochs taken over, median | trained again, most | faults |")  # fmt: skip
    print("|---|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory(prefix="tuner-sigterm-") as made, servers.postgres() as server:
        folder = Path(made)
        tiny.write(folder, target=0.9999, horizon=5_000)
        images = tiny.images(train=TRAIN)
        np.random.default_rng(0).shuffle(images["y_train"])  # nothing can be learnt
        np.savez(folder / "images.npz", **images)
        running = [subprocess.Popen([sys.executable, "-c", BURN]) for _ in range(asked.load)]
        typed = ["search", "tiny.toml", "--workers", "0", "--prove", "none", "--pruner", "none"]
        running.append(begin(folder, server.url, *typed, "--results", "home", "--no-live"))
        faults: list[str] = []
        try:
            faults = _rounds(folder, server.url, asked, rng, running)
        finally:
            for process in running:
                with contextlib.suppress(psutil.NoSuchProcess):
                    for child in psutil.Process(process.pid).children(recursive=True):
                        child.kill()
                process.kill()
                process.wait()
            if faults:
                print((folder / "log").read_text()[-3_000:], file=sys.stderr)
    print("\n".join(faults))


def _rounds(
    folder: Path,
    url: str,
    asked: argparse.Namespace,
    rng: random.Random,
    running: list[subprocess.Popen[bytes]],
) -> list[str]:
    """All rounds; what is wrong."""
    found: list[optuna.Study] = []

    def begun() -> bool:
        storage = open_storage(url, create=False)
        found.append(optuna.load_study(study_name="tiny", storage=storage))
        return StudyKey.ORDERS in found[-1].user_attrs

    assert await_(begun, STARTED), (folder / "log").read_text()
    study, before, faults = found[-1], None, list[str]()
    for number in range(asked.rounds):
        own = number >= asked.rounds - asked.apart
        done = Round(f"apart{number}" if own else "shared")
        typed = ("worker", "tiny", "--results", done.folder)
        workers = [begin(folder, url, *typed) for _ in range(asked.at_once)]
        running += workers
        if not await_(lambda: len(training(study)) == asked.at_once, STARTED):
            faults.append(f"{len(training(study))} of {asked.at_once} workers train")
            break
        end(workers, rng, done)
        time.sleep(1.0)
        look(study, done, before)
        print(row(done, before), flush=True)
        print("\n".join(done.faults), file=sys.stderr, flush=True)
        faults += done.faults
        before = done
    return faults


if __name__ == "__main__":
    main()
