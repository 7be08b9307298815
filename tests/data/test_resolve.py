"""What resolve() reads, how it splits, and what it keeps."""

from __future__ import annotations

import multiprocessing
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers import images
from tuner.data import DataSet, resolve, split
from tuner.data.dataset import TEST_IMAGES, TEST_LABELS
from tuner.data.sources import decode, npz


def test_npz_is_read_split_and_described(tmp_path: Path, cache: Path) -> None:
    source = images.write_npz(tmp_path / "toys.npz")
    data = resolve(source, cache=cache)
    assert (data.name, data.source, data.classes) == ("toys", source, ("0", "1"))
    assert data.image_shape == (6, 5, 3)
    assert (data.train_size, data.validation_size, data.test_size) == (36, 4, 10)
    assert len(data.hash) == 64
    x, y = data.train()
    assert isinstance(x, np.memmap)
    assert (x.shape, y.shape) == ((36, 6, 5, 3), (36,))
    assert x.dtype == np.uint8
    assert y.dtype == np.int64
    x, y = data.validation()
    assert isinstance(x, np.memmap)
    assert (x.shape, y.shape) == ((4, 6, 5, 3), (4,))
    x, y = data.test()
    assert isinstance(x, np.memmap)
    np.testing.assert_array_equal(x, images.arrays()["x_test"])
    np.testing.assert_array_equal(y, images.arrays()["y_test"])


def test_train_and_validation_are_the_training_images_each_once(
    tmp_path: Path, cache: Path
) -> None:
    data = resolve(images.write_npz(tmp_path / "toys.npz"), cache=cache)
    given = images.arrays()
    expected = {x.tobytes(): y for x, y in zip(given["x_train"], given["y_train"], strict=True)}
    seen = {}
    for x, y in (data.train(), data.validation()):
        seen.update({image.tobytes(): label for image, label in zip(x, y, strict=True)})
    assert seen == expected


def test_training_never_opens_the_test_files(tmp_path: Path, cache: Path) -> None:
    data = resolve(images.write_npz(tmp_path / "toys.npz"), cache=cache)
    (data.folder / TEST_IMAGES).unlink()
    (data.folder / TEST_LABELS).unlink()
    data.train()
    data.validation()


def test_the_split_is_stratified_and_a_tenth() -> None:
    labels = np.repeat(np.arange(4), [14, 15, 16, 35]).astype(np.int64)
    order, train_size = split.stratified_order(labels, 4, seed=0)
    assert sorted(order) == list(range(80))
    assert np.bincount(labels[order[train_size:]]).tolist() == [1, 2, 2, 3]


@pytest.mark.parametrize("counts", [[10, 10], [11, 1000, 13], [19] * 7, [10, 95]])
def test_every_class_is_in_both_parts(counts: list[int]) -> None:
    labels = np.repeat(np.arange(len(counts)), counts).astype(np.int64)
    order, train_size = split.stratified_order(labels, len(counts), seed=1)
    validation = np.bincount(labels[order[train_size:]], minlength=len(counts))
    assert validation.sum() == round(sum(counts) / 10)
    for count, taken in zip(counts, validation, strict=True):
        assert count // 10 <= taken <= count // 10 + 1


def test_the_seed_makes_the_split_and_not_the_hash(tmp_path: Path, cache: Path) -> None:
    source = images.write_npz(tmp_path / "toys.npz")
    first, again, other = (resolve(source, seed=seed, cache=cache) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.train()[0], again.train()[0])
    assert not np.array_equal(first.train()[0], other.train()[0])
    assert first.hash == other.hash


