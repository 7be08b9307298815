"""Trials, proofs and certificates of models that a hypermodel's own `fit` trains."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest

from tests.helpers import fitting, works
from tests.trials.test_kinds import Impatient, Patient
from tests.trials.test_model import numbers, prove, weights
from tuner.certificates.trainings import CertificateTrainings
from tuner.errors import SpaceError
from tuner.records.epochs import read_history
from tuner.records.keys import StudyKey, TrialKey
from tuner.records.studies import StudyRecord
from tuner.sessions.agreement import describe
from tuner.spaces.hyperparameters import WALK_FIT
from tuner.storages import claims
from tuner.trials.run import run
from tuner.trials.work import Work
from tuner.workers.looks import prepare_fit

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:`shuffle=True` was passed"),
]

HORIZON = 6
STUDY = """
kind = "search"
question = "How small?"
data = "digits.npz"
space = "tests.helpers.fitting:{space}"
target = {target}
margin = 0.0
horizon = {horizon}
{extra}
"""


@pytest.fixture(autouse=True)
def _write_each_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    """These epochs last milliseconds, less than a hundred times as long as writing."""
    monkeypatch.setattr("tuner.training.checkpoints.SHARE", float("inf"))


def search_in(
    folder: Path, space: str, target: float = 0.99, extra: str = "", **options: Any
) -> Work:
    folder.mkdir(exist_ok=True)
    arrays = fitting.digits(400, 0)
    np.savez(folder / "digits.npz", **{k: v for k, v in arrays.items() if "validation" not in k})
    file = folder / "digits.toml"
    file.write_text(STUDY.format(space=space, target=target, horizon=HORIZON, extra=extra))
    options = {"pruner": Patient(), "keeps_checkpoints": True, **options}
    work = works.work_in(folder, file, **options)
    (name,) = work.data
    for key, value in {
        StudyKey.DATA: {name: describe(work.data[name])},
        StudyKey.SEED: 0,
        StudyKey.PROVE: "model",
    }.items():
        work.study.set_user_attr(key, value)
    return work


def train(work: Work, **params: Any) -> tuple[Any, optuna.trial.FrozenTrial]:
    work.study.enqueue_trial(params)
    claims.claim(trial := work.study.ask())
    outcome = run(trial, work)
    return outcome, work.study.get_trials()[trial.number]


def test_epochs_of_its_own_end_a_training_below_the_horizon(tmp_path: Path) -> None:
    work = search_in(tmp_path, "Batches")
    outcome, trial = train(work, width=12, batch_size=16, epochs=3)
    assert outcome == "missed"
    assert [e.epoch for e in read_history(trial.user_attrs)] == [1, 2, 3]
    assert trial.user_attrs[TrialKey.VALUES] == {"width": 12, "batch_size": 16, "epochs": 3}
    assert trial.params == {"width": 12, "batch_size": 16, "epochs": 3}
    assert set(trial.intermediate_values) == {1, 2, 3}


def test_the_target_ends_it(tmp_path: Path) -> None:
    work = search_in(tmp_path, "Weighing", target=0.5)
    outcome, trial = train(work, width=48)
    history = read_history(trial.user_attrs)
    assert outcome == "reached" and len(history) < HORIZON
    assert [e.val_measured >= 0.5 for e in history] == [False] * (len(history) - 1) + [True]
    assert (tmp_path / "out" / trial.user_attrs[TrialKey.MODEL_FILE]).is_file()


def test_the_pruner_ends_it(tmp_path: Path) -> None:
    work = search_in(tmp_path, "Augmenting", pruner=Impatient())
    outcome, trial = train(work, width=8)
    assert outcome == "pruned" and len(read_history(trial.user_attrs)) == 1


def test_the_horizon_ends_it(tmp_path: Path) -> None:
    class Long(fitting.Plain):
        def fit(self, hp: Any, model: Any, *args: Any, epochs: int, **kwargs: Any) -> Any:
            return model.fit(*args, epochs=100, **kwargs)

    work = search_in(tmp_path, "Batches")
    for name in work.spaces:
        work.spaces[name] = Long()  # type: ignore[index]
    outcome, trial = train(work, width=8)
    assert outcome == "missed" and len(read_history(trial.user_attrs)) == HORIZON


def test_a_loop_of_its_own_is_watched(tmp_path: Path) -> None:
    work = search_in(tmp_path, "Looping", target=0.5)
    outcome, trial = train(work, width=48, batch_size=16, epochs=5)
    history = read_history(trial.user_attrs)
    assert outcome == "reached" and 1 <= len(history) < 5
    assert history[-1].val_loss < 2.4


def test_a_model_is_the_one_that_fit_leaves(tmp_path: Path) -> None:
    class Restoring(fitting.Plain):
        """Ends with the weights of its first epoch."""

        def fit(self, hp: Any, model: Any, x: Any, y: Any, callbacks: Any, **kwargs: Any) -> Any:
            model.fit(x, y, epochs=1, callbacks=callbacks)
            first = model.get_weights()
            model.fit(x, y, epochs=2, callbacks=callbacks)
            model.set_weights(first)

    work = search_in(tmp_path, "Batches")
    for name in work.spaces:
        work.spaces[name] = Restoring()  # type: ignore[index]
    _, trial = train(work, width=5)
    history = read_history(trial.user_attrs)
    assert [e.epoch for e in history] == [1, 2, 3]
    assert history[2].val_measured == history[0].val_measured != history[1].val_measured


@pytest.mark.parametrize("space", ["Batches", "Looping", "Unbuilt"])
def test_a_model_is_proven_trained_out(space: str, tmp_path: Path) -> None:
    """Whether `fit` goes on from a checkpoint or is called from its first epoch on."""
    work = search_in(tmp_path, space, target=0.5)
    outcome, trial = train(work, width=48, batch_size=16, epochs=5)
    met = len(read_history(trial.user_attrs))
    touched = weights(work, trial)
    assert outcome == "reached" and met < 5
    found = prove(work, trial)
    assert found is not None and (found.met_after, found.epochs) == (met, 5)
    done = numbers(work, trial)
    assert len(done) == 5
    assert done[met - 1][3] == read_history(trial.user_attrs)[met - 1].val_measured
    assert not all(np.array_equal(a, b) for a, b in zip(weights(work, trial), touched, strict=True))
    assert list((work.results / "checkpoints").glob("*")) == []


@pytest.mark.parametrize("space", ["Batches", "Unbuilt"])
def test_a_lost_training_goes_on_from_its_checkpoint(space: str, tmp_path: Path) -> None:
    asked: list[int] = []

    def stopping() -> bool:
        asked.append(1)
        return len(asked) == 60  # within the third epoch of 23 minibatches

    work = search_in(tmp_path, space, stopping=stopping)
    work.study.enqueue_trial({"width": 4, "batch_size": 16, "epochs": 5})
    claims.claim(trial := work.study.ask())
    assert run(trial, work) is None
    lost = work.study.trials[0]
    before = read_history(lost.user_attrs)
    assert len(before) == 2
    claims.requeue(work.study)
    claims.claim(again := work.study.ask())
    assert run(again, work) == "missed"
    done = work.study.trials[again.number]
    history = read_history(done.user_attrs)
    assert history[:2] == before and [e.epoch for e in history] == [1, 2, 3, 4, 5]
    assert done.user_attrs[TrialKey.TAKEN_OVER] == 2
    assert history[2].val_loss < before[0].val_loss


def test_one_that_cannot_go_on_begins_anew(tmp_path: Path) -> None:
    asked: list[int] = []

    class Named(fitting.Plain):
        def fit(self, hp: Any, model: Any, x: Any, y: Any, callbacks: Any, **_: Any) -> Any:
            return model.fit(x, y, batch_size=16, epochs=4, callbacks=callbacks)

    def stopping() -> bool:
        asked.append(1)
        return len(asked) == 60

    work = search_in(tmp_path, "Batches", stopping=stopping)
    for name in work.spaces:
        work.spaces[name] = Named()  # type: ignore[index]
    work.study.enqueue_trial({"width": 4})
    claims.claim(trial := work.study.ask())
    assert run(trial, work) is None
    claims.requeue(work.study)
    claims.claim(again := work.study.ask())
    assert run(again, work) == "missed"
    done = work.study.trials[again.number]
    assert [e.epoch for e in read_history(done.user_attrs)] == [1, 2, 3, 4]
    assert TrialKey.TAKEN_OVER not in done.user_attrs
    first = read_history(work.study.trials[0].user_attrs)
    assert [e.val_loss for e in read_history(done.user_attrs)[:2]] == pytest.approx(
        [e.val_loss for e in first]
    )


def test_class_weights_are_given_as_keras_takes_them(tmp_path: Path) -> None:
    given: list[Any] = []

    class Seen(fitting.Plain):
        def fit(self, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
            given.append(kwargs["class_weight"])
            return model.fit(*args, **kwargs)

    work = search_in(tmp_path, "Batches", extra='class_weight = { "0" = 3.0 }')
    for name in work.spaces:
        work.spaces[name] = Seen()  # type: ignore[index]
    assert train(work, width=8)[0] == "missed"
    assert given == [{0: 3.0, **dict.fromkeys(range(1, 10), 1.0)}]


def test_class_weights_without_effect_are_refused(tmp_path: Path) -> None:
    work = search_in(tmp_path, "Looping", extra='class_weight = "balanced"')
    with pytest.raises(SpaceError, match=r"fit\(\) of Looping does not pass the study's class_w"):
        train(work, width=8)


def test_its_hyperparameters_make_a_twin(tmp_path: Path) -> None:
    work = search_in(tmp_path, "Batches")
    ((name, space),) = work.spaces.items()
    prepare_fit(space, work.spec, work.data[name])
    assert getattr(space, WALK_FIT) is not None
    params = {"width": 8, "batch_size": 16, "epochs": 2}
    assert train(work, **params)[0] == "missed"
    assert train(work, **params)[0] == "gated"
    assert train(work, **{**params, "epochs": 3})[0] == "missed"


def test_a_recipe_is_trained_as_in_the_search(tmp_path: Path) -> None:
    """On the training examples, with validation examples for the callbacks of `fit`."""
    work = search_in(tmp_path, "Weighing", target=0.5)
    outcome, _ = train(work, width=48)
    assert outcome == "reached"
    (record,) = StudyRecord.of(work.study).trained
    queue = CertificateTrainings(work.study, record, 3)
    claims.claim(training := queue.study.ask())
    proving = dataclasses.replace(work, study=queue.study, proves="recipe")
    assert run(training, proving) in ("reached", "missed")
    done = queue.study.trials[training.number].user_attrs
    history = read_history(done)
    assert all(np.isfinite(e.val_measured) for e in history)
    assert len(history) <= queue.epochs
    assert np.isfinite(done[TrialKey.TEST_ACCURACY])
