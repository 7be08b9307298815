"""The proof of a model: where its training goes on, which file is kept, which look it takes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from optuna.trial import FrozenTrial, TrialState

from tests.helpers import tiny, works
from tuner.certificates.looks import level_of_next
from tuner.certificates.models import ModelProofs
from tuner.records.epochs import read_history
from tuner.records.keys import StudyKey, TrialKey
from tuner.records.model_certificates import ModelCertificate
from tuner.records.studies import StudyRecord
from tuner.sessions.agreement import describe
from tuner.storages import claims
from tuner.trials.run import run
from tuner.trials.work import Work

# Keras reads variables with a keyword that TensorFlow does not take yet.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

HORIZON = 8
EASY = {"width": 24, "rate": 0.01, "batch_size": 32}

LATE = """
import keras
import keras_tuner


class Late(keras_tuner.HyperModel):
    \"\"\"Learns in its first four epochs, and from then on what its second number says.\"\"\"

    def __init__(self, input_shape, num_classes, horizon):
        super().__init__()
        self.input_shape, self.num_classes = input_shape, num_classes

    def build(self, hp):
        late = hp.Float("late", 1e-9, 1e30, sampling="log")
        hp.Choice("batch_size", [16, 32])
        rate = keras.optimizers.schedules.PiecewiseConstantDecay([4 * 9], [0.05, late])
        inputs = keras.layers.Input(self.input_shape)
        x = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(inputs))
        x = keras.layers.Dense(24, activation="relu")(x)
        outputs = keras.layers.Dense(self.num_classes, activation="softmax")(x)
        model = keras.Model(inputs, outputs)
        model.compile(
            keras.optimizers.SGD(rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
        )
        return model
"""


@pytest.fixture(autouse=True)
def _write_each_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    """These epochs last milliseconds, less than a hundred times as long as writing."""
    monkeypatch.setattr("tuner.training.checkpoints.SHARE", float("inf"))


def search_in(folder: Path, target: float = 0.6, space: str = "Tiny") -> Work:
    """A search whose worker keeps checkpoints, on images of which a few are hard."""
    folder.mkdir(exist_ok=True)
    file = tiny.write(folder, target=target, horizon=HORIZON)
    if space != "Tiny":
        (folder / "space.py").write_text(LATE)
        file.write_text(file.read_text().replace("space.py:Tiny", f"space.py:{space}"))
    attributes = {
        StudyKey.DATA: {str(folder / "images.npz"): describe(works.data_in(folder))},
        StudyKey.SEED: 0,
        StudyKey.PROVE: "model",
    }
    return works.work_in(folder, file, attributes=attributes, keeps_checkpoints=True)


def train(work: Work, params: dict[str, Any]) -> FrozenTrial:
    work.study.enqueue_trial(params)
    trial = work.study.ask()
    claims.claim(trial)
    assert run(trial, work) == "reached"
    return work.study.get_trials()[trial.number]


def prove(
    work: Work, trial: FrozenTrial, stopping: Callable[[], bool] = lambda: False
) -> ModelCertificate | None:
    """Makes the queued proof; None where it was stopped."""
    proofs = ModelProofs(work.study)
    proofs.queue(trial)
    claims.requeue(proofs.study)
    proof = proofs.study.ask()
    claims.claim(proof)
    run(proof, dataclasses.replace(work, study=proofs.study, proves="model", stopping=stopping))
    return StudyRecord.of(work.study).model_certificates.get(trial.number)


def numbers(work: Work, trial: FrozenTrial) -> list[tuple[float, ...]]:
    """What each epoch of the finished proof gave."""
    done = [t for t in ModelProofs(work.study).trials() if TrialKey.OUTCOME in t.user_attrs]
    (proof,) = (t for t in done if t.user_attrs[TrialKey.CELL]["trial"] == trial.number)
    return [
        (e.loss, e.measured, e.val_loss, e.val_measured) for e in read_history(proof.user_attrs)
    ]


def weights(work: Work, trial: FrozenTrial) -> list[np.ndarray]:
    import keras

    file = work.results / trial.user_attrs[TrialKey.MODEL_FILE]
    found: list[np.ndarray] = keras.models.load_model(file, compile=False).get_weights()
    return found


def checkpoints(work: Work) -> list[str]:
    return sorted(p.name for p in (work.results / "checkpoints").glob("*"))


def test_a_model_trained_on_equals_one_that_was_never_stopped(tmp_path: Path) -> None:
    work, whole = search_in(tmp_path / "on"), search_in(tmp_path / "whole")
    stopped, other = train(work, EASY), train(whole, EASY)
    touched = weights(work, stopped)
    met = len(read_history(stopped.user_attrs))
    assert met < HORIZON and checkpoints(work) == ["trial-0000.npz"]
    (whole.results / "checkpoints" / "trial-0000.npz").unlink()
    found, again = prove(work, stopped), prove(whole, other)
    assert found is not None and again is not None
    assert (found.met_after, found.epochs, found.trained) == (met, HORIZON, HORIZON - met)
    assert len(numbers(work, stopped)) == HORIZON
    assert numbers(work, stopped) == numbers(whole, other)
    pairs = zip(weights(work, stopped), weights(whole, other), strict=True)
    assert all(np.array_equal(a, b) for a, b in pairs)
    assert not all(
        np.array_equal(a, b) for a, b in zip(weights(work, stopped), touched, strict=True)
    )
    assert found.measured == again.measured
    assert checkpoints(work) == checkpoints(whole) == []


def test_an_interrupted_proof_goes_on(tmp_path: Path) -> None:
    work, other = search_in(tmp_path / "cut"), search_in(tmp_path / "whole")
    trial, same = train(work, EASY), train(other, EASY)
    met = len(read_history(trial.user_attrs))
    asked: list[int] = []

    def stopping() -> bool:
        asked.append(1)
        return len(asked) > 4  # within the second epoch or later

    assert prove(work, trial, stopping) is None
    (lost,) = ModelProofs(work.study).trials()
    assert lost.state == TrialState.FAIL and TrialKey.LOST in lost.user_attrs
    assert checkpoints(work) == ["trial-0000.npz"]
    found, never_stopped = prove(work, trial), prove(other, same)
    assert found is not None and never_stopped is not None
    assert numbers(work, trial) == numbers(other, same)
    assert (found.look, found.measured) == (1, never_stopped.measured)
    (_, again) = ModelProofs(work.study).trials()
    assert again.user_attrs[TrialKey.TAKEN_OVER] >= met


def test_a_proof_whose_worker_died_after_its_look_has_the_same_look(tmp_path: Path) -> None:
    work = search_in(tmp_path / "it")
    first, second = train(work, EASY), train(work, {**EASY, "width": 20})
    proofs = ModelProofs(work.study)
    proofs.queue(first)
    proof = proofs.study.ask()
    assert proofs.begin_look(proof) == (level_of_next([]), [])
    assert proofs.begin_look(proof) == (level_of_next([]), []), "it has its look already"
    claims.abandon(proofs.study, proof, "its worker died")
    # Somebody else's look is the second; what the first came to is not known, so it counts as lost.
    proofs.queue(second)
    other = proofs.study.ask()
    assert proofs.begin_look(other) == (level_of_next([False]), [False])
    claims.requeue(proofs.study)
    found = prove(work, first)
    assert found is not None and (found.look, found.level) == (1, level_of_next([]))


@pytest.mark.parametrize("late", [1e30, 30.0], ids=["diverges", "forgets"])
def test_a_model_that_gets_worse_is_kept_as_it_met_the_target(tmp_path: Path, late: float) -> None:
    work = search_in(tmp_path / "late", target=0.5, space="Late")
    trial = train(work, {"late": late, "batch_size": 32})
    touched = weights(work, trial)
    met = len(read_history(trial.user_attrs))
    assert met <= 4
    found = prove(work, trial)
    assert found is not None and found.epochs == met
    assert found.val_measured == read_history(trial.user_attrs)[-1].val_measured
    assert all(np.array_equal(a, b) for a, b in zip(weights(work, trial), touched, strict=True))


def test_a_model_that_gives_every_image_one_class_proves_nothing(tmp_path: Path) -> None:
    work = search_in(tmp_path / "constant", target=0.1, space="Late")
    trial = train(work, {"late": 1e-9, "batch_size": 32})
    import keras

    file = work.results / trial.user_attrs[TrialKey.MODEL_FILE]
    model = keras.models.load_model(file, compile=False)
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([0 * kernel, np.arange(len(bias), dtype=bias.dtype)])
    model.save(file)
    (work.results / "checkpoints" / "trial-0000.npz").unlink()
    constant = dataclasses.replace(work, spaces=dict(work.spaces))
    found = prove_file(constant, trial)
    assert found.constant and found.verdict == "refuted" and found.bound > 0.1


def prove_file(work: Work, trial: FrozenTrial) -> ModelCertificate:
    """The proof of the file as it is: training on is made to end below the target."""
    from tuner.trials.model import ModelTrial

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ModelTrial, "_is_better", lambda *_: False)
        found = prove(work, trial)
    assert found is not None
    return found
