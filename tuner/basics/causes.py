"""The sentence of a long error message that says what was wrong."""

from __future__ import annotations

import re

LONGEST = 300
"""Characters of a cause; more is cut off."""
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
FRAMES = (
    "exception encountered when calling",
    "graph execution error",
    "detected at node",
    "arguments received by",
    "node:",
    "the above exception",
    "during handling of",
    "traceback (most recent call last)",
    "file ",
    "stack trace for op",
    "[[{{",
    "\u2022",
    "config=",
    "note:",
)
"""How lines begin that say where something was wrong, not what."""
INTRODUCTIONS = (
    "could not be deserialized properly",
    "cannot be deserialized properly",
)
"""What sentences hold that announce the cause."""
ENCOUNTERED = "Exception encountered: "
"""Keras writes the cause behind it."""


def cause_of(error: BaseException) -> str:
    """The kind of an error, and the sentence that names its cause.

    Keras and TensorFlow wrap what went wrong in lines that say where: the first line alone says
    nothing. Where no line says more, the error's own cause is asked.
    """
    text = COLOURS.sub("", str(error))
    if ENCOUNTERED in text:
        text = text.rpartition(ENCOUNTERED)[2]
    for line in (line.strip() for line in text.splitlines()):
        if line and not _is_frame(line):
            return f"{type(error).__name__}: {line[:LONGEST]}"
    inner = error.__cause__ or error.__context__
    return type(error).__name__ if inner is None else cause_of(inner)


def _is_frame(line: str) -> bool:
    low = line.lower()
    return low.startswith(FRAMES) or any(words in low for words in INTRODUCTIONS)
