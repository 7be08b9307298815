"""TODO."""

from __future__ import annotations

POLL_SECONDS = 1.0
