"""What an epoch with flip, shift and cutout costs beside one without, of the tool alone.

Run: python tests/benchmarks/training/augmentation.py [--cases ...] [--rounds 8]
Each model in a process of its own, pinned to one processor. Epochs with and without take turns, so
that whatever else the machine does falls on both; the first two of each are not counted.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time

import numpy as np
from compare import IMAGES
from models import CASES
from ways import random_images, set_up, tuner


def main() -> None:
    """Starts a process for each model, or measures one."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES), metavar="CASE")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        measure(args.one, args.rounds)
        return
    print("| model | microseconds an image | with augmentation | ratio |\n|---|---|---|---|")
    for case in args.cases:
        command = [sys.executable, __file__, "--one", case, "--rounds", str(args.rounds)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        print(done.stdout.strip(), flush=True)


def measure(case: str, rounds: int) -> None:
    """Prints one row: the median epochs, and the median of the rounds' ratios."""
    set_up(threads=1)
    count = IMAGES.get(case, 8_192)
    x, y = random_images(count)
    epochs = [tuner(case, x, y, augmented) for augmented in (False, True)]
    seconds = np.empty((rounds + 2, 2))
    for row in seconds:
        for i, epoch in enumerate(epochs):
            started = time.perf_counter()
            epoch()
            row[i] = time.perf_counter() - started
    plain, augmented = np.median(seconds[2:], axis=0) * 1e6 / count
    ratio = np.median(seconds[2:, 1] / seconds[2:, 0])
    print(f"| {case} | {plain:.1f} | {augmented:.1f} | {ratio:.2f} |")
    sys.stdout.flush()
    os._exit(0)  # trainings that have not come to their end


if __name__ == "__main__":
    main()
