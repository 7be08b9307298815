"""Analysis: what to make of studies, in a notebook or a report.

Tidy frames (`frames`), figures (`figures`), HTML pages (`report`) and notebooks that use them.
Everything takes a study or its record and reads it through `tuner.records`, never TensorFlow or
Keras: results can be looked at where nothing is trained. What a terminal shows is `tuner.views`'
matter.
"""

from __future__ import annotations

from analysis.frames import (
    certificates,
    epochs,
    frontier,
    model_certificates,
    smallest,
    trials,
)

__all__ = ["certificates", "epochs", "frontier", "model_certificates", "smallest", "trials"]
