"""What a data set is like, before anybody trusts it: sizes, classes or amounts, in a few words.

What a study remembers of its data is written by `facts_of` and read by the rest, so that people
read the same of data that is here and of data that was.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tuner.basics.numbers import count, percent
from tuner.data.dataset import DataSet
from tuner.data.kinds import ImageKind, stored_kind
from tuner.data.raw import Raw

MOST_CLASSES = 1_000
"""Classes whose sizes are remembered."""
SHOWN = 20
"""Classes whose sizes are listed."""


def answered(raw: Raw, train_rows: Any, validation_rows: Any) -> dict[str, Any]:
    """What the answers are like, for the cache.

    Args:
        raw: All examples.
        train_rows: Which of the training examples are the training part.
        validation_rows: Which are the validation part; None where that is the user's own.
    """
    y = {"train": raw.train.y[train_rows], "test": raw.test.y}
    own = raw.validation
    y["validation"] = own.y if own is not None else raw.train.y[validation_rows]
    if raw.task == "classification":
        if len(raw.classes) > MOST_CLASSES:
            return {}
        return {
            part: np.bincount(labels, minlength=len(raw.classes)).tolist()
            for part, labels in y.items()
        }
    learning = np.concatenate([y["train"], y["validation"]]).astype(np.float64)
    return {
        "low": float(learning.min()),
        "high": float(learning.max()),
        "mean": float(learning.mean()),
        "deviation": float(np.sqrt(((learning - learning.mean(axis=0)) ** 2).mean())),
        "normalization": _normalization(y["train"]),
    }


def _normalization(y: Any) -> dict[str, list[float]]:
    """Mean and standard deviation of each number of the training answers."""
    columns = np.asarray(y, np.float64).reshape(len(y), -1)
    deviations = columns.std(axis=0)
    deviations[deviations == 0] = 1
    return {"mean": columns.mean(axis=0).tolist(), "deviation": deviations.tolist()}


def facts_of(data: DataSet) -> dict[str, Any]:
    """What a study remembers of a data set's examples and answers, in what JSON can hold."""
    shape = data.kind.shape
    by_name = {name: list(each) for name, each in shape.items()} if isinstance(shape, dict) else {}
    image = {"image_shape": list(data.kind.shape)} if isinstance(data.kind, ImageKind) else {}
    said: dict[str, Any] = {"outputs": data.outputs, "answered": dict(data.answered)}
    if data.task == "classification":
        said = {"largest_share": round(data.largest_class()[1], 4)}
        said["answered"] = dict(data.answered) or _learning(data)
    flags = dict.fromkeys(("own_validation", "weighted", "pipeline"), True)
    return {
        **image,  # under the name that every version reads
        "example_shape": by_name or list(shape),
        "dtype": data.kind.dtype,
        "task": data.task,
        **said,
        **{name: on for name, on in flags.items() if getattr(data, name)},
    }


def _learning(data: DataSet) -> dict[str, list[int]]:
    """Sizes of classes where the cache has none of each part: the test part is left alone."""
    if len(data.classes) > MOST_CLASSES:
        return {}
    counts = np.bincount(data.answers("learning"), minlength=len(data.classes))
    return {"learning": counts.tolist()}


def parts_line(fields: Mapping[str, Any]) -> str:
    """Sizes and shape: ``900 training, 100 validation and 50 test images, 8x8 with 1 channel``."""
    kind = stored_kind(fields)
    plural = "examples" if kind is None else kind.plural
    own = " (its own)" if fields.get("own_validation") else ""
    sizes = (
        f"{count(fields.get('train_size'))} training, {count(fields.get('validation_size'))} "
        f"validation{own} and {count(fields.get('test_size'))} test {plural}"
    )
    return sizes if kind is None else f"{sizes}, {kind.described()}"


def answers_line(fields: Mapping[str, Any]) -> str:
    """Classes and their sizes, or the range of amounts and what a constant is off by."""
    if fields.get("task") == "regression":
        return amounts(fields)
    line = f"{len(fields.get('classes', ()))} classes"
    shares = balance(fields)
    return f"{line}, {shares}" if shares else line


def balance(fields: Mapping[str, Any]) -> str:
    """The shares of the largest and the smallest class; empty where they are not known."""
    classes = [str(name) for name in fields.get("classes", ())]
    learning = sizes_to_learn_from(fields)
    if not learning or len(learning) != len(classes):
        return ""
    least, most = int(np.argmin(learning)), int(np.argmax(learning))
    total = max(sum(learning), 1)
    few, many = (f"{classes[i]!r} {percent(learning[i] / total)}" for i in (least, most))
    if learning[least] == learning[most]:
        return f"{count(learning[most])} of each to learn from"
    return f"the largest {many}, the smallest {few} of those to learn from"


def amounts(fields: Mapping[str, Any]) -> str:
    """The range of amounts, and what the best constant is off by."""
    known, outputs = fields.get("answered") or {}, int(fields.get("outputs", 1))
    each = f"{outputs} amounts each" if outputs > 1 else "amounts"
    if "low" not in known:
        return each
    return (
        f"{each}, from {known['low']:.4g} to {known['high']:.4g}, mean "
        f"{known['mean']:.4g}; a constant is off by {known['deviation']:.4g} (RMSE)"
    )


def sizes_to_learn_from(fields: Mapping[str, Any]) -> list[int]:
    """Training and validation examples of each class; empty where that is not known."""
    known = fields.get("answered") or {}
    if "train" not in known:
        return list(known.get("learning", ()))
    return [a + b for a, b in zip(known["train"], known["validation"], strict=True)]


def class_rows(fields: Mapping[str, Any]) -> list[str]:
    """A line a class, with its training, validation and test examples; of many only the ends."""
    known, classes = fields.get("answered") or {}, list(map(str, fields.get("classes", ())))
    if "train" not in known or len(set(map(tuple, zip(*_columns(known), strict=True)))) == 1:
        return []
    rows = [
        f"{name}: {' + '.join(count(n) for n in numbers)}"
        for name, numbers in zip(classes, zip(*_columns(known), strict=True), strict=True)
    ]
    if len(rows) <= SHOWN:
        return rows
    half = SHOWN // 2
    return [*rows[:half], f"… {len(rows) - SHOWN} more", *rows[-half:]]


def _columns(known: Mapping[str, Any]) -> list[list[int]]:
    return [known[part] for part in ("train", "validation", "test")]
