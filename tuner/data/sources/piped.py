"""Pipelines: what the user's iterators give, found out by running through each of them once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuner.data.functions import PARTS, parts_of
from tuner.data.raw import Part, Raw, Stream
from tuner.data.sources.answers import read_answers
from tuner.errors import DataError

INFINITE = -1  # of a tf.data.Dataset that repeats for ever


def describe(text: str, found: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Runs through every part once; in the process that made them.

    Args:
        text: What the user gave.
        found: What the function returned.
        folder: Where to save the answers.

    Raises:
        DataError: A part has no end or no batches, or holds what cannot be used.
    """
    parts = parts_of(text, found)
    said = found.get("hash")
    if not isinstance(said, str | int) or not str(said):
        raise DataError(
            f"{text} returns iterators without a hash: return 'hash' with them, a text that "
            "changes whenever what they give does, such as 'v1'."
        )
    facts: dict[str, Any] = {"hash": str(said), "shapes": {}, "sizes": {}}
    classes = found.get("classes")
    facts["classes"] = None if classes is None else [str(name) for name in np.asarray(classes)]
    learnt: set[bytes] = set()
    for part, stream in parts.items():
        seen = _Seen(text, part)
        for batch in _batches(text, part, stream):
            seen.add(batch)
        facts["shapes"][part], facts["sizes"][part] = seen.shape, seen.count
        np.save(folder / f"{part}.npy", seen.answers())
        if part == "test":
            facts["shared"] = sum(digest in learnt for digest in seen.digests)
        learnt |= set(seen.digests)
    return facts


def _batches(text: str, part: str, stream: Any) -> Iterator[Any]:
    if hasattr(stream, "cardinality"):
        if int(stream.cardinality()) == INFINITE:
            raise DataError(f"{text}: {part} repeats for ever: leave .repeat() out.")
        yield from stream.as_numpy_iterator()
        return
    count = getattr(stream, "num_batches", None)
    if count is None:
        raise DataError(f"{text}: {part} does not say how many batches it has: give it __len__.")
    for number in range(int(count)):
        yield stream[number]


class _Seen:
    """What one part gives, batch by batch."""

    def __init__(self, text: str, part: str) -> None:
        self._where = f"{text}: {part}"
        self.shape: Any = None
        self.count = 0
        self.digests: list[bytes] = []
        self._answers: list[NDArray[Any]] = []

    def add(self, batch: Any) -> None:
        """Looks at a batch.

        Raises:
            DataError: It is no batch of examples and answers like those before.
        """
        if not isinstance(batch, tuple | list) or len(batch) not in (2, 3):
            raise DataError(
                f"{self._where} gives {type(batch).__name__}s that are no pairs: give (examples, "
                "answers), or (examples, answers, weights)."
            )
        x, y = batch[0], np.asarray(batch[1])
        arrays = (
            {str(k): np.asarray(a) for k, a in x.items()}
            if isinstance(x, Mapping)
            else {"": np.asarray(x)}
        )
        if y.ndim == 0:
            raise DataError(f"{self._where} gives single examples: add .batch(32) to it.")
        shape = {name: [list(a.shape[1:]), a.dtype.name] for name, a in arrays.items()}
        if self.shape is None:
            self.shape = shape
        self._check(arrays, y, shape)
        for inputs in zip(*arrays.values(), strict=True):
            content = b"".join(np.ascontiguousarray(each).tobytes() for each in inputs)
            self.digests.append(hashlib.blake2b(content, digest_size=16).digest())
        self._answers.append(y)
        self.count += len(y)

    def _check(self, arrays: Mapping[str, NDArray[Any]], y: NDArray[Any], shape: Any) -> None:
        if shape != self.shape:
            raise DataError(
                f"{self._where} gives batches of mixed size ({self.shape} and {shape}): bring all "
                "examples to one size."
            )
        for name, array in arrays.items():
            if array.dtype.kind not in "fiub":
                raise DataError(f"{self._where} gives {array.dtype}: give numbers.")
            if len(array) != len(y):
                raise DataError(
                    f"{self._where} gives {len(array)} examples and {len(y)} answers in a batch: "
                    "give one answer an example."
                )
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise DataError(
                    f"{self._where} gives numbers that are NaN or infinite"
                    f"{f' in {name!r}' if name else ''}: fill them in, or take them out."
                )

    def answers(self) -> NDArray[Any]:
        """All of them; one-hot rows as class numbers.

        Raises:
            DataError: There are none.
        """
        if not self._answers:
            raise DataError(f"{self._where} gives no batches: check what it reads.")
        y = np.concatenate(self._answers)
        one_hot = y.ndim == 2 and y.shape[1] > 1 and ((y == 0) | (y == 1)).all()
        if one_hot and (y.sum(axis=1) == 1).all():
            return np.asarray(y.argmax(axis=1))
        return y


def raw_of_pipeline(text: str, facts: Mapping[str, Any], folder: Path) -> Raw:
    """A data set whose examples are not here: arrays of their shape stand for them.

    Args:
        text: What the user gave.
        facts: What `describe` found.
        folder: Where it saved the answers.

    Raises:
        DataError: The answers cannot be used.
    """
    classes = None if facts["classes"] is None else np.array(facts["classes"], str)
    given = {part: (f"the answers of {part}", np.load(folder / f"{part}.npy")) for part in PARTS}
    read = read_answers(text, given, classes)
    parts = {}
    for part in PARTS:
        arrays = {
            name: np.broadcast_to(np.zeros((), dtype), (facts["sizes"][part], *shape))
            for name, (shape, dtype) in facts["shapes"][part].items()
        }
        parts[part] = Part(arrays[""] if list(arrays) == [""] else arrays, read.answers[part])
    described = [facts["hash"], facts["shapes"], facts["sizes"], list(read.classes)]
    content = hashlib.sha256(json.dumps(["pipeline", *described]).encode()).hexdigest()
    return Raw(
        train=parts["train"],
        validation=parts["validation"],
        test=parts["test"],
        classes=read.classes,
        named=read.named,
        notes=read.notes,
        stream=Stream(content, int(facts["shared"])),
    )
