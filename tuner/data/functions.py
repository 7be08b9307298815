"""Functions of the user's that return data, and the forms in which they may return it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from tuner.basics.causes import cause_of
from tuner.basics.importing import find
from tuner.data.memory import ran_out
from tuner.errors import DataError

FOUR = ("x_train", "y_train", "x_test", "y_test")
WANTED = f"a dict of {', '.join(FOUR)}, or these four in a tuple"
PAIRS = {"train": "train", "validation": "val", "val": "val", "valid": "val", "test": "test"}
"""Keys under which examples and answers may come together, and what they are called by then."""
PARTS = ("train", "validation", "test")
ALSO = {"val": "validation", "valid": "validation"}
KNOWN = (*PARTS, "hash", "classes")
"""What may be returned with iterators."""


def call(spec: str, text: str) -> Any:
    """What the function returns.

    Raises:
        DataError: It cannot be imported, must be given something, or fails.
    """
    function = find(spec, wanted="a function that returns data", failed=DataError)
    parameters = inspect.signature(function).parameters.values()
    needed = [p.name for p in parameters if p.default is p.empty and p.kind < p.VAR_POSITIONAL]
    if needed:
        raise DataError(
            f"{text} must be given {needed[0]!r}, and is called without arguments: give it a "
            "default."
        )
    return guarded(text, function)


def guarded(text: str, function: Callable[[], Any]) -> Any:
    """Runs code of a user's.

    Raises:
        DataError: It failed; the line has its cause.
    """
    try:
        return function()
    except DataError:
        raise
    except (Exception, SystemExit) as error:
        if ran_out(error):
            raise DataError(
                f"{text} ran out of memory: return fewer examples, or a tf.data.Dataset for each "
                "part."
            ) from error
        raise DataError(f"{text} failed: {cause_of(error).rstrip('.')}.") from error


def named(text: str, returned: Any) -> dict[str, Any]:
    """What was returned, by name.

    Raises:
        DataError: It is neither a dict nor a tuple of one of the usual forms.
    """
    if isinstance(returned, Mapping) and any(map(is_stream, returned.values())):
        return {str(name): value for name, value in returned.items()}
    if isinstance(returned, Mapping):
        pairs = {k: v for k, v in returned.items() if k in PAIRS and isinstance(v, tuple | list)}
        rest = {str(k): v for k, v in returned.items() if k not in pairs}
        for part, pair in pairs.items():
            rest |= _pair(text, PAIRS[part], pair)
        return rest
    if isinstance(returned, tuple | list):
        parts = tuple(returned)
        if len(parts) in (2, 3) and all(isinstance(p, tuple | list) for p in parts):
            names = ("train", "test") if len(parts) == 2 else ("train", "val", "test")
            found: dict[str, Any] = {}
            for name, part in zip(names, parts, strict=True):
                found |= _pair(text, name, part)
            return found
        if len(parts) == 4:
            return dict(zip(FOUR, parts, strict=True))
        if len(parts) == 3 and all(map(is_stream, parts)):
            raise DataError(
                f"{text} returns three iterators: return them in a dict, by the names train, "
                "validation, test, with a hash of what they give under 'hash'."
            )
        raise DataError(f"{text} returns a tuple of {len(parts)}: return {WANTED}.")
    name = type(returned).__name__
    article = "an" if name[0].lower() in "aeiou" else "a"
    raise DataError(f"{text} returns {article} {name}: return {WANTED}.")


def _pair(text: str, part: str, pair: Any) -> dict[str, Any]:
    if len(pair) not in (2, 3):
        raise DataError(
            f"{text}: {part} is a tuple of {len(pair)}: give (examples, answers), or (examples, "
            "answers, weights)."
        )
    names = (f"x_{part}", f"y_{part}", f"sample_weight_{part}")
    return dict(zip(names, pair, strict=False))


def is_stream(value: Any) -> bool:
    """Whether something is an iterator over batches that Keras's `fit` takes."""
    names = {f"{kind.__module__.partition('.')[0]}.{kind.__name__}" for kind in type(value).__mro__}
    return bool(names & {"tensorflow.DatasetV2", "keras.PyDataset"})


def parts_of(text: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """The iterator of each part.

    Raises:
        DataError: One is missing, or there is something else besides.
    """
    given = {ALSO.get(name, name): value for name, value in found.items()}
    if unknown := [name for name in given if name not in KNOWN]:
        raise DataError(
            f"{text} returns {', '.join(unknown[:3])} besides iterators: return a dict of train, "
            "validation, test and hash, and classes where they have names."
        )
    missing = [part for part in PARTS if part not in given]
    if missing:
        raise DataError(
            f"{text} returns no {' and no '.join(missing)}: return iterators for train, validation "
            "and test."
        )
    for part in PARTS:
        if not is_stream(given[part]):
            raise DataError(
                f"{text}: {part} is a {type(given[part]).__name__}: return a tf.data.Dataset or a "
                "keras.utils.PyDataset for each part."
            )
    return {part: given[part] for part in PARTS}
