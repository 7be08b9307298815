"""Certificates: whether what a search found holds, on test examples that nothing read before.

Two kinds of proof, as pure functions of what was measured: `looks` is of a model, this very file;
`recipe` of its configuration with fresh seeds. `trainings` is the queue of trainings that the
latter needs. When a session certifies what is `tuner.sessions.certifying`'s matter, how one
training runs `tuner.trials.certificate`'s.
"""

from __future__ import annotations

SEEDS = 5
"""Trainings of a certificate, each with a fresh seed, where nobody asks for another number."""

FEWEST = 3
"""With fewer trainings no recipe is certified."""
