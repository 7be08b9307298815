"""A trial on data of every kind: trained, measured over all examples, saved, and found again."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import keras
import numpy as np
import pytest
from optuna.trial import FrozenTrial

from tests.helpers import kinds, works
from tests.trials.test_model import prove
from tuner.certificates.trainings import CertificateTrainings
from tuner.records.epochs import read_history
from tuner.records.keys import StudyKey, TrialKey
from tuner.records.studies import StudyRecord
from tuner.sessions.agreement import describe
from tuner.storages import claims
from tuner.training.readings import Reading
from tuner.trials.run import run
from tuner.trials.work import Work

# Keras reads variables with a keyword that TensorFlow does not take yet.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

READINGS = {
    "windows": Reading("index", 2, logits=True),
    "amounts": Reading("number", 1),
    "pairs": Reading("binary", 2, logits=True),
    "spectra": Reading("one_hot", 3),
    "words": Reading("binary", 2),
    "two inputs": Reading("index", 2),
    "two outputs": Reading("index", 2, output="kind"),
    "pipeline": Reading("one_hot", 3),
}


@pytest.mark.parametrize("name", kinds.CASES)
def test_a_trial_meets_its_target_on(name: str, tmp_path: Path) -> None:
    work = works.work_in(tmp_path, kinds.CASES[name].write(tmp_path))
    work.study.enqueue_trial({"width": 8})
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
        x, _ = data.validation()
        truth = data.answers("validation")
        given = model.predict(x, verbose=0)
    scores = reading.scores(model, given)
    assert len(scores) == data.validation_size
    measured = work.spec.measured.of(np.asarray(truth), scores)
    assert history[-1].val_measured == pytest.approx(measured, abs=1e-5)
    if reading.coding != "number":
        assert (scores.min() >= 0) and np.allclose(scores.sum(axis=1), 1, atol=1e-5)


def _reached(name: str, folder: Path) -> tuple[Work, FrozenTrial]:
    attributes = {StudyKey.SEED: 0, StudyKey.PROVE: "both"}
    file = kinds.CASES[name].write(folder)
    work = works.work_in(folder, file, attributes=attributes, keeps_checkpoints=True)
    ((key, data),) = work.data.items()
    work.study.set_user_attr(StudyKey.DATA, {key: describe(data)})
    claims.claim(trial := work.study.ask())
    assert run(trial, work) == "reached"
    return work, work.study.trials[0]


@pytest.mark.parametrize("name", ["amounts", "two inputs", "pipeline"])
def test_its_model_and_its_recipe_are_tested_once_on_all_test_examples(
    name: str, tmp_path: Path
) -> None:
    work, trial = _reached(name, tmp_path)
    (data,) = work.data.values()
    found = prove(work, trial)
    assert found is not None and found.test_size == data.test_size
    assert found.trained == work.spec.horizon - found.met_after
    model = keras.models.load_model(work.results / trial.user_attrs[TrialKey.MODEL_FILE])
    given = data.streams().test if data.pipeline else data.test()[0]
    scores = READINGS[name].scores(model, model.predict(given, verbose=0))
    measured = work.spec.measured.of(np.asarray(data.answers("test")), scores)
    assert found.measured == pytest.approx(measured, rel=1e-4)

    (record,) = StudyRecord.of(work.study).trained
    queue = CertificateTrainings(work.study, record, 3)
    training = queue.study.ask()
    claims.claim(training)
    proving = dataclasses.replace(work, study=queue.study, proves="recipe")
    assert run(training, proving) in ("reached", "missed")
    done = queue.study.trials[training.number].user_attrs
    assert np.isfinite(done[TrialKey.TEST_ACCURACY])
    assert all(np.isnan(e.val_measured) for e in read_history(done))
