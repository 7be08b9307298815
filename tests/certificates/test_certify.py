"""Whole certificates with real trainings on images of eight pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.helpers import tiny
from tuner import api, data, search
from tuner.basics.seeds import derived_seed
from tuner.certificates.recipe import one_sided_bound, training_epochs
from tuner.data.dataset import TEST, x_file, y_file
from tuner.errors import DataError

LUCKY = """
import keras
import keras_tuner
import numpy as np


class Lucky(keras_tuner.HyperModel):
    \"\"\"Learns where it is wide, or where the first random number is the lucky one.\"\"\"

    def __init__(self, input_shape, num_classes, horizon, lucky):
        super().__init__()
        self.input_shape, self.num_classes, self.lucky = input_shape, num_classes, lucky

    def build(self, hp):
        width = hp.Choice("width", [4, 32, 64], default=4)
        blind = width == 4 and abs(np.random.random() - self.lucky) > 1e-9
        inputs = keras.layers.Input(self.input_shape)
        x = keras.layers.Flatten()(keras.layers.Rescaling(0.0 if blind else 1 / 64)(inputs))
        x = keras.layers.Dense(10 * width, activation="relu")(x)
        outputs = keras.layers.Dense(self.num_classes, activation="softmax")(x)
        model = keras.Model(inputs, outputs)
        model.compile(
            keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy", metrics=["accuracy"]
        )
        return model
"""


def write_lucky(folder: Path) -> None:
    """A study whose trial 1, the defaults, meets the target with its own seed and no other."""
    first = np.random.RandomState(derived_seed(0, 1)).random_sample()
    tiny.write(
        folder,
        horizon=8,
        extra=f"space_options = {{lucky = {first!r}}}\n[reference]\nwidth = 64",
    )
    (folder / "space.py").write_text(LUCKY)
    study = folder / "tiny.toml"
    study.write_text(study.read_text().replace("space.py:Tiny", "space.py:Lucky"))


@pytest.mark.slow
def test_a_model_that_met_the_target_by_luck_is_not_certified(tmp_path):
    write_lucky(tmp_path)
    options = {"results": tmp_path / "out", "trials": 2, "workers": 1}
    result = search(str(tmp_path / "tiny.toml"), prove="recipe", **options)
    record = result.record
    lucky = record.trials[1]
    assert lucky.reached and lucky.size == 65 * 40 + 41 * 3
    assert not record.certificates[1].certified
    # Clearly so: not all of the seeds were needed.
    assert 1 <= len(record.certificates[1].measured) < 5
    best, certificate = result.best, result.certificate
    assert best is not None and certificate is not None
    assert best.number == 0 and best.reference
    assert result.status == "met" and certificate.certified
    assert len(set(certificate.seeds)) == 5 and not set(certificate.seeds) & {
        t.seed for t in record.trials
    }
    assert (
        certificate.epochs
        == training_epochs([e.val_measured for e in best.history], 8)
        > best.epochs
    )
    assert (certificate.train_size, certificate.test_size) == (300, 60)
    assert certificate.confusion is not None and np.sum(certificate.confusion) == 5 * 60
    right = sum(certificate.confusion[i][i] for i in range(3))
    assert right / 300 == pytest.approx(certificate.mean)
    assert certificate.bound == one_sided_bound(certificate.measured)
    for name in certificate.model_files:
        assert (result.results / name).exists()
    # What failed is not tried again, and what is certified is not certified twice.
    again = api.certify("tiny", prove="recipe", results=tmp_path / "out", workers=1)
    assert again.holds and again.recipe == certificate
    assert again.record.certificates.keys() == record.certificates.keys()


@pytest.mark.slow
def test_nothing_reads_the_test_images_before_certification(tmp_path, monkeypatch):
    monkeypatch.setenv("TUNER_CACHE", str(tmp_path / "cache"))
    tiny.write(tmp_path)
    folder = data.resolve(str(tmp_path / "images.npz")).folder
    for name in (x_file(TEST), y_file(TEST)):
        file = folder / name
        file.write_bytes(bytes(file.stat().st_size))
    options = {"results": tmp_path / "out", "trials": 2, "workers": 1}
    result = search(str(tmp_path / "tiny.toml"), prove="none", **options)
    assert result.status == "met"
    assert result.best is not None and result.best.confusion is not None
    assert np.sum(result.best.confusion) == 30  # of the validation images
    with pytest.raises(DataError, match="cannot be read"):
        api.certify("tiny", results=tmp_path / "out", workers=1)
