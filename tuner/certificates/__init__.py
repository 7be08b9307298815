"""Certificates: whether what a search found holds with fresh seeds, on examples never read.

`statistics` has the rules, as pure functions of accuracies; `trainings` the queue of trainings that
a certificate needs. When a session certifies what is `tuner.sessions.certifying`'s matter, how one
training runs `tuner.trials.certificate`'s.
"""

from __future__ import annotations

SEEDS = 5
"""Trainings of a certificate, each with a fresh seed, where nobody asks for another number."""
