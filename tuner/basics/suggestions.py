"""What a mistyped name may have meant."""

from __future__ import annotations

import difflib


def suggestion(name: str, known: list[str]) -> str:
    """``"; did you mean q10?"`` where a known name is near, else an empty string."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    return f"; did you mean {near[0]!r}?" if near else ""
