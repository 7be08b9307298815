from __future__ import annotations

import re

import pytest

from analysis import report
from tests.helpers import fakes
from tests.helpers.pages import Page
from tuner.records.keys import StudyKey


def question(text: str, number: int) -> str:
    page = Page(text).text
    start = page.index(f" {number}. ")
    return page[start:].partition(f" {number + 1}. ")[0]


def test_without_a_trained_trial_there_is_no_report():
    for make in (report.study_report, lambda s: report.overview([s])):
        with pytest.raises(ValueError, match=r"no trained trial yet|no study has a trained"):
            make(fakes.make_study())


def test_stand_in_data_is_said_loudly():
    study = fakes.make_search(name="q10@shapes10", data="shapes10")
    for text in (
        report.study_report(study),
        report.overview([study]),
        report.lab_report([study]),
    ):
        assert 'class="loud"' in text
        assert "SHAPES10, NOT CIFAR10" in Page(text).text
    assert 'class="loud"' not in report.study_report(fakes.make_search())


def test_the_lab_answers_all_ten(lab):
    text = report.lab_report(list(lab.values()))
    assert "Not run yet" not in text
    assert "32 x 32 x 3" in question(text, 1)
    assert "mnist" in question(text, 3)
    assert "points for 1,000" in question(text, 5)
    assert "40 % dropout has the highest mean test accuracy" in question(text, 7)
    assert "batch_size=2048" in question(text, 9)
    for number in (2, 4, 6, 8, 10):
        assert "parameters" in question(text, number)
        assert text.count("Evaluation of trial") == 5


def test_the_lab_says_what_was_not_run_and_fills_in_nothing(lab):
    text = report.lab_report([lab["q2"]], ["--results", "r"])
    for number, name in ((3, "q3"), (4, "q4"), (5, "q4"), (7, "q7"), (9, "q9"), (10, "q10")):
        answer = question(text, number)
        assert f"tuner search {name} --results r" in answer
        assert not re.search(r"\d %", answer)
    empty = report.lab_report([])
    assert empty.count("Not run yet") == 10


def test_the_lab_takes_other_data_only_where_there_is_nothing_else_and_never_mixes(lab):
    shapes = fakes.make_search(name="q4@shapes10", data="shapes10")
    shapes.set_user_attr(
        StudyKey.DATA, {"cifar10": {**fakes.dataset("shapes10"), "hash": "another"}}
    )
    text = report.lab_report([shapes, lab["q2"]])
    assert "Study q4@shapes10, data shapes10." in question(text, 4)
    assert "Not compared: q2 on cifar10 and q4@shapes10 on shapes10" in question(text, 5)
    both = report.lab_report([shapes, lab["q4"], lab["q2"]])
    assert "shapes10" not in both.replace("shapes10,", "")
    changed = fakes.make_search(name="q10-target-0.7")
    assert report.lab_report([changed]).count("Not run yet") == 10


def test_overview_has_a_row_for_each_study(lab):
    page = Page(report.overview([*lab.values(), fakes.make_study("empty")]))
    for name in lab:
        assert f"tuner report {name}" in page.text
    assert "No trial has been trained" in page.text
