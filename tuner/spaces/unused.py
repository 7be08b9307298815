"""What of a user's space this program makes no use of, so that nobody is left to wonder."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import keras_tuner

BATCH = "the minibatch is the hyperparameter 'batch_size'"
EPOCHS = "the study's key 'horizon' says how many epochs there are at most"
ELSEWHERE: Mapping[str, str] = {
    **dict.fromkeys(("batch", "batchsize", "bs", "minibatch", "minibatchsize", "batchsz"), BATCH),
    **dict.fromkeys(
        ("epoch", "epochs", "numepoch", "nepoch", "nbepoch", "maxepoch", "trainingepoch"), EPOCHS
    ),
}
"""Hyperparameters by which people mean something of the training, and what does mean it; without
the plural's s, capitals and what is between words."""
HEEDED = "batch_size"


def unused(space: Any, names: Iterable[str]) -> list[str]:
    """A line for each thing that a space says of its training and that is not heeded.

    Args:
        space: A keras-tuner hypermodel.
        names: Of its hyperparameters.
    """
    lines = []
    if type(space).fit is not keras_tuner.HyperModel.fit:
        lines.append(
            f"the fit() of {type(space).__name__} is not used: this program trains the model that "
            "build() returns by itself, so that it can stop it; callbacks, class weights and "
            "generators in it have no effect."
        )
    for name in sorted(set(names)):
        plain = re.sub(r"[^a-z]", "", name.lower())
        meant = ELSEWHERE.get(plain) or ELSEWHERE.get(plain.removesuffix("s"))
        if meant is not None and name != HEEDED:
            lines.append(
                f"the hyperparameter {name!r} does not change how a model is trained, unless "
                f"build() uses it: {meant}."
            )
    return lines
