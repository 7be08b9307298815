"""The split of training examples into a training and a validation part."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tuner.data.dataset import Answers, Labels
from tuner.data.raw import Raw

VALIDATION_SHARE = 10  # one example in ten
BINS = 10  # of amounts, each of as many examples, that a split shall hold evenly
TRIES = 20  # orders in which groups are dealt out; the evenest is taken

Order = tuple[NDArray[np.int64], int]
"""Example numbers, int64 [n], and how many of them are the training part."""


def order_of(raw: Raw, seed: int) -> Order:
    """Orders training examples so that a training part comes first and a validation part follows.

    Where the user has validation examples of their own, all are the training part. Where they say
    which examples belong together, those stay together. Else it is stratified: by class, or by
    the amount.

    Args:
        raw: What is to be split.
        seed: Seed of the split.
    """
    if raw.validation is not None:
        rng = np.random.default_rng(seed)
        return rng.permutation(len(raw.train)).astype(np.int64), len(raw.train)
    if raw.task == "classification":
        strata, count = raw.train.y, len(raw.classes)
    else:
        strata, count = binned(raw.train.y)
    if raw.train.groups is not None:
        return grouped_order(strata, raw.train.groups, count, seed)
    return stratified_order(strata, count, seed)


def binned(answers: Answers) -> tuple[Labels, int]:
    """Amounts by quantiles: which of at most `BINS` bins each is in, and how many there are.

    Args:
        answers: float32, [n] or [n, k]; of several amounts the first counts.
    """
    first = answers.reshape(len(answers), -1)[:, 0]
    count = max(1, min(BINS, len(first) // VALIDATION_SHARE))
    edges = np.unique(np.quantile(first, np.linspace(0, 1, count + 1)[1:-1]))
    return np.searchsorted(edges, first, side="right").astype(np.int64), len(edges) + 1


def stratified_order(labels: Labels, classes: int, seed: int) -> Order:
    """Order the examples so that a training part comes first and a validation part follows.

    Each class gives a tenth of its examples to validation; the rounding goes by largest remainder,
    so that the whole is a tenth as well. Both parts are shuffled.

    Args:
        labels: int64 [n], each class at least ten times.
        classes: Number of classes.
        seed: Seed of the split.

    Returns:
        Example numbers, int64 [n], and how many of them are the training part.
    """
    rng = np.random.default_rng(seed)
    counts = np.bincount(labels, minlength=classes)
    shares = counts // VALIDATION_SHARE
    missing = round(len(labels) / VALIDATION_SHARE) - int(shares.sum())
    by_remainder = np.argsort(-(counts % VALIDATION_SHARE), kind="stable")
    shares[by_remainder[: max(missing, 0)]] += 1

    train, validation = [], []
    for label in range(classes):
        members = rng.permutation(np.flatnonzero(labels == label))
        validation.append(members[: shares[label]])
        train.append(members[shares[label] :])
    parts = [rng.permutation(np.concatenate(part)) for part in (train, validation)]
    return np.concatenate(parts).astype(np.int64), len(parts[0])


def grouped_order(labels: Labels, groups: Labels, classes: int, seed: int) -> Order:
    """As `stratified_order`, with whole groups on one side, and as even as groups allow.

    Groups are dealt out in a random order: one goes to validation where that brings the counts of
    the classes there nearer to a tenth. Of `TRIES` orders the nearest is kept.

    Args:
        labels: int64 [n].
        groups: int64 [n], at least two different ones.
        classes: Number of classes.
        seed: Seed of the split.
    """
    rng = np.random.default_rng(seed)
    found, members = np.unique(groups, return_inverse=True)
    counts = np.zeros((len(found), classes))
    np.add.at(counts, (members, labels), 1)
    wanted = counts.sum(axis=0) / VALIDATION_SHARE
    best: tuple[float, NDArray[np.bool_]] | None = None
    for _ in range(TRIES):
        chosen = _dealt(counts, wanted, rng.permutation(len(found)))
        left = _distance(counts[chosen].sum(axis=0), wanted)
        if best is None or left < best[0]:
            best = left, chosen
    assert best is not None
    held = best[1][members]
    parts = [rng.permutation(np.flatnonzero(side)) for side in (~held, held)]
    return np.concatenate(parts).astype(np.int64), len(parts[0])


def _dealt(
    counts: NDArray[np.float64], wanted: NDArray[np.float64], order: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Which groups go to validation; at least one, and never the last of the others."""
    chosen = np.zeros(len(counts), bool)
    held = np.zeros_like(wanted)
    for group in order[:-1]:
        more = held + counts[group]
        if _distance(more, wanted) < _distance(held, wanted):
            chosen[group], held = True, more
    if not chosen.any():
        chosen[counts.sum(axis=1).argmin()] = True
    return chosen


def _distance(held: NDArray[np.float64], wanted: NDArray[np.float64]) -> float:
    """How far from even it is: each class counts by its own size, however rare."""
    return float((np.abs(held - wanted) / np.maximum(wanted, 0.1)).sum())
