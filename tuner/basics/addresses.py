"""Addresses of the network where a path of this machine is wanted."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from tuner.errors import UsageError


def place(text: str) -> str | None:
    """Where an address leads, without user, password and query: any of them may hold a secret.

    Returns:
        None where it is no address.
    """
    if not re.match(r"(?i)[a-z][a-z0-9+.-]+:/", text):
        return None
    try:
        parts = urlsplit(text)
        return f"{parts.scheme}://{parts.hostname or '…'}"
    except ValueError:
        return f"{text.partition(':')[0]}://…"


def not_a_path(text: str) -> str | None:
    """A line for an address, which as a path would be a folder called ``s3:``; None for a path."""
    if (found := place(text)) is None:
        return None
    return f"must be a path on this machine, but got the address {found}"


def local_path(given: str | Path, name: str) -> Path:
    """A path that is given to a function.

    Args:
        given: It.
        name: Of the argument.

    Raises:
        UsageError: It is an address.
    """
    if (line := not_a_path(str(given))) is not None:
        raise UsageError(f"{name} {line}.")
    return Path(given)
