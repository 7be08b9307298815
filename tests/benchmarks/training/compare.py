"""Images a second of the same models trained in the usual ways and by the tool, in one run.

Run: python tests/benchmarks/training/compare.py [--threads 1] [--cases ...] [--rounds 2]
Each way is measured in a process of its own; rounds go through all ways one after the other, and
the best round counts. Needs the project; PyTorch's column is left out, and the output says so,
where it is not installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

from models import CASES
from ways import WAYS

IMAGES = {"dense 600 k": 45_056, "conv 40 k": 16_384, "conv 4 k": 16_384}
MEGABYTE = 2**20


def main() -> None:
    """Measure, then print Markdown tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--threads", default="1", help="1: pinned to a processor; 0: the default")
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES), metavar="CASE")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS), metavar="WAY")
    parser.add_argument("--rounds", type=int, default=2)
    args = parser.parse_args()
    ways = list(args.ways)
    if "PyTorch" in ways and importlib.util.find_spec("torch") is None:
        ways.remove("PyTorch")
        print("PyTorch: left out, torch is not installed")
    found: dict[tuple[str, str, bool], dict[str, float]] = {}
    for case in args.cases:
        for _ in range(args.rounds):
            for way in ways:
                for augmented in (False, True):
                    if way == "PyTorch" and augmented:
                        continue
                    one = measure(way, case, augmented, args.threads)
                    key = case, way, augmented
                    if key not in found or one["rate"] > found[key]["rate"]:
                        found[key] = one
                    print(f"{case}, {way}, {augmented}: {one}", file=sys.stderr, flush=True)
    for augmented in (False, True):
        shown = [way for way in ways if (args.cases[0], way, augmented) in found]
        print(f"\n{'With flip, shift and cutout' if augmented else 'Without augmentation'}\n")
        print("| model | " + " | ".join(shown) + " |")
        print("|---|" + "---|" * len(shown))
        for case in args.cases:
            rates = [f"{found[case, way, augmented]['rate']:,.0f}" for way in shown]
            print(f"| {case} | " + " | ".join(rates) + " |")
    print("\nSeconds of the first epoch beyond the later ones, and peak memory in MB\n")
    print("| model | " + " | ".join(ways) + " |\n|---|" + "---|" * len(ways))
    for case in args.cases:
        cells = [found[case, way, False] for way in ways]
        print(
            f"| {case} | "
            + " | ".join(f"{c['first']:.1f}, {c['peak'] / MEGABYTE:,.0f}" for c in cells)
            + " |"
        )


def measure(way: str, case: str, augmented: bool, threads: str) -> dict[str, float]:
    """One way in a fresh process."""
    script = str(Path(__file__).with_name("ways.py"))
    command = [sys.executable, script, way, case, str(IMAGES.get(case, 8_192))]
    command += ["yes" if augmented else "no", threads]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{way}, {case}: {done.stderr.strip().splitlines()[-1]}")
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


if __name__ == "__main__":
    main()
