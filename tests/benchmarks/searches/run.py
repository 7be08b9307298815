"""Whole searches by the command that a user types, and a table of what they found and what it took.

Run by hand, for hours:

    python tests/benchmarks/searches/run.py q10 --trials 50 --seeds 0 1 2 3 4
    python tests/benchmarks/searches/run.py q10 --trials 50 --seeds 0 1 2 3 4 --prove recipe
    python tests/benchmarks/searches/run.py q10 --data FOLDER --trials 50 --seeds 0 1 2

Each search has a folder of its own under ``--output`` with its storage, its files and its events.
Interrupted, the same command goes on where it stopped; a search that has ended is not run again.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tuner.basics.hardware import hardware
from tuner.basics.versions import versions
from tuner.objectives.metrics import DEFAULT_METRIC
from tuner.records.certificates import machine
from tuner.records.words import hundredths


@dataclass(frozen=True)
class Found:
    """What one search came to."""

    seed: int
    epochs: int
    proofs: int
    first: float | None
    """Minutes to the first model that met the target."""
    minutes: float
    finished: dict[str, Any]

    @property
    def all_epochs(self) -> int:
        """Of the search and of its proofs."""
        return self.epochs + self.proofs

    @property
    def size(self) -> int | None:
        """Trainable parameters of what was found, where its model or its recipe is proven."""
        best, proof = self.finished["best"], self.finished["proof"]
        proven = any(proof[kind]["verdict"] == "certified" for kind in ("model", "recipe"))
        return int(best["size"]) if best is not None and proven else None


def main() -> None:
    """Runs the searches that are asked for, and prints their table."""
    asked = arguments()
    found = [searched(asked, seed) for seed in asked.seeds]
    print(table(found))
    proven = [f.size for f in found if f.size is not None]
    if len(found) > 1 and proven:
        spent = statistics.median(f.all_epochs for f in found)
        share = sum(f.proofs for f in found) / sum(f.all_epochs for f in found)
        print(
            f"\nMedian of all epochs {spent:,.0f}; proofs {share:.0%} of all; proven "
            f"{len(proven)} of {len(found)}, median size {statistics.median(proven):,.0f}, largest "
            f"{max(proven) / min(proven):.2f} times the smallest."
        )
    print(
        f"\n{machine(hardware())}; {', '.join(f'{k} {v}' for k, v in versions().items())}; ", end=""
    )
    print(f"Python {platform.python_version()}.")


def arguments() -> argparse.Namespace:
    """What was typed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("study")
    parser.add_argument("--trials", default="50")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--prove", default=None)
    parser.add_argument("--data", default=None)
    parser.add_argument("--workers", default="auto")
    parser.add_argument("--output", type=Path, default=Path("searches"))
    return parser.parse_args()


def searched(asked: argparse.Namespace, seed: int) -> Found:
    """One search, run to its end where it has not been yet."""
    name = "-".join(
        [asked.study, asked.trials, asked.prove or "default", "data" if asked.data else "own"]
    )
    folder = asked.output / name / f"seed-{seed}"
    events = folder / "events.jsonl"
    if not any(e["event"] == "finished" and complete(e) for e in read(events)):
        folder.mkdir(parents=True, exist_ok=True)
        typed = ["search", asked.study, "--trials", asked.trials, "--seed", str(seed), "--json"]
        typed += ["--workers", asked.workers, "--results", str(folder / "results")]
        typed += ["--prove", asked.prove] if asked.prove else []
        typed += ["--data", asked.data] if asked.data else []
        with events.open("a") as out:
            subprocess.run([sys.executable, "-m", "tuner", *typed], stdout=out, check=False)
    return summary(seed, read(events))


def complete(finished: dict[str, Any]) -> bool:
    """Whether a run of the command ended by itself."""
    return bool(finished["status"] in ("met", "not_met"))


def read(events: Path) -> list[dict[str, Any]]:
    """The events of a search, of all runs of its command."""
    if not events.is_file():
        return []
    return [json.loads(line) for line in events.read_text().splitlines() if line.strip()]


def summary(seed: int, events: list[dict[str, Any]]) -> Found:
    """What a search's events say."""
    ends = [e for e in events if e["event"] == "finished"]
    if not ends:
        raise SystemExit(f"the search of seed {seed} has not ended: see its events.")
    # A run counts from its own start; several runs of one search add up.
    minutes = sum(e["elapsed"] for e in ends) / 60
    return Found(
        seed=seed,
        epochs=int(ends[-1]["epochs_spent"]),
        proofs=int(ends[-1]["proof_epochs"]),
        first=minutes_to_first(events),
        minutes=minutes,
        finished=ends[-1],
    )


def minutes_to_first(events: list[dict[str, Any]]) -> float | None:
    """From the start of the command until something met the target; None where nothing did."""
    times: dict[str, datetime] = {}
    for event in events:
        if event["event"] in ("started", "incumbent"):
            times.setdefault(event["event"], datetime.fromisoformat(event["time"]))
    if len(times) < 2:
        return None
    return float((times["incumbent"] - times["started"]).total_seconds() / 60)


def table(found: list[Found]) -> str:
    """One row a search, in Markdown."""
    head = "| seed | proven size | model | recipe | epochs | of proofs | first met | minutes |"
    rows = [head, "|---" * (head.count("|") - 1) + "|"]
    for f in found:
        share = f.proofs / max(f.all_epochs, 1)
        size = "none" if f.size is None else f"{f.size:,}"
        first = "never" if f.first is None else f"{f.first:.1f}"
        model, recipe = (said(f.finished["proof"][kind]) for kind in ("model", "recipe"))
        rows.append(
            f"| {f.seed} | {size} | {model} | {recipe} | {f.all_epochs:,} | "
            f"{f.proofs:,} ({share:.0%}) | {first} | {f.minutes:.0f} |"
        )
    return "\n".join(rows)


def said(proof: dict[str, Any]) -> str:
    """A proof in a cell: its verdict and its bound in per cent."""
    if proof["verdict"] is None:
        return "not tried"
    bound = (
        ""
        if proof["bound"] is None
        else f", at least {hundredths(DEFAULT_METRIC.cautious(proof['bound']))}"
    )
    return f"{proof['verdict']}{bound}"


if __name__ == "__main__":
    main()
