"""Tables and figures of finished searches; reads storage through `tuner.records.studies` only."""

from __future__ import annotations

from analysis.frames import certificates, epochs, frontier, smallest, trials

__all__ = ["certificates", "epochs", "frontier", "smallest", "trials"]
