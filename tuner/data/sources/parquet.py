"""Data sets out of parquet files in the image layout of Hugging Face."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from tuner.data.dataset import Labels
from tuner.data.memory import ran_out
from tuner.data.raw import Part, Raw
from tuner.data.sources.base import Found, Source, identity_of
from tuner.data.sources.decode import Encoded, Unreadable, decode
from tuner.errors import DataError

IMAGE_COLUMNS = ("img", "image")
SHARD = re.compile(r"(?P<number>\d{5})-of-(?P<total>\d{5})")
"""How Hugging Face numbers the files of a part."""
VALIDATION = re.compile(r"val(id|idation)?[^a-z]")
"""How files of validation images begin."""
ROWS = 1024  # encoded images in memory at a time


class ParquetFolder(Source):
    """A folder of parquet files."""

    described: ClassVar[Mapping[str, str]] = {
        "FOLDER of parquet": "train*.parquet, test*.parquet, perhaps validation*.parquet, in the "
        "Hugging Face image layout"
    }

    def find(self, text: str, path: Path, cache: Path) -> Found | None:
        """Any folder that holds such files."""
        if not path.is_dir() or not is_parquet(path):
            return None
        return Found(path.name, identity_of(path, files(path)), lambda: read(path))

    def nearly(self, text: str, path: Path) -> str | None:
        """Parquet files of other names, or one of them without its folder."""
        if path.is_file() and path.suffix.lower() == ".parquet":
            return (
                f"{text} is one parquet file: give the folder of train*.parquet and test*.parquet."
            )
        found = sorted(p.name for p in path.glob("*.parquet")) if path.is_dir() else []
        if not found:
            return None
        listed = ", ".join(found[:3]) + (", …" if len(found) > 3 else "")
        return (
            f"{text} holds {listed}, but no train*.parquet and test*.parquet: rename the files of "
            "each part so."
        )


def is_parquet(folder: Path) -> bool:
    """Whether ``folder`` has the layout that this module reads."""
    return bool(files(folder))


def files(folder: Path) -> list[Path]:
    """Every shard, training shards first, in the order of their names."""
    return [
        shard for part in ("train", "test") for shard in sorted(folder.glob(f"{part}*.parquet"))
    ] + _validation(folder)


def _validation(folder: Path) -> list[Path]:
    return sorted(file for file in folder.glob("val*.parquet") if VALIDATION.match(file.name))


def read(folder: Path) -> Raw:
    """Read ``train*.parquet``, ``test*.parquet`` and, where there are, ``validation*.parquet``.

    A column ``img`` or ``image`` is a struct with the encoded ``bytes``, ``label`` a whole number.
    Class names come from the metadata key ``classes`` (a JSON list), else from Hugging Face's own
    metadata, else they are the labels.

    Raises:
        DataError: A file, row or column is missing, cannot be read or is of another kind, or the
            files name different classes.
    """
    shards = {part: _shards(folder, part) for part in ("train", "test")}
    if own := _validation(folder):
        shards["validation"] = _whole(folder, "validation", own)
    labels: dict[str, list[Labels]] = {part: [] for part in shards}
    names: dict[Path, tuple[str, ...]] = {}
    images = decode(
        [
            (sum(map(_length, files)), _rows(files, labels[part], names))
            for part, files in shards.items()
        ]
    )
    parts = {
        part: Part(x, np.concatenate([np.empty(0, np.int64), *found]))
        for x, (part, found) in zip(images, labels.items(), strict=True)
    }
    named = _agreed(names)
    train = parts["train"].y
    classes = named or tuple(
        str(label) for label in range(min(train.max(initial=0), len(train)) + 1)
    )
    return Raw(
        parts["train"],
        parts["test"],
        classes,
        named=bool(named),
        validation=parts.get("validation"),
    )


def _shards(folder: Path, part: str) -> list[Path]:
    """The shards of a part that must be there."""
    shards = sorted(folder.glob(f"{part}*.parquet"))
    if not shards:
        others = sorted(p.name for p in folder.glob("*.parquet") if not p.name.startswith("train"))
        seen = f"; there is {others[0]}, which may be meant: rename it" if others else ""
        raise DataError(f"{folder} has no {part}*.parquet: add the {part} images{seen}.")
    return _whole(folder, part, shards)


def _whole(folder: Path, part: str, shards: list[Path]) -> list[Path]:
    """The shards of a part, where none that their names count is missing."""
    numbered = [match for shard in shards if (match := SHARD.search(shard.stem))]
    for total in sorted({int(match["total"]) for match in numbered}):
        present = {int(m["number"]) for m in numbered if int(m["total"]) == total}
        missing = [number for number in range(total) if number not in present]
        if missing:
            listed = ", ".join(map(str, missing[:5])) + (", …" if len(missing) > 5 else "")
            raise DataError(
                f"{folder} has {len(present)} of {total} {part} shards: number {listed} of 0 to "
                f"{total - 1} is missing; download it as well."
            )
    return shards


@contextlib.contextmanager
def _reading(shard: Path) -> Iterator[Any]:
    """An open shard.

    Raises:
        DataError: It cannot be opened, or the body meets an error of the file's.
    """
    import pyarrow
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(shard) as file:
            yield file
    except (pyarrow.ArrowException, OSError) as error:
        if ran_out(error):
            raise MemoryError from error
        reason = " ".join(str(error).split())
        raise DataError(
            f"{shard} cannot be read as a parquet file ({reason}): copy or write it anew."
        ) from error


def _length(shard: Path) -> int:
    with _reading(shard) as file:
        return int(file.metadata.num_rows)


def _rows(shards: list[Path], labels: list[Labels], names: dict[Path, tuple[str, ...]]) -> Encoded:
    for shard in shards:
        with _reading(shard) as file:
            schema = file.schema_arrow
            column = _image_column(shard, schema)
            names[shard] = _class_names(schema.metadata or {})
            row = 0
            for batch in file.iter_batches(ROWS, columns=[column, "label"]):
                labels.append(_labels(shard, row, batch.column("label")))
                for entry in batch.column(column).to_pylist():
                    yield _one(f"{shard} row {row}", entry)
                    row += 1


def _image_column(shard: Path, schema: Any) -> str:
    import pyarrow

    column = next((name for name in IMAGE_COLUMNS if name in schema.names), None)
    if column is None or "label" not in schema.names:
        raise DataError(
            f"{shard} has the columns {', '.join(schema.names)}: it needs 'label' and 'img' or "
            "'image'."
        )
    kind = schema.field(column).type
    if not pyarrow.types.is_struct(kind) or kind.get_field_index("bytes") < 0:
        raise DataError(
            f"{shard}: column {column!r} is {kind}: it needs a struct with the encoded 'bytes'."
        )
    if not pyarrow.types.is_integer(schema.field("label").type):
        raise DataError(
            f"{shard}: column 'label' is {schema.field('label').type}: give whole numbers."
        )
    return column


def _labels(shard: Path, row: int, column: Any) -> Labels:
    if column.null_count:
        missing = row + column.is_null().to_pylist().index(True)
        raise DataError(f"{shard} row {missing} has no label: add it or remove the row.")
    labels = column.to_numpy(zero_copy_only=False)
    if len(labels) and int(labels.max()) > np.iinfo(np.int64).max:
        raise DataError(
            f"{shard} row {row + int(labels.argmax())} has the label {labels.max()}, which is too "
            "large to number a class: number them 0, 1, 2, …"
        )
    return np.asarray(labels, np.int64)


def _one(name: str, entry: dict[str, Any] | None) -> tuple[str, bytes | Unreadable]:
    if entry is None or not isinstance(entry["bytes"], bytes):
        return name, Unreadable(": it holds no bytes; embed the image itself")
    return name, entry["bytes"]


def _class_names(metadata: dict[bytes, bytes]) -> tuple[str, ...]:
    try:
        if b"classes" in metadata:
            names = json.loads(metadata[b"classes"])
        else:
            features = json.loads(metadata[b"huggingface"])["info"]["features"]
            names = features["label"]["names"]
        return tuple(str(name) for name in names)
    except (KeyError, TypeError, ValueError):
        return ()


def _agreed(names: dict[Path, tuple[str, ...]]) -> tuple[str, ...]:
    named = {shard: found for shard, found in names.items() if found}
    if len(set(named.values())) > 1:
        first, *rest = named
        other = next(shard for shard in rest if named[shard] != named[first])
        raise DataError(
            f"{first} and {other} name different classes ({', '.join(named[first][:5])} and "
            f"{', '.join(named[other][:5])}): give both the same list."
        )
    return next(iter(named.values()), ())
