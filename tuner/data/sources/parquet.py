"""Data sets out of parquet files in the image layout of Hugging Face."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from tuner.data.dataset import Images, Labels
from tuner.data.raw import Raw
from tuner.data.sources.base import Found, Source, identity_of
from tuner.data.sources.decode import decode, stack
from tuner.errors import DataError

IMAGE_COLUMNS = ("img", "image")
ROWS = 1024  # encoded images in memory at a time


class ParquetFolder(Source):
    """A folder of parquet files."""

    described: ClassVar[Mapping[str, str]] = {
        "FOLDER of parquet": "train*.parquet and test*.parquet in the Hugging Face image layout"
    }

    def find(self, text: str, path: Path, cache: Path) -> Found | None:
        """Any folder that holds such files."""
        if not path.is_dir() or not is_parquet(path):
            return None
        return Found(path.name, identity_of(path, files(path)), lambda: read(path))


def is_parquet(folder: Path) -> bool:
    """Whether ``folder`` has the layout that this module reads."""
    return bool(files(folder))


def files(folder: Path) -> list[Path]:
    """Every shard, training shards first, in the order of their names."""
    return [*sorted(folder.glob("train*.parquet")), *sorted(folder.glob("test*.parquet"))]


def read(folder: Path) -> Raw:
    """Read ``train*.parquet`` and ``test*.parquet``.

    A column ``img`` or ``image`` is a struct with the encoded ``bytes``, ``label`` a whole number.
    Class names come from the metadata key ``classes`` (a JSON list), else from Hugging Face's own
    metadata, else they are the labels.

    Raises:
        DataError: A file, row or column is missing, cannot be read or is of another kind, or the
            files name different classes.
    """
    parts: list[list[Images]] = []
    labels: list[Labels] = []
    names: dict[Path, tuple[str, ...]] = {}
    for part in ("train", "test"):
        shards = sorted(folder.glob(f"{part}*.parquet"))
        if not shards:
            raise DataError(f"{folder} has no {part}*.parquet: add the {part} images.")
        found: list[Labels] = []
        images = decode(pair for shard in shards for pair in _rows(shard, found, names))
        parts.append(images)
        labels.append(np.concatenate([np.empty(0, np.int64), *found]))
    train_images, test_images = stack(parts)
    classes = _agreed(names) or tuple(
        str(label) for label in range(min(labels[0].max(initial=0), len(labels[0])) + 1)
    )
    return Raw(train_images, labels[0], test_images, labels[1], classes)


def _rows(
    shard: Path, labels: list[Labels], names: dict[Path, tuple[str, ...]]
) -> Iterator[tuple[str, bytes]]:
    import pyarrow
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(shard) as file:
            schema = file.schema_arrow
            column = _image_column(shard, schema)
            names[shard] = _class_names(schema.metadata or {})
            row = 0
            for batch in file.iter_batches(ROWS, columns=[column, "label"]):
                labels.append(_labels(shard, row, batch.column("label")))
                for entry in batch.column(column).to_pylist():
                    yield _one(f"{shard} row {row}", entry)
                    row += 1
    except (pyarrow.ArrowException, OSError) as error:
        reason = " ".join(str(error).split())
        raise DataError(
            f"{shard} cannot be read as a parquet file ({reason}): copy or write it anew."
        ) from error


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
    return np.asarray(column.to_numpy(zero_copy_only=False), np.int64)


def _one(name: str, entry: dict[str, Any] | None) -> tuple[str, bytes]:
    if entry is None or not isinstance(entry["bytes"], bytes):
        raise DataError(f"Unreadable image {name}: it holds no bytes; embed the image itself.")
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
