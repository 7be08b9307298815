"""A training goes on from its checkpoint with the numbers of one that was never stopped."""

from __future__ import annotations

import itertools
import logging
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from tuner.records.epochs import Epoch
from tuner.training.augmentation import Augmentation
from tuner.training.checkpoints import Checkpoint
from tuner.training.loop import Examples, epochs

RNG = np.random.default_rng(3)
X = RNG.integers(0, 256, (150, 8, 8, 3), dtype=np.uint8)
Y = np.arange(150) % 3
IMAGES = Examples(X[:120], Y[:120], X[120:], Y[120:], 3)
HORIZON = 5


def model(units: int = 8) -> keras.Model:
    """Everything that has a state: batch normalisation, dropout, a schedule, Adam's moments."""
    keras.utils.set_random_seed(7)
    layers = keras.layers
    made = keras.Sequential(
        [
            layers.Input((8, 8, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(6, 3, use_bias=False),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dropout(0.3),
            layers.Dense(units, activation="relu"),
            layers.Dense(3, activation="softmax"),
        ]
    )
    rate = keras.optimizers.schedules.CosineDecay(0.05, decay_steps=HORIZON * 8)
    made.compile(
        keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return made


def train(checkpoint: Checkpoint | None, stop: int = HORIZON) -> tuple[keras.Model, list[Epoch]]:
    """Trains until an epoch has been told of, as a process does that dies after it."""
    made = model()
    training = epochs(
        made,
        IMAGES,
        horizon=HORIZON,
        batch_size=16,
        augmentation=Augmentation(flip=True, shift=1, cutout=2),
        seed=11,
        checkpoint=checkpoint,
    )
    past = [] if checkpoint is None else list(checkpoint.history)
    seen = list(itertools.islice(training, stop - len(past)))
    training.close()
    return made, [*past, *seen]


def unhurried(history: list[Epoch]) -> list[Epoch]:
    return [replace(e, seconds=0.0) for e in history]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "checkpoints" / "trial-0003.npz"


@pytest.fixture(autouse=True)
def _write_each_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    """These epochs last milliseconds, less than a hundred times as long as writing."""
    monkeypatch.setattr("tuner.training.checkpoints.SHARE", float("inf"))


@pytest.mark.parametrize("stops", [(1,), (4,), (1, 2, 3)])
def test_it_ends_with_the_same_numbers(file: Path, stops: tuple[int, ...]) -> None:
    whole, never_stopped = train(None)
    for stop in stops:
        _, history = train(Checkpoint(file, {"seed": 11}), stop)
        assert [e.epoch for e in history] == list(range(1, stop + 1))
    ended, history = train(Checkpoint(file, {"seed": 11}))
    assert unhurried(history) == unhurried(never_stopped)
    for mine, theirs in zip(ended.weights, whole.weights, strict=True):
        np.testing.assert_array_equal(np.asarray(mine), np.asarray(theirs))


def test_another_trainings_checkpoint_is_not_gone_on_from(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    train(Checkpoint(file, {"seed": 11}), 2)
    with caplog.at_level(logging.WARNING):
        assert Checkpoint(file, {"seed": 12}).history == []
    assert "another training" in caplog.text


def test_nor_another_models(file: Path) -> None:
    train(Checkpoint(file, {"seed": 11}), 2)
    kept = Checkpoint(file, {"seed": 11})
    assert kept.resume(model(units=9), np.random.default_rng(11)) == 0
    assert kept.history == []


@pytest.mark.parametrize("left", [0, 1, 400, -1])
def test_a_file_cut_short_is_not_gone_on_from(file: Path, left: int) -> None:
    train(Checkpoint(file, {"seed": 11}), 2)
    file.write_bytes(file.read_bytes()[:left])
    _, never_stopped = train(None, 2)
    _, history = train(Checkpoint(file, {"seed": 11}), 2)
    assert unhurried(history) == unhurried(never_stopped)


def test_a_flipped_bit_is_noticed(file: Path) -> None:
    train(Checkpoint(file, {"seed": 11}), 2)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    assert Checkpoint(file, {"seed": 11}).history == []


def test_what_cannot_be_written_stops_no_training(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").write_text("a file where the folder should be")
    _, never_stopped = train(None, 2)
    _, history = train(Checkpoint(tmp_path / "checkpoints" / "trial.npz", {}), 2)
    assert unhurried(history) == unhurried(never_stopped)


def test_writing_waits_while_epochs_are_too_short(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuner.training.checkpoints.SHARE", 1e-9)
    train(Checkpoint(file, {"seed": 11}))
    assert len(Checkpoint(file, {"seed": 11}).history) == 1


@pytest.mark.parametrize(("share", "kept"), [(float("inf"), 4), (1e-9, 2)])
def test_a_training_that_was_lost_before_is_kept_more_often(
    share: float, kept: int, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuner.training.checkpoints.SHARE", 1e-9)
    monkeypatch.setattr("tuner.training.checkpoints.SHARE_ONCE_LOST", share)
    train(Checkpoint(file, {"seed": 11}), 1)
    train(Checkpoint(file, {"seed": 11}), 4)
    assert len(Checkpoint(file, {"seed": 11}).history) == kept


def test_nothing_is_left_of_a_training_that_has_ended(file: Path) -> None:
    checkpoint = Checkpoint(file, {"seed": 11})
    train(checkpoint)
    assert [f.name for f in file.parent.iterdir()] == [file.name]
    checkpoint.remove()
    assert not list(file.parent.iterdir())
