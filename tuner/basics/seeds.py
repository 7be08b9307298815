"""Seeds that are derived from others, the same in every process."""

from __future__ import annotations

import hashlib


def derived_seed(*parts: int | str) -> int:
    """A seed below 2**31 that belongs to these words and numbers."""
    digest = hashlib.sha256(" ".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1
