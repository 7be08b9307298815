"""What people give that is no data set: how it is made, and the line that names the next step."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.helpers import images

Make = Callable[[Path], Any]
GIVEN = images.arrays()


def _files(*names: str, content: bytes = b"x") -> Make:
    def make(root: Path) -> Path:
        for name in names:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(content)
        return root / names[0].split("/")[0]

    return make


def _npz(**changes: Any) -> Make:
    return lambda root: images.write_npz(root / "toys.npz", **changes)


def _pets(change: Callable[[Path], Any]) -> Make:
    return _changed("pets", images.write_folder, change)


def _flat(change: Callable[[Path], Any]) -> Make:
    return _changed("flat", images.write_parquet, change)


def _changed(name: str, write: Callable[[Path], Any], change: Callable[[Path], Any]) -> Make:
    """A data set that is written and then spoilt."""

    def make(root: Path) -> Path:
        write(root / name)
        change(root / name)
        return root / name

    return make


def _text(text: str) -> Make:
    return lambda root: text


def _rename(*pairs: tuple[str, str]) -> Callable[[Path], None]:
    def rename(root: Path) -> None:
        for old, new in pairs:
            (root / old).rename(root / new)

    return rename


def _unreadable(count: int) -> Callable[[Path], None]:
    def spoil(root: Path) -> None:
        for path in sorted(root.rglob("*.png"))[:count]:
            path.write_bytes(b"no image")

    return spoil


def _empty_class(root: Path) -> None:
    for path in (root / "test/dog").iterdir():
        path.unlink()


def _broken_link(root: Path) -> None:
    (root / "train/cat/0.png").unlink()
    (root / "train/cat/0.png").symlink_to("/gone/cat.png")


def _link(target: str) -> Make:
    def make(root: Path) -> Path:
        (root / "link").symlink_to(root / target)
        return root / "link"

    return make


def _loose(root: Path) -> None:
    for path in (root / "train/cat").iterdir():
        path.rename(root / path.name)
    for part in ("train", "test"):
        for path in (root / part).rglob("*"):
            if path.is_file():
                path.unlink()
        for kind in (root / part).iterdir():
            kind.rmdir()
        (root / part).rmdir()


def _undivided(root: Path) -> None:
    for kind in (root / "train").iterdir():
        kind.rename(root / kind.name)
    (root / "train").rmdir()
    (root / "test").rename(root.parent / "elsewhere")


def _link_nowhere(*names: str) -> Callable[[Path], None]:
    def spoil(root: Path) -> None:
        for number, name in enumerate(names):
            (root / name).rename(root.parent / f"moved-{number}")
            (root / name).symlink_to("/gone")

    return spoil


def _deeper(name: str, *renamed: tuple[str, str]) -> Make:
    def make(root: Path) -> Path:
        images.write_folder(root / "outer" / name)
        _rename(*renamed)(root / "outer" / name)
        return root / "outer"

    return make


def _beside(root: Path) -> Path:
    images.write_folder(root / "flowers")
    return root / "flower"


def _line_break(root: Path) -> Path:
    (root / "two\nlines.txt").write_text("x")
    return root / "two\nlines.txt"


MASKS = {key: GIVEN[key] // 128 for key in ("x_train", "x_test")}
FLOATS = {key: GIVEN[key].astype(np.float32) / 255 for key in ("x_train", "x_test")}
ADDRESS = "is an address, and nothing is fetched from the network"

SOURCES: list[tuple[str, Make, str]] = [
    ("nothing", _text(""), "No data set given"),
    ("spaces", _text("  "), "No data set given"),
    ("a name nearly right", _text("cifar-10"), "did you mean cifar10?"),
    ("a name of a hub", _text("uoft-cs/cifar10"), "did you mean cifar10?"),
    ("a name in capitals", _text("CIFAR10"), "did you mean cifar10?"),
    ("one of Keras's", _text("fashion_mnist"), "load it with keras.datasets.fashion_mnist"),
    ("one that looks alike", _text("cifar100"), "load it with keras.datasets.cifar100"),
    ("another of its spellings", _text("Fashion-MNIST"), "keras.datasets.fashion_mnist"),
    ("no such path", _text("nowhere/at/all"), "or the path of a file or folder that exists"),
    ("a path nearly right", _beside, "flowers? Otherwise give"),
    ("a user that is not", _text("~nobody-at-all/x"), "cannot be read"),
    ("a null byte", _text("a\0b"), "cannot be read"),
    ("a name too long", _text("x" * 5000), "cannot be read (File name too long)"),
    ("http", _text("https://example.org/flowers.zip"), f"https://example.org {ADDRESS}"),
    ("s3", _text("s3://bucket/flowers"), f"s3://bucket {ADDRESS}"),
    ("gs", _text("gs://bucket/flowers"), f"gs://bucket {ADDRESS}"),
    ("hub", _text("hf://datasets/me/flowers"), f"hf://datasets {ADDRESS}"),
    ("file", _text("file:///data/flowers"), ADDRESS),
    ("a broken address", _text("http://[::1"), ADDRESS),
    ("a link to nothing", _link("gone"), "gone, which does not exist: mend the link"),
    ("a link to itself", _link("link"), "cannot be read"),
    ("a zip", _files("flowers.zip"), "flowers.zip is an archive: unpack it"),
    ("a tar", _files("flowers.tar.gz"), "flowers.tar.gz is an archive: unpack it"),
    ("a rar", _files("flowers.RAR"), "is an archive: unpack it"),
    ("a table", _files("flowers.csv"), "flowers.csv is a table, which no source reads: save its"),
    ("HDF5", _files("flowers.h5"), "is an HDF5 file, which no source reads"),
    ("a pickle", _files("data_batch_1.pkl"), "is a pickle, which could run any program"),
    ("TFRecord", _files("flowers.tfrecord"), "is a TFRecord file, which no source reads"),
    ("one image", _files("cat.JPG"), "is a single image, which no source reads"),
    ("a text", _files("notes.txt"), "is no data set: give an .npz file"),
    ("a line break in a name", _line_break, "two\\nlines.txt is no data set"),
    ("an empty folder", lambda root: root, "is no data set: give an .npz file"),
    ("a device", _text(os.devnull), "is no data set"),
    ("one .npy", _files("x_train.npy"), "has the arrays x_train.npy: call them x_train.npy, y"),
    (
        "a folder of .npy",
        _files("arrays/x_test.npy", "arrays/x_train.npy", "arrays/y_test.npy"),
        "arrays misses y_train: it holds x_test, x_train, y_test and needs x_train, y_train, x_t",
    ),
    ("one shard", _files("train.parquet"), "is one parquet file: give the folder"),
    (
        "shards of other names",
        _files("flat/0000.parquet", "flat/0001.parquet"),
        "holds 0000.parquet, 0001.parquet, but no train*.parquet",
    ),
    (
        "a missing shard",
        _flat(lambda root: (root / "train-00001-of-00002.parquet").unlink()),
        "has 1 of 2 train shards: number 1 of 0 to 1 is missing",
    ),
    (
        "the first shard missing",
        _flat(lambda root: (root / "train-00000-of-00002.parquet").unlink()),
        "has 1 of 2 train shards: number 0 of 0 to 1 is missing",
    ),
    (
        "validation shards for test",
        _flat(_rename(("test.parquet", "validation-00000-of-00001.parquet"))),
        "add the test images; there is validation-00000-of-00001.parquet, which may be meant",
    ),
    (
        "Train and Test",
        _pets(_rename(("train", "Train"), ("test", "Test"))),
        "has Train/ and Test/, but neither train/ nor test/: rename them",
    ),
    (
        "training and validation",
        _pets(_rename(("train", "Training"), ("test", "valid"))),
        "has Training/ and valid/, but neither train/ nor test/: rename them",
    ),
    ("train and Testing", _pets(_rename(("test", "Testing"))), "but Testing/: rename it to test/"),
    ("train and val", _pets(_rename(("test", "val"))), "no folder test/, but val/: rename it"),
    ("training and test", _pets(_rename(("train", "training"))), "but training/: rename it to"),
    ("only train", _pets(_rename(("test", "../test"))), "has no folder test/: add it"),
    ("not divided", _pets(_undivided), "has the class folders cat, dog, but neither train/ nor"),
    ("images only", _pets(_loose), "holds images, but no folders that name their classes"),
    (
        "images without classes",
        _pets(lambda root: _loose_in(root / "train")),
        "holds 20 files but no class folders",
    ),
    ("data inside", _deeper("data"), "outer/data in it is: give that path"),
    ("twice unpacked", _deeper("pets/pets"), "outer/pets/pets in it is: give that path"),
    (
        "an .npz inside",
        lambda root: Path(images.write_npz(root / "toys.npz")).parent,
        "toys.npz in it is: give that path",
    ),
    ("an empty class in test", _pets(_empty_class), "has no images of dog, only empty folders"),
    ("a broken image link", _pets(_broken_link), "0.png (a link to /gone/cat.png, which does not"),
    (
        "a broken part",
        _pets(_link_nowhere("test")),
        "test is a link to /gone, which does not exist",
    ),
    ("a broken class", _pets(_link_nowhere("train/dog")), "dog is a link to /gone, which does not"),
    (
        "a class broken in both parts",
        _pets(_link_nowhere("train/dog", "test/dog")),
        "train/dog is a link to /gone, which does not exist: mend the link",
    ),
    ("two broken parts", _pets(_link_nowhere("train", "test")), "train is a link to /gone, which"),
    (
        "archives inside",
        _files("flowers/test.zip", "flowers/train.zip"),
        "flowers holds the archives test.zip, train.zip: unpack them there",
    ),
    (
        "Train and Test inside",
        _deeper("data", ("train", "Train"), ("test", "Test")),
        "outer/data has Train/ and Test/, but neither train/ nor test/: rename them",
    ),
    ("arrays inside", _files("outer/data/x_train.npy"), "data in it is: give that path"),
    ("three bad images", _pets(_unreadable(3)), "3 unreadable images: "),
    ("twelve bad images", _pets(_unreadable(12)), " and 2 more: replace them by PNG or JPEG"),
    ("masks", _npz(**MASKS), "the training images hold only 0 and 1, on a scale that goes to 255"),
    ("masks in test only", _npz(x_test=MASKS["x_test"]), "the test images hold only 0 and 1"),
    ("black images", _npz(x_train=GIVEN["x_train"] * 0), "every training image is black"),
    (
        "floats divided twice",
        _npz(x_train=FLOATS["x_train"] / 255, x_test=FLOATS["x_test"]),
        "from 0 to 0.00392157 only, as if it had been divided by 255 twice",
    ),
    ("floats and bytes", _npz(x_train=FLOATS["x_train"]), "bring them all to one size and type"),
    (
        "infinite",
        _npz(x_train=np.full((40, 6, 5), np.inf), x_test=np.ones((10, 6, 5))),
        "1,200 numbers of the training examples are NaN or infinite, the first in example 0: fill",
    ),
    (
        "too large for float32",
        _npz(x_train=np.full((40, 6, 5), 1e300), x_test=np.ones((10, 6, 5))),
        "numbers of the training examples are NaN or infinite",
    ),
    (
        "nothing but ones",
        _npz(x_train=np.ones((40, 6)), x_test=np.ones((10, 6))),
        "every number of the training examples is 1: check how they were saved",
    ),
    (
        "channels first",
        _npz(x_train=GIVEN["x_train"].transpose(0, 3, 1, 2)),
        "x_train.transpose(0, 2, 3, 1) puts them there",
    ),
    ("one-hot labels", _npz(y_train=np.eye(2)[GIVEN["y_train"]]), "y_train.argmax(1) makes them"),
    ("names and numbers", _npz(y_train=np.array(["a", "b"] * 20)), "<U1 and y_test int64: give b"),
    ("floats for labels", _npz(y_test=GIVEN["y_test"] * 1.0), "and y_test float64: give both as w"),
    ("labels from 1", _npz(y_train=GIVEN["y_train"] + 1, y_test=GIVEN["y_test"] + 1), "subtract 1"),
]


def _loose_in(part: Path) -> None:
    for kind in list(part.iterdir()):
        for path in kind.iterdir():
            path.rename(part / f"{kind.name}-{path.name}")
        kind.rmdir()
