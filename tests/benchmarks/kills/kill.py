"""Searches that are killed again and again end as if they never had been.

Run: python tests/benchmarks/kills/kill.py [--searches sqlite journal] [--kills 20] [--trials 12]
Kills each search, or one of its workers, at random moments, types the command again where it is
gone, and looks at what there is in the end. Prints a Markdown table, and what is wrong.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil
import task
from inspection import Found, inspect

from tests.helpers import servers

SEARCHES = ("sqlite", "sqlite, another seed", "postgres", "mariadb", "journal")
WORKERS = 2
ANY_MOMENT = 0.3
"""Share of the kills that wait for nothing: the command or its workers may just be starting."""
LONGEST_START = 300.0


class Killed:
    """A search as somebody types it, whose processes are killed.

    Args:
        folder: Of the study.
        url: Of its storage.
        trials: How many it is asked for.
        seed: Of the search, and of the moments at which it is killed.
        prove: What it is to prove of what it finds.
    """

    def __init__(self, folder: Path, url: str, trials: int, seed: int, prove: str) -> None:
        self.kills: Counter[str] = Counter()
        self._folder = folder
        self._rng = random.Random(seed)
        self._command = [sys.executable, "-m", "tuner", "search", f"{task.NAME}.toml"]
        self._command += ["--results", "out", "--storage", url, "--trials", str(trials)]
        self._command += ["--workers", str(WORKERS), "--seed", str(seed), "--prove", prove]
        self._type()

    def kill(self) -> bool:
        """Kills something at a random moment; false where the search has ended before."""
        if self._rng.random() < ANY_MOMENT:
            self._sleep(self._rng.uniform(0, 15))
        else:
            self._await_epoch()
            self._sleep(self._rng.uniform(0, 2))
        if self._parent.poll() is not None:
            return False
        workers = self._parent.children()
        what = self._rng.choice(["a worker", "a worker", "the command", "all at once"])
        if what == "a worker" and workers:
            self._rng.choice(workers).kill()
        else:
            what = "all at once" if what == "a worker" else what
            self._end(workers if what == "all at once" else [])
            self._type()
        self.kills[what] += 1
        self._say(f"killed: {what}")
        return True

    def wait(self) -> int:
        """Lets the search end."""
        return self._parent.wait(timeout=1_800)

    def close(self) -> None:
        """Leaves nothing running."""
        if self._parent.poll() is None:
            self._end(self._parent.children())

    def _type(self) -> None:
        self._typed = time.time()
        with (self._folder / "printed.txt").open("ab") as printed:
            self._parent = psutil.Popen(
                self._command, cwd=self._folder, stdout=printed, stderr=printed
            )

    def _end(self, workers: list[psutil.Process]) -> None:
        for process in (self._parent, *workers):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._parent.wait()

    def _await_epoch(self) -> None:
        """Waits until one of the running processes has trained an epoch."""
        until = time.time() + LONGEST_START
        folder = self._folder / "out" / task.NAME / "checkpoints"
        while time.time() < until and self._parent.poll() is None:
            for file in folder.glob("*.npz"):
                with contextlib.suppress(FileNotFoundError):
                    if file.stat().st_mtime > self._typed:
                        return
            time.sleep(0.05)

    def _sleep(self, seconds: float) -> None:
        until = time.time() + seconds
        while time.time() < until and self._parent.poll() is None:
            time.sleep(0.01)

    def _say(self, what: str) -> None:
        with (self._folder / "printed.txt").open("a") as printed:
            print(f"--- {time.strftime('%H:%M:%S')} {what}", file=printed)


@contextlib.contextmanager
def storage(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty storage of some kind."""
    if kind == "postgres":
        with servers.postgres() as server:
            yield server.url
    elif kind == "mariadb":
        with servers.mariadb() as server:
            yield server.url
    elif kind == "journal":
        yield f"journal:{folder}/out/journal.log"
    else:
        yield f"sqlite:///{folder}/out/tuner.db"


def one(
    kind: str, folder: Path, kills: int, trials: int, seed: int, prove: str
) -> tuple[str, Found]:
    """Kills one search until it has ended; returns its row of the table."""
    task.write(folder)
    (folder / "out").mkdir()
    began = time.time()
    with storage(kind, folder) as url:
        search = Killed(folder, url, trials, seed, prove)
        try:
            while search.kills.total() < kills and search.kill():
                pass
            code = search.wait()
        finally:
            search.close()
        minutes = (time.time() - began) / 60
        found = inspect(folder, url, trials)
    if code not in (0, 1):
        found.faults.append(f"the last command ended with {code}")
    n = search.kills
    row = (
        f"| {kind} | {n['the command']} | {n['all at once']} | {n['a worker']} | "
        f"{found.trained} of {trials} | {found.lost} | {found.resumed} | {found.spared} | "
        f"{found.compared} | {len(found.faults)} | {minutes:.0f} |"
    )
    return row, found


def main() -> None:
    """Kill, look, and print a Markdown table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--searches", nargs="+", choices=SEARCHES, default=SEARCHES)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--prove", choices=("none", "model"), default="none")
    parser.add_argument("--keep", type=Path, help="where to leave the folders")
    args = parser.parse_args()
    home = args.keep or Path(tempfile.mkdtemp(prefix="tuner-kills-"))
    print(
        "| storage | command killed | all killed | a worker killed | trained | lost | went on | "
        "epochs spared | epochs compared | faults | minutes |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|", flush=True)
    faults = []
    for kind in args.searches:
        seed = args.seed + SEARCHES.index(kind)
        folder = home.resolve() / kind.replace(", ", "-").replace(" ", "-")
        row, found = one(kind, folder, args.kills, args.trials, seed, args.prove)
        print(row, flush=True)
        faults += [f"{kind}: {line}" for line in found.faults]
        print("\n".join(f"{kind}: {line}" for line in found.faults), file=sys.stderr, flush=True)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
