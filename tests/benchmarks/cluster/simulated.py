"""What many workers cost: trainings that only sleep, with every call to the storage a real one has.

Run: KERAS_BACKEND=numpy python tests/benchmarks/cluster/simulated.py [--workers 1 4 16 64]
On a PostgreSQL of its own with 1,000 ended trials in the study, or with `--through ray` on an
SQLite file that a Ray of its own leads to, as `tuner search --on ray` has it. Each worker claims,
gates, reports epochs of a second and tells, by the same code as real ones; configurations are drawn
at random, for a proposal's time is measured by itself (proposals.py). Prints Markdown rows.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import math
import multiprocessing
import pickle
import random
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras_tuner
import optuna
from history import SPACE, fill, final_shortfall, multiply, size_of
from optuna.samplers import RandomSampler
from optuna.storages import BaseStorage
from sqlalchemy import event

from tests.helpers import fakes, servers
from tuner.launchers.ray.launcher import RayLauncher
from tuner.objectives.model_cost import ModelCost
from tuner.pruners.registry import make_pruner
from tuner.records.epochs import Epoch
from tuner.records.keys import Outcome
from tuner.specs.spec import from_dict
from tuner.storages import claims
from tuner.storages.forwarding import ForwardedStorage
from tuner.storages.opening import open_storage
from tuner.storages.patient import PatientStorage
from tuner.trials.search import SearchTrial
from tuner.trials.work import StopRequested, Work

HORIZON = int(fakes.SPEC["horizon"])
NEVER = 1_000_000
FILLED = 50
"""Trials that are made by Optuna's calls; the others are copies of them."""
PROCESSES = 16
"""At most; each has several workers as threads."""


@dataclass
class Tally:
    """What the workers of one process did."""

    epochs: int = 0
    trials: int = 0
    statements: int = 0
    reads: int = 0
    cpu: float = 0.0
    served: float = 0.0
    slow: list[float] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)


class Simulated(SearchTrial):
    """A trial of a search whose epochs are a pause."""

    second: float = 1.0
    until: float = 0.0
    tally: Tally

    def go(self, started: float) -> Outcome:
        """As a real one goes, without a model."""
        values = {name: self.trial._suggest(name, d) for name, d in sorted(SPACE.items())}
        cost = ModelCost(size_of(values), size_of(values), 10 * size_of(values))
        self._describe(values, cost)
        if self.gate(cost):
            return self._end("gated", cost.size, started)
        end = max(0.01, final_shortfall(values, random.Random(self.trial.number)))
        for number in range(1, self.horizon + 1):
            time.sleep(self.second)
            if time.time() >= self.until:
                raise StopRequested
            before = time.perf_counter()
            accuracy = 0.755 - end - 0.3 * math.exp(-number / 5)
            self._note(Epoch(number, 1.0, accuracy, 1.0, accuracy, self.second))
            outcome = self._judge(self.history[-1], cost)
            self.tally.slow.append(time.perf_counter() - before)
            self.tally.epochs += 1
            if outcome is not None:
                return self._end(outcome, cost.size, started)
        return self._end("missed", cost.size, started)


def work(study: optuna.Study, tally: Tally, second: float, until: float, index: int) -> None:
    """One worker's loop, as `tuner.workers.loop` has it."""
    spec = from_dict(fakes.SPEC)
    study.pruner = make_pruner("target", horizon=HORIZON, seed=0)
    data: Any = SimpleNamespace(validation_size=5_000, hash="0" * 16, name="cifar10")
    job = Work(
        study,
        spec,
        {"cifar10": keras_tuner.HyperModel()},
        {"cifar10": data},
        Path("/nowhere"),
        0,
        {},
        lambda: False,
    )
    # Other configurations than in a run before: the same again would be turned away.
    seeds = itertools.count(index * 7_919 + 1_000_003 * len(study.get_trials(deepcopy=False)))
    while time.time() < until:
        claims.reap(study)
        study.get_trials(deepcopy=False)
        study.sampler = RandomSampler(seed=next(seeds) % 2**32)
        trial = study.ask()
        claims.claim(trial)
        trials = study.get_trials(deepcopy=False)
        if claims.superseded(trial.number, trials) or claims.over_budget(
            trial.number, trials, NEVER
        ):
            claims.abandon(study, trial, "another trial is the same")
            continue
        running = Simulated(trial, job)
        running.second, running.tally, running.until = second, tally, until
        with contextlib.suppress(StopRequested):
            tally.trials += running.go(time.monotonic()) != "gated"


class Crew:
    """Some workers of one process, each a thread with a storage of its own.

    Args:
        indices: Of the workers.
        opened: Opens a storage whose calls are counted.
    """

    def __init__(self, indices: list[int], opened: Callable[[Tally], BaseStorage]) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._indices, self._tally, self._studies = indices, Tally(), list[optuna.Study]()
        for _ in indices:
            study = optuna.load_study(study_name="q10", storage=opened(self._tally))
            study.get_trials(deepcopy=False)
            claims.incumbent(study)  # what has ended is read once, before the clock starts
            self._studies.append(study)

    def run(self, second: float, seconds: float) -> Tally:
        """Works for so long."""
        tally, threads = self._tally, []
        until = time.time() + seconds
        for index, study in zip(self._indices, self._studies, strict=True):
            given = (study, tally, second, until, index)
            threads.append(threading.Thread(target=work, args=given))
        tally.statements = tally.reads = 0
        tally.kinds.clear()
        used = time.process_time()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        tally.cpu = time.process_time() - used
        return tally


