"""Must hold: two commands and two workers elsewhere on one PostgreSQL study, and what may happen.

Run: python tests/benchmarks/cluster/chaos.py [--trials 30] [--seed 0] [--cut 240]
One worker, which takes itself for another machine, is stopped (SIGSTOP) until the others have its
trial. Meanwhile three processes are killed (SIGKILL) at random moments, and started again where
nobody else does, and the server is stopped for 20 s. Prints a Markdown row, and what is wrong.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import columns
import optuna
import psutil
from counting import faults_of

from tests.helpers import servers
from tuner.cli import main as tuner
from tuner.records.keys import TrialKey
from tuner.storages.opening import open_storage

ROOT = str(Path(__file__).parents[3])
FAR = "far-machine"
AWAY_SECONDS = 20.0
PATIENCE = 1_800.0


class Team:
    """Two commands and two workers, each typed again where it is gone.

    Args:
        folder: Of the study.
        url: Of its storage.
        trials: How many are asked for.
    """

    def __init__(self, folder: Path, url: str, trials: int) -> None:
        self._folder, self._trials = folder, trials
        self._environment = {**os.environ, "PYTHONPATH": ROOT, "TUNER_STORAGE": url}
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        """Types one of ``command 1``, ``command 2``, ``worker 1`` and ``worker 2``."""
        kind, number = name.split()
        if kind == "command":
            typed = ["search", "tiny.toml", "--trials", str(self._trials), "--workers", "1"]
            typed += ["--prove", "none", "--pruner", "none", "--no-live", "--results", "home"]
        else:
            typed = ["worker", "tiny", "--results", f"far{number}"]
        line = [sys.executable, "-m", "tuner", *typed]
        if name == "worker 2" and shutil.which("unshare") and os.geteuid() == 0:
            line = ["unshare", "--uts", "sh", "-c", f'hostname {FAR}; exec "$@"', "sh", *line]
        with (self._folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                line, cwd=self._folder, env=self._environment, stdout=log, stderr=log
            )

    def processes(self, name: str) -> list[psutil.Process]:
        """A command or worker, and what it has started; the outermost first."""
        with contextlib.suppress(psutil.NoSuchProcess):
            parent = psutil.Process(self._running[name].pid)
            return [parent, *parent.children(recursive=True)]
        return []

    def kill(self, rng: random.Random, spared: str) -> str:
        """Kills any one process of them, or of all but one."""
        running = [n for n, p in self._running.items() if p.poll() is None and n != spared]
        name = rng.choice(running)
        found = self.processes(name)
        victim = rng.randrange(len(found))
        found[victim].kill()
        if victim == 0:
            self._running[name].wait()
            self.start(name)
        return f"the training process of {name}" if victim else name

    def ended(self) -> bool:
        """Whether all have."""
        return all(p.poll() is not None for p in self._running.values())

    def faults(self) -> list[str]:
        """Who has not ended, or not in order."""
        codes = {name: process.poll() for name, process in self._running.items()}
        wrong = {n: c for n, c in codes.items() if c is None or (c and n.startswith("worker"))}
        return [f"{name} ended with {code}" for name, code in wrong.items()]

    def close(self) -> None:
        """Leaves nothing running."""
        for name in self._running:
            for process in reversed(self.processes(name)):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()


def await_(happened: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Waits; false where it did not happen."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(Exception):  # no study yet, or no server
            if happened():
                return True
        time.sleep(0.5)
    return False


def trains(study: optuna.Study, host: str) -> list[int]:
    """Running trials with an epoch whose worker is on a machine."""
    running = study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,))
    return [
        t.number
        for t in running
        if t.intermediate_values and t.user_attrs[TrialKey.WORKER]["host"] == host
    ]


class CutOff:
    """The worker that others take for another machine's, stopped while it trains.

    Args:
        team: Whose worker it is.
        study: What it trains.
        say: Told of what happens.
    """

    def __init__(self, team: Team, study: optuna.Study, say: Callable[[str], None]) -> None:
        self._study, self._say = study, say
        self._number: int | None = None
        self._stopped: list[psutil.Process] = []
        if not await_(lambda: bool(trains(study, FAR)), 300):
            return
        self._stopped = team.processes("worker 2")
        held: list[int] = []
        while not held:
            for process in self._stopped:
                process.send_signal(signal.SIGSTOP)
            time.sleep(1.0)
            # What it was training may have ended in the moment before.
            held = trains(study, FAR)
            if not held:
                self._go_on()
                time.sleep(2.0)
        self._number = held[0]
        self._began = time.monotonic()
        say(f"stopped the worker of trial {self._number}")

    def over(self, seconds: float) -> str:
        """Waits until others have its trial, and lets it go on; what is wrong, if anything is."""
        if self._number is None:
            return "the far worker trained nothing"
        number, left = self._number, self._began + seconds - time.monotonic()
        taken = await_(lambda: TrialKey.LOST in self._study.trials[number].user_attrs, left)
        passed = time.monotonic() - self._began
        self._say(
            f"trial {number} {'was taken from' if taken else 'stayed with'} it: {passed:.0f} s"
        )
        self._go_on()
        return "" if taken else f"nobody took trial {number} of the worker that was cut off"

    def _go_on(self) -> None:
        for process in reversed(self._stopped):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)


def main() -> None:
    """Runs it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cut", type=float, default=240.0, help="seconds; 0: nobody is cut off")
    asked = parser.parse_args()
    rng, began = random.Random(asked.seed), time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {text}", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory(prefix="tuner-chaos-") as made, servers.postgres() as server:
        folder = Path(made)
        columns.write(folder, target=0.9999, horizon=60)
        team = Team(folder, server.url, asked.trials)
        try:
            team.start("command 1")
            storage: list[optuna.Study] = []

            def begun() -> bool:
                opened = open_storage(server.url, create=False)
                storage.append(optuna.load_study(study_name="tiny", storage=opened))
                return "orders" in storage[-1].user_attrs

            assert await_(begun), (folder / "command 1.log").read_text()
            study = storage[-1]
            for name in ("worker 2", "worker 1", "command 2"):
                team.start(name)
            cut = CutOff(team, study, say) if asked.cut else None
            kills, faults = list[str](), list[str]()
            for turn in range(3):
                time.sleep(rng.uniform(5, 20))
                kills.append(team.kill(rng, spared="worker 2" if cut else ""))
                say(f"killed {kills[-1]}")
                if turn == 1:
                    server.stop()
                    say("stopped the server")
                    time.sleep(AWAY_SECONDS)
                    server.start()
                    say("started the server")
            if cut:
                faults.append(cut.over(asked.cut))
            await_(team.ended)
            faults += team.faults()
        finally:
            team.close()
        faults = [f for f in faults if f] + faults_of(study, asked.trials)
        for verb in (["status"], ["trials", "tiny"]):
            with contextlib.redirect_stdout(io.StringIO()):
                if tuner([*verb, "--storage", server.url]):
                    faults.append(f"tuner {verb[0]} cannot read the storage")
        trials = study.trials
        lost = sum(TrialKey.LOST in t.user_attrs for t in trials)
        trained = sum(TrialKey.OUTCOME in t.user_attrs for t in trials)
        for log in sorted(folder.glob("*.log")):
            say(f"--- {log.name}\n{log.read_text()[-1_500:]}")
    minutes = (time.monotonic() - began) / 60
    print("| killed | server stopped | cut off | ended with an outcome | lost | faults | minutes |")
    print("|---|---|---|---|---|---|---|")
    cells = (", ".join(kills), "20 s", f"{asked.cut:.0f} s at most", trained, lost, len(faults))
    print(f"| {' | '.join(map(str, cells))} | {minutes:.0f} |")
    print("\n".join(faults))


if __name__ == "__main__":
    main()
