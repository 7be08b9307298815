"""A question names the data, target and horizon that it was asked of."""

from __future__ import annotations

import pytest

from tests.helpers import fakes
from tuner.records.keys import TrialKey
from tuner.records.questions import question_of
from tuner.records.studies import StudyRecord
from tuner.specs.files import builtin_names, read_study

OPEN = "How small is {target} on {data} within {horizon} epochs?"


@pytest.mark.parametrize(
    ("data", "target", "asked"),
    [
        (["cifar10"], 0.75, "How small is 75 % on CIFAR-10 within 25 epochs?"),
        (["shapes10"], 0.625, "How small is 62.5 % on shapes10 within 25 epochs?"),
        (["mnist", "cifar10"], 0.9, "How small is 90 % on MNIST and on CIFAR-10 within 25 epochs?"),
    ],
)
def test_what_it_leaves_open_is_filled_in(data: list[str], target: float, asked: str) -> None:
    assert question_of(OPEN, data, target, 25) == asked


def test_a_users_own_braces_stay() -> None:
    assert question_of("A {thing} of {}?", ["x"], None, 2) == "A {thing} of {}?"


def test_a_stand_in_is_named() -> None:
    spec = {**fakes.SPEC, "question": "What reaches {target} on {data}?"}
    record = StudyRecord.of(fakes.make_study(spec=spec, data="shapes10"))
    assert record.question == "What reaches 75 % on shapes10?"


def test_also_where_the_stored_question_named_what_was_asked_for() -> None:
    spec = {**fakes.SPEC, "question": "What reaches 75 % on CIFAR-10?"}
    record = StudyRecord.of(fakes.make_study(spec=spec, data="shapes10"))
    assert record.question == "What reaches 75 % on shapes10?"


@pytest.mark.parametrize("name", builtin_names())
def test_no_study_of_ours_names_its_data_or_target_by_itself(name: str) -> None:
    spec = read_study(name)
    asked = spec.question.replace("20 % dropout", "dropout")  # a rate, and no target
    assert "CIFAR" not in asked and "%" not in asked
    assert "{" not in question_of(spec.question, spec.datasets(), 0.5, spec.horizon)


def test_a_trial_says_what_it_was_trained_on() -> None:
    study = fakes.make_study(data="shapes10")
    fakes.add_trial(study, "missed", **{TrialKey.DATA: None, TrialKey.DATA_NAME: "shapes10"})
    (trial,) = StudyRecord.of(study).trials
    assert trial.dataset == "shapes10"
