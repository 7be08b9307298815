"""Tables and figures of finished searches; reads storage through `tuner.record` only."""

from __future__ import annotations

from analysis.frames import epochs, frontier, smallest, trials

__all__ = ["epochs", "frontier", "smallest", "trials"]