def test_a_second_resolve_decodes_nothing(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = [
        images.write_npz(tmp_path / "toys.npz"),
        images.write_folder(tmp_path / "folder"),
        images.write_parquet(tmp_path / "parquet"),
    ]
    first = [resolve(source, cache=cache) for source in sources]

    def refuse(*_: Any) -> None:
        raise AssertionError("decoded again")

    monkeypatch.setattr(npz, "_load", refuse)
    monkeypatch.setattr(decode, "_decode_one", refuse)
    assert [resolve(source, cache=cache) for source in sources] == first


def test_changed_files_are_decoded_again(tmp_path: Path, cache: Path) -> None:
    source = images.write_npz(tmp_path / "toys.npz")
    first = resolve(source, cache=cache)
    images.write_npz(tmp_path / "toys.npz", y_test=np.zeros(10, np.int64), extra=np.zeros(3))
    assert resolve(source, cache=cache).hash != first.hash


def test_the_same_content_elsewhere_shares_its_folder(tmp_path: Path, cache: Path) -> None:
    one = resolve(images.write_npz(tmp_path / "one.npz"), cache=cache)
    two = resolve(images.write_npz(tmp_path / "two.npz"), cache=cache)
    assert (one.folder, one.hash) == (two.folder, two.hash)
    assert (one.name, two.name) == ("one", "two")


@pytest.mark.parametrize("harm", ["truncate", "remove", "meta", "index"])
def test_a_damaged_cache_is_rebuilt(tmp_path: Path, cache: Path, harm: str) -> None:
    source = images.write_npz(tmp_path / "toys.npz")
    first = resolve(source, cache=cache)
    learn = first.folder / "learn_images.npy"
    if harm == "truncate":
        learn.write_bytes(learn.read_bytes()[:-1])
    elif harm == "remove":
        learn.unlink()
    elif harm == "meta":
        (first.folder / "meta.json").write_text("[]")
    else:
        next((cache / "index").iterdir()).write_text("{")
    again = resolve(source, cache=cache)
    assert again == first
    assert again.train()[0].shape == (36, 6, 5, 3)
    assert not list((cache / "unfinished").iterdir())


def test_the_default_cache_is_the_environments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUNER_CACHE", str(tmp_path / "chosen"))
    data = resolve(images.write_npz(tmp_path / "toys.npz"))
    assert data.folder.is_relative_to(tmp_path / "chosen")


def _resolve_at(barrier: Any, source: str, cache: Path) -> DataSet:
    barrier.wait()
    return resolve(source, cache=cache)


def test_processes_may_resolve_at_once(tmp_path: Path, cache: Path) -> None:
    source = images.write_npz(tmp_path / "toys.npz", **images.arrays(train=2000))
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager, context.Pool(3) as pool:
        barrier = manager.Barrier(3)
        found = pool.starmap(_resolve_at, [(barrier, source, cache)] * 3)
    assert found[0] == found[1] == found[2]
    assert len(list((cache / "data").iterdir())) == 1
    assert not list((cache / "unfinished").iterdir())


def test_a_data_set_is_small_to_pickle(tmp_path: Path, cache: Path) -> None:
    data = resolve(images.write_npz(tmp_path / "toys.npz", **images.arrays(train=500)), cache=cache)
    data.train()
    pickled = pickle.dumps(data)
    assert len(pickled) < 2000
    assert pickle.loads(pickled) == data


def test_folders_are_read_in_sorted_order(tmp_path: Path, cache: Path) -> None:
    source = images.write_folder(tmp_path / "pets", classes=("dog", "ant", "cat"))
    (tmp_path / "pets/train/dog/.DS_Store").write_bytes(b"left by a file manager")
    (tmp_path / "pets/train/.cache").mkdir()
    data = resolve(source, cache=cache)
    assert data.classes == ("ant", "cat", "dog")
    assert (data.name, data.train_size, data.validation_size, data.test_size) == ("pets", 27, 3, 9)


@pytest.mark.parametrize("mode", ["RGBA", "P", "LA", "L", "1"])
def test_modes_become_rgb_or_grey(tmp_path: Path, cache: Path, mode: str) -> None:
    source = images.write_folder(
        tmp_path / "pets", encoder=lambda pixels: images.encode(pixels, mode=mode)
    )
    channels = 3 if mode in ("RGBA", "P") else 1
    assert resolve(source, cache=cache).image_shape == (6, 5, channels)


def test_grey_among_coloured_becomes_rgb(tmp_path: Path, cache: Path) -> None:
    source = images.write_folder(tmp_path / "pets")
    grey = np.arange(30, dtype=np.uint8).reshape(6, 5)
    (tmp_path / "pets/test/cat/0.png").write_bytes(images.encode(grey))
    data = resolve(source, cache=cache)
    assert data.image_shape == (6, 5, 3)
    np.testing.assert_array_equal(data.test()[0][0], np.stack([grey] * 3, axis=-1))


@pytest.mark.parametrize(
    ("column", "metadata", "classes"),
    [
        ("img", {"classes": ["cat", "dog"]}, ("cat", "dog")),
        ("image", None, ("0", "1")),
        (
            "image",
            {"huggingface": {"info": {"features": {"label": {"names": ["no", "yes"]}}}}},
            ("no", "yes"),
        ),
    ],
)
def test_parquet_shards(
    tmp_path: Path, cache: Path, column: str, metadata: Any, classes: tuple[str, ...]
) -> None:
    source = images.write_parquet(tmp_path / "flat", column=column, metadata=metadata)
    data = resolve(source, cache=cache)
    assert data.classes == classes
    assert data.image_shape == (6, 5, 1)
    assert (data.train_size, data.validation_size, data.test_size) == (27, 3, 3)
    assert data.test()[1].tolist() == [0, 1, 1]


def test_npz_conveniences(tmp_path: Path, cache: Path) -> None:
    given = images.arrays(shape=(6, 5))
    source = images.write_npz(
        tmp_path / "floats.npz",
        x_train=given["x_train"].astype(np.float32) / 255,
        y_train=given["y_train"][:, None].astype(np.uint8),
        x_test=given["x_test"] / 255,
    )
    data = resolve(source, cache=cache)
    assert data.image_shape == (6, 5, 1)
    np.testing.assert_array_equal(data.test()[0][..., 0], given["x_test"])


def test_resolving_imports_no_framework(tmp_path: Path, cache: Path) -> None:
    source = images.write_npz(tmp_path / "toys.npz")
    script = (
        "import sys; from pathlib import Path; from tuner.data import resolve; "
        f"resolve({source!r}, cache=Path({str(cache)!r})); "
        "print({'keras', 'tensorflow', 'PIL', 'pyarrow'} & set(sys.modules))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("set()", "")


@pytest.mark.parametrize(
    ("name", "shape", "train", "test"),
    [("cifar10", (32, 32, 3), 50_000, 10_000), ("mnist", (28, 28, 1), 60_000, 10_000)],
)
def test_real_images(
    real_images: Path, name: str, shape: tuple[int, ...], train: int, test: int
) -> None:
    data = resolve(str(real_images / name))
    assert (data.name, data.image_shape) == (name, shape)
    assert (data.train_size, data.validation_size, data.test_size) == (
        train * 9 // 10,
        train // 10,
        test,
    )
    assert len(data.classes) == 10
    assert np.bincount(data.test()[1]).min() > 800
