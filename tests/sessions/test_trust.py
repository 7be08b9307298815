"""A target that a constant meets is warned of, and such a model is not certified."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from tests.helpers import fakes, tiny
from tests.helpers.shown import result
from tuner.certificates.trainings import CertificateTrainings, candidate
from tuner.data import resolve
from tuner.records import words
from tuner.records.certificates import is_constant
from tuner.records.keys import TrialKey
from tuner.records.studies import StudyRecord
from tuner.sessions.trust import met_by_a_constant
from tuner.specs.files import read_study
from tuner.views.next_commands import next_commands


def unbalanced(folder: Path, target: float) -> str | None:
    study = tiny.write(folder, target=target)
    arrays = tiny.images()
    keep = np.concatenate(
        [
            np.flatnonzero(arrays["y_train"] == 0),
            *(np.flatnonzero(arrays["y_train"] == k)[:10] for k in (1, 2)),
        ]
    )
    arrays |= {"x_train": arrays["x_train"][keep], "y_train": arrays["y_train"][keep]}
    np.savez(folder / "images.npz", **arrays)
    spec = read_study(str(study))
    return met_by_a_constant(spec, {name: resolve(name) for name in spec.datasets()})


def test_a_target_below_the_largest_class_is_warned_of(tmp_path: Path) -> None:
    warning = unbalanced(tmp_path, 0.8)
    assert warning is not None and "80 %" in warning and "class '0'" in warning
    assert "83.3 %" in warning  # 100 of 120


def test_one_above_it_is_not(tmp_path: Path) -> None:
    assert unbalanced(tmp_path, 0.9) is None


def test_the_share_stands_beside_the_target() -> None:
    study = fakes.make_study()
    record = StudyRecord.of(study)
    assert "largest class" not in words.target(record)
    name, data = next(iter(study.user_attrs["data"].items()))
    study.set_user_attr("data", {name: {**data, "largest_share": 0.1}})
    assert words.target(StudyRecord.of(study)).endswith("; 10.0 % by the largest class alone")


@pytest.mark.parametrize(
    ("confusion", "constant"),
    [
        ([[95, 0], [5, 0]], True),
        ([[94, 1], [5, 0]], False),
        ([[50, 0], [0, 50]], False),
    ],
)
def test_a_model_that_has_learnt_nothing_is_not_certified(
    confusion: list[list[int]], constant: bool
) -> None:
    assert is_constant(confusion) == constant
    study = fakes.make_search()
    trial = candidate(StudyRecord.of(study))
    assert trial is not None
    queue = CertificateTrainings(study, trial, 5)
    for accuracy in (0.95, 0.951, 0.95, 0.951, 0.951):
        training = queue.study.ask()
        for key, value in (
            (TrialKey.TEST_ACCURACY, accuracy),
            (TrialKey.CONFUSION, confusion),
            (TrialKey.OUTCOME, "reached"),
        ):
            training.set_user_attr(key, value)
    assert queue.verdict() == ("refuted" if constant else "certified")
    found = queue.store(1.0, {})
    assert ("same class" in words.certificate(found)) == constant


@pytest.mark.parametrize(
    ("confusions", "certified"),
    [
        (
            [[[50, 0], [50, 0]], [[0, 50], [0, 50]]],
            False,
        ),  # each names one class
        ([[[90, 5], [1, 4]]], False),  # 94 % of 100, of which 95 are of one class
        ([[[94, 1], [2, 3]]], True),
    ],
)
def test_predictions_must_be_better_than_the_largest_class(
    confusions: list[list[list[int]]], certified: bool
) -> None:
    spec = {**fakes.SPEC, "target": 0.45}
    study = fakes.make_study(spec=spec)
    fakes.add_trial(study, "reached", 4_218, 0.76)
    trial = candidate(StudyRecord.of(study))
    assert trial is not None
    queue = CertificateTrainings(study, trial, 5)
    for confusion in itertools.islice(itertools.cycle(confusions), 5):
        training = queue.study.ask()
        training.set_user_attr(TrialKey.TEST_ACCURACY, (confusion[0][0] + confusion[1][1]) / 100)
        training.set_user_attr(TrialKey.CONFUSION, confusion)
        training.set_user_attr(TrialKey.OUTCOME, "reached")
    assert queue.verdict() == ("certified" if certified else "refuted")
    said = words.verdict(queue.store(1.0, {}))
    assert ("by naming the largest class" in said) != certified
    assert ("95.0 % by the largest class alone" in said) == certified


@pytest.mark.parametrize(("share", "shown"), [(0.5, True), (0.7, True), (0.71, False)])
def test_no_easier_target_is_suggested_that_a_constant_meets(share: float, shown: bool) -> None:
    study = fakes.make_study()  # its target is 75 %
    ((name, data),) = study.user_attrs["data"].items()
    study.set_user_attr("data", {name: {**data, "largest_share": share - 0.01}})
    fakes.add_trial(study, "missed", 4_218, 0.6)
    given = result(study, status="not_met")
    assert any("--target" in line for line in next_commands(given, ())) == shown
