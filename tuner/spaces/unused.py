"""What of a user's space this program makes no use of, so that nobody is left to wonder."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from tuner.spaces.fits import has_own_fit
from tuner.spaces.hyperparameters import name_of

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
    if has_own_fit(space):
        return [
            f"models are trained by the fit() of {name_of(space)}, and the program watches "
            "through its callback: hyperparameters mean what fit() makes of them, and a training "
            "that was lost goes on from its checkpoint only where fit() passes initial_epoch on."
        ]
    lines = []
    for name in sorted(set(names)):
        plain = re.sub(r"[^a-z]", "", name.lower())
        meant = ELSEWHERE.get(plain) or ELSEWHERE.get(plain.removesuffix("s"))
        if meant is not None and name != HEEDED:
            lines.append(
                f"the hyperparameter {name!r} does not change how a model is trained, unless "
                f"build() uses it: {meant}."
            )
    return lines
