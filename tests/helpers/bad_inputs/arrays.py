"""Arrays that are no examples with labels, and files of formats that no source reads."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np

from tests.helpers import images
from tests.helpers.bad_inputs.row import Make, text

GIVEN = images.arrays()
X, Y = GIVEN["x_train"], GIVEN["y_train"]
ADDRESS = "is an address, and nothing is fetched from the network"
IDX_IMAGES = bytes([0, 0, 8, 3]) + bytes(100)


def _npz(**changes: Any) -> Make:
    return lambda root: images.write_npz(root / "toys.npz", **changes)


def _pair(root: Path) -> Path:
    np.savez(root / "toys.npz", images=X, labels=Y)
    return root / "toys.npz"


def _nameless(root: Path) -> Path:
    np.savez(root / "toys.npz", *GIVEN.values())
    return root / "toys.npz"


def _damaged(root: Path) -> Path:
    source = Path(images.write_npz(root / "toys.npz"))
    content = source.read_bytes()
    source.write_bytes(content[:2000] + bytes(100) + content[2100:])
    return source


def _in_folder(name: str, *files: str, content: bytes = b"x") -> Make:
    def make(root: Path) -> Path:
        for file in files:
            text(f"{name}/{file}", content)(root)
        return root / name

    return make


def _shard(**options: Any) -> Make:
    def make(root: Path) -> Path:
        for part in ("train", "test"):
            labels = options.get("labels", [0, 1] * 10)
            rest = {key: value for key, value in options.items() if key != "labels"}
            images.write_shard(root / "flat" / f"{part}.parquet", labels, **rest)
        return root / "flat"

    return make


def _mixed(root: Path) -> Path:
    images.write_folder(root / "pets")
    other = np.zeros((9, 9, 3), np.uint8)
    (root / "pets/train/cat/0.png").write_bytes(images.encode(other))
    return root / "pets"


def _sixteen_bits(root: Path) -> Path:
    images.write_folder(root / "pets")
    deep = np.zeros((6, 5), np.uint16)
    (root / "pets/train/cat/0.png").write_bytes(images.encode(deep))
    return root / "pets"


def _one_class(root: Path) -> str:
    return images.write_folder(root / "pets", classes=("cat",))


def _few(root: Path) -> str:
    return images.write_folder(root / "pets", train=4)


PICKLE = pickle.dumps({b"data": [1], b"labels": [0]}, protocol=2)
ARRAYS: list[tuple[str, Make, str]] = [
    ("labels too few", _npz(y_train=Y[:-1]), "40 training images and 39 labels; give one label"),
    ("a test label without training", _npz(y_test=GIVEN["y_test"] + 5), "test label 5 of image 0"),
    ("labels from -1", _npz(y_train=Y - 1), "training label -1 of image 0 is out of range"),
    ("labels with a gap", _npz(y_train=Y * 2, y_test=Y[:10] * 2), "number them 0 to 1, or add --r"),
    ("one label", _npz(y_train=Y * 0, y_test=Y[:10] * 0), "only one class ('0'); classification"),
    ("a rare class", _npz(y_train=np.arange(40) // 35), "'1' has 5 training images; give each cl"),
    ("no training images", _npz(x_train=X[:0], y_train=Y[:0]), "no training images; add some"),
    ("no test images", _npz(x_test=X[:0], y_test=Y[:0]), "no test images; add some"),
    ("test images of another size", _npz(x_test=GIVEN["x_test"][:, :4]), "bring them all to one"),
    (
        "flat images",
        _npz(x_train=X.reshape(40, -1)),
        "training examples are 90 numbers (uint8) and test examples 6x5 with 3 channels; bring",
    ),
    ("a film", _npz(x_train=X[:, None]), "training examples are 1x6x5x3 numbers (uint8) and test"),
    ("two channels", _npz(x_train=X[..., :2]), "training examples are 6x5x2 numbers (uint8) and"),
    ("images without width", _npz(x_train=X[:, :, :0]), "x_train has shape [40, 6, 0, 3]: give"),
    ("objects", _npz(x_train=np.array([{}] * 40)), "holds pickled objects, which are never loaded"),
    ("complex numbers", _npz(x_train=X * 1j), "x_train holds complex128: give uint8 from 0 to 255"),
    ("names for images", _npz(x_train=np.array(["a"] * 40)), "x_train holds <U1: give uint8 from"),
    (
        "one number for labels",
        _npz(y_train=np.int64(1)),
        "y_train holds int64 of shape []: give one",
    ),
    (
        "true and false",
        _npz(x_train=X > 99),
        "holds bool: give uint8 from 0 to 255, or floats from",
    ),
    (
        "true and false mended",
        _npz(x_test=X[:10] > 9),
        "x_test.astype('uint8') * 255 makes them of",
    ),
    (
        "labels beyond 2^63",
        _npz(y_train=Y.astype(np.uint64) + np.uint64(2**63)),
        "y_train holds the label 9223372036854775809, which is too large to number a class",
    ),
    ("labels that are hashes", _npz(y_train=Y + 2**62), "training label 4611686018427387904 of"),
    ("no names", _nameless, "it holds arr_0, arr_1, arr_2, arr_3 and needs x_train"),
    ("no names, mended", _nameless, "np.savez keeps names that are given, as in np.savez(file, x"),
    ("not divided in an .npz", _pair, "; divide its examples into those to train on and those to"),
    ("no .npz", text("toys.npz", "nothing of the kind"), "toys.npz is no .npz file: save x_train"),
    ("an empty .npz", text("toys.npz", ""), "toys.npz is no .npz file: save x_train, y_train"),
    ("a damaged .npz", _damaged, "cannot be read as an .npz file"),
    ("CIFAR-10 in Python", _in_folder("batches", "data_batch_1", "test_batch"), "give cifar10 for"),
    (
        "one of its batches",
        text("data_batch_1", PICKLE),
        "is CIFAR-10 in the format of its own arc",
    ),
    (
        "CIFAR-10 in bytes",
        _in_folder("bin", "data_batch_1.bin"),
        "give cifar10 for that data; save",
    ),
    (
        "CIFAR-100 in Python",
        _in_folder("cifar", "train", "test", "meta", content=PICKLE),
        "is CIFAR-100 in the format of its own archive, which no source reads: load it with keras",
    ),
    ("a pickle of no name", text("dump", PICKLE), "is a pickle, which could run any program when"),
    (
        "MNIST",
        _in_folder("m", "train-images-idx3-ubyte", "x"),
        "give mnist for that data; save the",
    ),
    ("MNIST packed", text("t10k-labels-idx1-ubyte.gz", "x"), "is in the format IDX, as MNIST is"),
    ("MNIST with a point", text("train-images.idx3-ubyte", "x"), "is in the format IDX, as MNIST"),
    ("IDX of another name", text("train.bin", IDX_IMAGES), "in the format IDX, as MNIST is publi"),
    (
        "HDF5 of no name",
        text("model", b"\x89HDF\r\n\x1a\n"),
        "is an HDF5 file, which no source reads",
    ),
    ("a zip of no name", text("download", b"PK\x03\x04rest"), "is an archive: unpack it, and give"),
    ("an image of no name", text("cat", b"\xff\xd8\xff\xe0"), "is a single image, which no source"),
    ("no scheme", lambda root: "www.example.org/flowers.zip", f"www.example.org {ADDRESS}"),
    ("a hub's page", lambda root: "huggingface.co/datasets/x", f"huggingface.co {ADDRESS}"),
    ("half a scheme", lambda root: "//example.org/x.zip", f"example.org {ADDRESS}"),
    ("another computer", lambda root: "me@server.lan:/data/x", f"server.lan {ADDRESS}"),
    ("a secret without a scheme", lambda root: "www.a.org?key=hunter2", f"www.a.org {ADDRESS}"),
    ("parquet of other columns", _shard(column="pixels"), "it needs 'label' and 'img' or 'image'"),
    (
        "parquet of numbers",
        _shard(images=[3] * 20),
        "'img' is int64: it needs a struct with the en",
    ),
    (
        "parquet with names for labels",
        _shard(labels=["a"] * 20),
        "'label' is string: give whole nu",
    ),
    (
        "parquet without a label",
        _shard(labels=[0, None] * 10),
        "row 1 has no label: add it or remove",
    ),
    (
        "parquet beyond 2^63",
        _shard(labels=np.uint64([0, 2**63] * 10)),
        "has the label 9223372036854",
    ),
    (
        "parquet without bytes",
        _shard(images=[{"bytes": None, "path": "a"}] * 20),
        "holds no bytes; e",
    ),
    (
        "no parquet",
        _in_folder("flat", "train.parquet", "test.parquet"),
        "cannot be read as a parquet",
    ),
    ("images of two sizes", _mixed, "Images of mixed size: "),
    (
        "images of 16 bits",
        _sixteen_bits,
        "has more than 8 bits a channel (mode I;16): convert it to",
    ),
    ("a folder of one class", _one_class, "only one class ('cat'); classification needs at least"),
    ("a folder of few images", _few, "'cat' has 4 training images; give each class at least 10"),
]
"""As `tests.helpers.bad_inputs.sources.SOURCES`."""