def share(barrier: Any) -> None:
    """Gives a process what all wait at until every one of them is ready."""
    global ready
    ready = barrier


ready: Any = None


def process(job: tuple[str, list[int], float, float]) -> Tally:
    """Some workers that open the storage themselves."""
    url, indices, second, seconds = job

    def opened(tally: Tally) -> BaseStorage:
        storage = open_storage(url, create=False, worker=True)
        count_statements(storage, tally)
        return storage

    crew = Crew(indices, opened)
    ready.wait(600)
    return crew.run(second, seconds)


class Actor:
    """Some workers in an actor, whose storage is reached through the post."""

    def __init__(self, indices: list[int], post: Any) -> None:
        import ray

        def opened(tally: Tally) -> BaseStorage:
            def bring(parcel: bytes) -> bytes:
                answer = bytes(ray.get(post.bring.remote(parcel)))
                tally.statements += 1
                tally.reads += len(answer)
                tally.kinds[pickle.loads(parcel)[0]] += 1
                return answer

            return ForwardedStorage(bring)

        self._crew = Crew(indices, opened)

    def run(self, second: float, seconds: float) -> Tally:
        """Works for so long."""
        return self._crew.run(second, seconds)


def count_statements(storage: PatientStorage, tally: Tally) -> None:
    """Counts what goes to the server, and rows that come back from it."""

    @event.listens_for(storage._engine, "after_cursor_execute")
    def executed(_: Any, cursor: Any, statement: str, *__: Any) -> None:
        tally.statements += 1
        tally.reads += max(cursor.rowcount, 0)
        tally.kinds[" ".join(statement.split())[:60]] += 1


def measure(url: str, workers: int, seconds: float, scale: float) -> Tally:
    """So many workers for so long, each with the storage's URL."""
    count = min(workers, PROCESSES)
    context = multiprocessing.get_context("spawn")
    jobs = [
        (url, list(range(i, workers, count)), 1.0 / scale, seconds / scale) for i in range(count)
    ]
    with context.Pool(count, share, (context.Barrier(count),)) as pool:
        return together(pool.map(process, jobs, chunksize=1))


def measure_on_ray(url: str, workers: int, seconds: float, scale: float) -> Tally:
    """So many workers for so long, in actors that reach a file of this side."""
    launcher = RayLauncher()
    with launcher._joined():
        import ray  # not before the launcher has said how

        post = launcher._post_for(url)
        made = ray.remote(Actor).options(num_cpus=0, max_concurrency=2)
        count = min(workers, PROCESSES)
        actors = [made.remote(list(range(i, workers, count)), post) for i in range(count)]
        ray.get([actor.__ray_ready__.remote() for actor in actors])
        before = time.process_time()
        found = ray.get([actor.run.remote(1.0 / scale, seconds / scale) for actor in actors])
        whole = together(found)
        whole.served = time.process_time() - before
    return whole


def together(found: Sequence[Tally]) -> Tally:
    """What all processes did."""
    whole = Tally()
    for each in found:
        for name in ("epochs", "trials", "statements", "reads", "cpu"):
            setattr(whole, name, getattr(whole, name) + getattr(each, name))
        whole.slow += each.slow
        whole.kinds += each.kinds
    return whole


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 4, 16, 64])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--scale", type=float, default=1.0, help="how much faster time goes")
    parser.add_argument("--trials", type=int, default=1_000)
    parser.add_argument("--through", choices=["postgres", "ray"], default="postgres")
    parser.add_argument("--kinds", action="store_true", help="print the statements, by kind")
    asked = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    print("| workers | epochs an hour | of linear | round trips an epoch | rows an epoch |"
          " CPU ms an epoch | of the serving side | storage ms an epoch, median |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|")
    measured = measure if asked.through == "postgres" else measure_on_ray
    with storage_of_its_own(asked.through) as url:
        fill(fakes.make_study("q10", storage=open_storage(url)), FILLED)
        multiply(url, FILLED, asked.trials // FILLED)
        for workers in asked.workers:
            found = measured(url, workers, asked.seconds, asked.scale)
            print(row(workers, found, asked.seconds), flush=True)
            if asked.kinds:
                for kind, times in found.kinds.most_common(30):
                    print(f"    {times / max(found.epochs, 1):6.2f}  {kind}")


@contextlib.contextmanager
def storage_of_its_own(through: str) -> Iterator[str]:
    """A URL."""
    if through == "postgres":
        with servers.postgres() as server:
            yield server.url
        return
    with tempfile.TemporaryDirectory(prefix="tuner-simulated-") as made:
        yield f"sqlite:///{made}/tuner.db"


def row(workers: int, found: Tally, seconds: float) -> str:
    """A line of the table."""
    n = max(found.epochs, 1)
    cells = (
        str(workers),
        f"{found.epochs * 3600 / seconds:,.0f}",
        f"{100 * found.epochs / (workers * seconds):.0f} %",
        f"{found.statements / n:.1f}",
        f"{found.reads / n:.0f}",
        f"{1000 * found.cpu / n:.0f}",
        f"{1000 * found.served / n:.0f}",
        f"{1000 * statistics.median(found.slow or [0.0]):.0f}",
    )
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
