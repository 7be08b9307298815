"""What metrics of classes take out of a model's scores."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tuner.objectives.metrics.base import Array


def predicted(scores: Array) -> Array:
    """The class with the highest score of each example, [n]."""
    return np.asarray(scores.argmax(axis=1))


def probabilities(scores: Array) -> Array:
    """Scores as probabilities, [n, classes].

    Those between 0 and 1 are taken as they are, others for logits: to rank examples by how sure the
    model is of a class, a logit must be seen beside those of the other classes.
    """
    if scores.min(initial=0.0) >= 0 and scores.max(initial=1.0) <= 1:
        return scores
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def against_the_rest(y_true: Array, scores: Array) -> Iterator[tuple[Array, Array]]:
    """Each class against all others: which examples are of it, bool [n], and its scores [n].

    Of two classes it is the second alone. A class that no example has, or that all have, is left
    out: nothing can be ranked.
    """
    chances = probabilities(scores)
    classes = range(chances.shape[1]) if chances.shape[1] != 2 else (1,)
    for each in classes:
        mine = np.asarray(y_true == each)
        if 0 < mine.sum() < len(mine):
            yield mine, chances[:, each]
