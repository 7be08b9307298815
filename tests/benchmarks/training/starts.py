"""What a value of one hyperparameter is worth where a family's search starts.

Run: python tests/benchmarks/training/starts.py STUDY --data DATA [--set width_0=12 ...]
     [--try activation=relu,silu ...] [--seeds 0 1 2] [--workers 2]

Trains the configuration of the study's space that has all defaults, but for what ``--set`` names,
once with each value of each ``--try`` and each seed, to the study's horizon. Prints validation
accuracy after the last epoch, mean and standard deviation over seeds. Test images are not read.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import os
import sys
import time
from typing import Any

import numpy as np

Job = tuple[str, str, dict[str, Any], int]
"""Study, data, values that differ from the defaults, seed."""


def main() -> None:
    """Train, then print a Markdown table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("study")
    parser.add_argument("--data", required=True)
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE")
    parser.add_argument("--try", nargs="*", default=[], dest="tried", metavar="NAME=VALUE,...")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    args = parser.parse_args()
    given = {name: number(value) for name, value in (s.split("=") for s in args.set)}
    ways = [
        {name: number(v) for name, v in zip(names, values, strict=True)}
        for names, values in combinations(args.tried)
    ]
    jobs = [(args.study, args.data, given | way, seed) for way in ways for seed in args.seeds]
    context = multiprocessing.get_context("spawn")
    with context.Pool(args.workers, maxtasksperchild=1) as pool:
        found = []
        for job, row in zip(jobs, pool.imap(train, jobs, chunksize=1), strict=True):
            found.append(row)
            print(job[2], job[3], row, file=sys.stderr, flush=True)
    print("| tried | parameters | validation accuracy | seconds an epoch |\n|---|---|---|---|")
    count = len(args.seeds)
    for i, way in enumerate(ways):
        rows = found[i * count : (i + 1) * count]
        values = 100 * np.array([r[1] for r in rows])
        spread = f" ± {values.std(ddof=1):.1f}" if count > 1 else ""
        tried = ", ".join(f"{k} {v}" for k, v in way.items()) or "the start"
        seconds = np.median([r[2] for r in rows])
        print(f"| {tried} | {rows[0][0]:,} | {values.mean():.1f}{spread} % | {seconds:.2f} |")


def combinations(tried: list[str]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """The names that are tried, with each combination of their values."""
    names = tuple(t.split("=")[0] for t in tried)
    values = (t.split("=")[1].split(",") for t in tried)
    return [(names, chosen) for chosen in itertools.product(*values)]


def number(text: str) -> Any:
    """A value as it is typed: a truth value, a number, or a word."""
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def train(job: Job) -> tuple[int, float, float]:
    """One training in a process of its own: parameters, last accuracy, seconds an epoch."""
    name, source, values, seed = job
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.update(dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1"))
    import keras
    import keras_tuner

    from tuner import data
    from tuner.specs.files import read_study
    from tuner.training.augmentation import Augmentation
    from tuner.training.loop import Examples, epochs
    from tuner.workers.prepare import load

    spec = read_study(name)
    found = data.resolve(source, seed=0)
    space = load(spec, found)
    hp = keras_tuner.HyperParameters()
    hp.values.update(values)
    keras.utils.set_random_seed(seed)
    model = space.build(hp)
    images = Examples(*found.train(), *found.validation(), found.num_outputs)
    augmentation = Augmentation(hp.get("flip"), hp.get("shift"), hp.get("cutout"))
    training = epochs(
        model,
        images,
        horizon=spec.horizon,
        batch_size=hp.get("batch_size"),
        augmentation=augmentation,
        seed=seed,
    )
    started, measured = time.perf_counter(), 0.0
    for epoch in training:
        measured = epoch.val_measured
    seconds = (time.perf_counter() - started) / spec.horizon
    return int(model.count_params()), float(measured), seconds


if __name__ == "__main__":
    main()
