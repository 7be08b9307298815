"""A trial on data of every kind: trained, measured over all examples, saved, and found again."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from tests.helpers import kinds, works
from tuner.records.epochs import read_history
from tuner.records.keys import TrialKey
from tuner.storages import claims
from tuner.training.readings import Reading
from tuner.trials.run import run

# Keras reads variables with a keyword that TensorFlow does not take yet.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

READINGS = {
    "windows": Reading("index", 2, logits=True),
    "amounts": Reading("number", 1),
    "pairs": Reading("binary", 2, logits=True),
    "spectra": Reading("one_hot", 3),
    "words": Reading("binary", 2),
    "two inputs": Reading("index", 2),
    "pipeline": Reading("one_hot", 3),
}


@pytest.mark.parametrize("name", kinds.CASES)
def test_a_trial_meets_its_target_on(name: str, tmp_path: Path) -> None:
    work = works.work_in(tmp_path, kinds.CASES[name].write(tmp_path))
    claims.claim(trial := work.study.ask())
    outcome = run(trial, work)
    done = work.study.trials[0]
    history = read_history(done.user_attrs)
    assert outcome == "reached", (done.user_attrs.get(TrialKey.ERROR), history)
    assert done.user_attrs[TrialKey.MACS] > 0
    reading = READINGS[name]
    model = keras.models.load_model(tmp_path / "out" / done.user_attrs[TrialKey.MODEL_FILE])
    (data,) = work.data.values()
    if data.pipeline:
        given = model.predict(data.streams().validation, verbose=0)
        truth = data.answers("validation")
    else:
        x, truth = data.validation()
        given = model.predict(x, verbose=0)
    scores = reading.scores(model, given)
    assert len(scores) == data.validation_size
    measured = work.spec.measured.of(np.asarray(truth), scores)
    assert history[-1].val_measured == pytest.approx(measured, abs=1e-5)
    if reading.coding != "number":
        assert (scores.min() >= 0) and np.allclose(scores.sum(axis=1), 1, atol=1e-5)
