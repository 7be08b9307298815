"""What of a user's space this program makes no use of, so that nobody is left to wonder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import keras_tuner

ELSEWHERE: Mapping[str, str] = {
    "batch": "the minibatch is the hyperparameter 'batch_size'",
    "batchsize": "the minibatch is the hyperparameter 'batch_size'",
    "epochs": "the study's key 'horizon' says how many epochs there are at most",
    "num_epochs": "the study's key 'horizon' says how many epochs there are at most",
    "n_epochs": "the study's key 'horizon' says how many epochs there are at most",
    "max_epochs": "the study's key 'horizon' says how many epochs there are at most",
}
"""Hyperparameters by which people mean something of the training, and what does mean it."""


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
        if name.lower() in ELSEWHERE:
            lines.append(
                f"the hyperparameter {name!r} does not change how a model is trained, unless "
                f"build() uses it: {ELSEWHERE[name.lower()]}."
            )
    return lines
