"""Draws what `compare.py` measured."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn

SHOWN = ("ours", "GP", "TPE", "SMAC", "keras-tuner Bayesian", "random")
BINS = np.array([0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 1.0])


def draw_scores(results: list[Any], budget: int, file: Path) -> None:
    """Score against epochs: mean over tasks, bands of one standard error over seeds."""
    epochs = np.unique(np.geomspace(10, budget, 60).round())
    rows = [
        {"method": run.method, "seed": run.seed, "epochs": epoch, "score": run.score(epoch)}
        for run in results
        if run.method in SHOWN
        for epoch in epochs
    ]
    if not rows:
        return
    frame = pd.DataFrame(rows).groupby(["method", "seed", "epochs"], as_index=False).mean()
    figure, axes = plt.subplots(figsize=(7, 4.2), layout="constrained")
    order = [name for name in SHOWN if name in set(frame["method"])]
    seaborn.lineplot(
        frame, x="epochs", y="score", hue="method", style="method", hue_order=order,
        style_order=order, errorbar="se", palette="colorblind", ax=axes,
    )  # fmt: skip
    axes.set(
        xscale="log", xlabel="epochs trained in all",
        ylabel="log2(smallest found / smallest known)\n10 while nothing is found",
    )  # fmt: skip
    axes.legend(title=None, frameon=False)
    seaborn.despine(figure)
    figure.savefig(file, dpi=120)
    plt.close(figure)


def draw_reliability(results: list[Any], file: Path) -> None:
    """What TargetPruner foretold after each epoch against what came; bars: how many there were."""
    pairs = [pair for run in results if run.method == "ours" for pair in run.foretold]
    if not pairs:
        return
    foretold, met = np.array(pairs, float).T
    place = np.clip(np.digitize(foretold, BINS) - 1, 0, len(BINS) - 2)
    count = np.bincount(place, minlength=len(BINS) - 1)
    some = count > 0
    mean = np.bincount(place, foretold, len(BINS) - 1)[some] / count[some]
    share = np.bincount(place, met, len(BINS) - 1)[some] / count[some]
    figure, (axes, below) = plt.subplots(
        2, 1, figsize=(5, 5.6), height_ratios=(3, 1), sharex=True, layout="constrained"
    )
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=1, label="what it should be")
    color = seaborn.color_palette("colorblind")[0]
    axes.plot(mean, share, marker="o", color=color, label="TargetPruner")
    axes.set(ylabel="share that met the target")
    axes.legend(frameon=False)
    below.bar(BINS[:-1], count, np.diff(BINS), align="edge", color=color, edgecolor="white")
    below.set(yscale="log", ylabel="forecasts", xlabel="foretold probability of meeting it")
    seaborn.despine(figure)
    figure.savefig(file, dpi=120)
    plt.close(figure)
    print("\n| foretold | forecasts | mean foretold | met |\n|---|---|---|---|")
    edges = [f"{a:.0%} to {b:.0%}" for a, b in itertools.pairwise(BINS)]
    for label, n, a, b in zip(np.array(edges)[some], count[some], mean, share, strict=True):
        print(f"| {label} | {n} | {a:.1%} | {b:.1%} |")
