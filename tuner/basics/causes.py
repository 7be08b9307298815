"""The sentence of a long error message that says what was wrong."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

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
DUMP = re.compile(r"Full object config:| \(Variable: <")
"""Where Keras begins to write out a layer's config, or a variable's numbers."""
SPEAKING = (ValueError, RuntimeError, NotImplementedError)
"""Errors of which the kind adds nothing to what they say."""
ENCOUNTERED = "Exception encountered: "
"""Keras writes the cause behind it."""


def cause_of(error: BaseException) -> str:
    """The kind of an error, and the sentence that names its cause.

    Keras and TensorFlow wrap what went wrong in lines that say where: the first line alone says
    nothing. Where no line says more, the error's own cause is asked.
    """
    kind, sentence = _cause(error)
    said = f"{kind.__name__}: {sentence}" if sentence else kind.__name__
    return said + _at(error)


def sentence_of(error: BaseException) -> str:
    """The same without the kind where the sentence is a rule that somebody wrote for people."""
    kind, sentence = _cause(error)
    return sentence + _at(error) if sentence and kind in SPEAKING else cause_of(error)


def place_of(error: BaseException) -> str | None:
    """Where in a notebook's, or a running script's, own functions an error was met.

    Returns:
        Such as ``build_model, line 8``, the line counted within its cell; None where it was not.
    """
    found = None
    step = error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        own = step.tb_frame.f_globals.get("__name__") == "__main__"
        if own and code.co_name != "<module>":
            found = f"{code.co_name}, line {step.tb_lineno}"
        step = step.tb_next
    return found


def _at(error: BaseException) -> str:
    place = place_of(error)
    return "" if place is None else f" ({place})"


def _cause(error: BaseException) -> tuple[type[BaseException], str]:
    text = COLOURS.sub("", str(error))
    if ENCOUNTERED in text:
        text = text.rpartition(ENCOUNTERED)[2]
    lines = [line.strip() for line in text.splitlines()]
    for number, line in enumerate(lines):
        if line and not _is_frame(line):
            return type(error), _short(" ".join([line, *_rest(lines[number + 1 :])]))
    inner = error.__cause__ or error.__context__
    return (type(error), "") if inner is None else _cause(inner)


def _rest(lines: list[str]) -> Iterator[str]:
    """What belongs to a broken sentence: all up to an empty line, or one that says where."""
    return itertools.takewhile(lambda line: line and not _is_frame(line), lines)


def _short(text: str) -> str:
    """Without a dump of a whole config at its end, and not too long."""
    text = DUMP.split(text)[0].rstrip()
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"


def _is_frame(line: str) -> bool:
    low = line.lower()
    return low.startswith(FRAMES) or any(words in low for words in INTRODUCTIONS)
