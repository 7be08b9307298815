"""Small data sets in every layout that resolve() reads."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray[Any, Any]]


def arrays(
    *, train: int = 40, test: int = 10, classes: int = 2, shape: tuple[int, ...] = (6, 5, 3)
) -> Arrays:
    rng = np.random.default_rng(0)
    return {
        "x_train": rng.integers(0, 256, (train, *shape), np.uint8),
        "y_train": np.arange(train) % classes,
        "x_test": rng.integers(0, 256, (test, *shape), np.uint8),
        "y_test": np.arange(test) % classes,
    }


def write_npz(path: Path, **changes: Any) -> str:
    np.savez(path, **{**arrays(), **changes})
    return str(path)


def encode(pixels: np.ndarray[Any, Any], *, mode: str | None = None, kind: str = "PNG") -> bytes:
    from PIL import Image

    image = Image.fromarray(pixels)
    if mode is not None:
        image = image.convert(mode)
    target = io.BytesIO()
    image.save(target, kind)
    return target.getvalue()


def write_folder(
    root: Path,
    *,
    train: int = 10,
    test: int = 3,
    classes: Sequence[str] = ("cat", "dog"),
    encoder: Callable[[np.ndarray[Any, Any]], bytes] = encode,
) -> str:
    rng = np.random.default_rng(1)
    for part, count in (("train", train), ("test", test)):
        for name in classes:
            kind = root / part / name
            kind.mkdir(parents=True)
            for number in range(count):
                pixels = rng.integers(0, 256, (6, 5, 3), np.uint8)
                (kind / f"{number}.png").write_bytes(encoder(pixels))
    return str(root)


def write_shard(
    path: Path,
    labels: Sequence[Any],
    *,
    column: str = "img",
    metadata: dict[str, Any] | None = None,
    images: Sequence[Any] | None = None,
) -> None:
    import pyarrow
    import pyarrow.parquet

    rng = np.random.default_rng(2)
    if images is None:
        drawn = (rng.integers(0, 256, (6, 5), np.uint8) for _ in labels)
        images = [{"bytes": encode(pixels), "path": "a.png"} for pixels in drawn]
    table = pyarrow.table({column: images, "label": labels})
    if metadata is not None:
        table = table.replace_schema_metadata(
            {key: json.dumps(value) for key, value in metadata.items()}
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    pyarrow.parquet.write_table(table, path)


def write_parquet(root: Path, **options: Any) -> str:
    write_shard(root / "train-00000-of-00002.parquet", [0, 1] * 10, **options)
    write_shard(root / "train-00001-of-00002.parquet", [1, 0] * 5, **options)
    write_shard(root / "test.parquet", [0, 1, 1], **options)
    return str(root)
