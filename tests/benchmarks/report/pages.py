"""How long ``tuner report`` takes on a study of a thousand trials; run by hand.

    python tests/benchmarks/report/pages.py [--trials 1000]

Fills an SQLite file, which takes longer than the report, then times the command in a process of its
own: start, reading the storage, figures, writing the file.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import optuna

sys.path.insert(0, str(Path(__file__).parents[3]))

from tests.helpers import fakes, populated
from tuner.basics.optuna_private import storage_of
from tuner.storages.opening import default_url, open_storage


def fill(results: Path, trials: int) -> None:
    """Makes the study in memory and copies it: an SQLite file would be read for each trial."""
    study = fakes.make_study()
    populated.classes(study, populated.CIFAR10)
    populated.fill(study, trials)
    storage = open_storage(default_url(results))
    optuna.copy_study(from_study_name="q10", from_storage=storage_of(study), to_storage=storage)


def cpu() -> float:
    """Processor seconds of the commands so far: what a busy machine does not change."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Prints seconds and bytes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=1_000)
    chosen = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder)
        fill(results, chosen.trials)
        # Modules are compiled once, as an installation does; the first run shows what that
        # costs.
        kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        environment = {**kept, "PYTHONPYCACHEPREFIX": str(results / "compiled")}
        for arguments in (["q10"], ["q10"], ["q10"], [], ["--lab"]):
            typed = ["report", *arguments, "--results", folder]
            began, used = time.perf_counter(), cpu()
            ran = subprocess.run(
                [sys.executable, "-m", "tuner", *typed],
                check=True,
                capture_output=True,
                text=True,
                env=environment,
            )
            seconds, busy = time.perf_counter() - began, cpu() - used
            size = Path(ran.stdout.strip()).stat().st_size
            shown = " ".join(["tuner", "report", *arguments])
            print(f"{shown}: {seconds:.1f} s ({busy:.1f} s of processor), {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
