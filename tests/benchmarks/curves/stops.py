"""``python tests/benchmarks/curves/stops.py``: false stops on the recorded curves, as a table."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import optuna

sys.path.insert(0, str(Path(__file__).parents[3]))

from tests.helpers.recorded import recorded, replay


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=40)
    orders = parser.parse_args().orders
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    print("| data | metric | target | reached it | stopped of these, % | epochs, % of all |")
    print("|---|---|---|---|---|---|")
    for curves in recorded():
        found = replay(curves, orders)
        rate, used = found.stopped / found.reaching, found.epochs / found.whole
        goal = curves.metric.goal(curves.target.value)
        print(
            f"| {curves.data} | {curves.metric.name} | {goal} | {found.reaching:,} "
            f"| {100 * rate:.1f} | {100 * used:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
