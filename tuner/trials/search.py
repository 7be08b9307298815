"""TODO."""

from __future__ import annotations

GATE_SLACK = 1e-6
"""Keeps the gate's constraint above 0 where a size equals the incumbent's."""
