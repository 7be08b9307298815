from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.helpers import fakes
from tests.helpers.shown import drawn, record, result
from tuner.records.keys import StudyKey, TrialKey
from tuner.views import summary


def test_the_summary_of_a_met_target():
    shown = drawn(summary.final(result(fakes.make_search()), ["--results", "r"]), 120)
    for said in (
        "q10: the target is met.",
        "4,218 parameters (4,282 total), 843,600 MACs an image",
        "75.8 % on validation images after 18 of 25 epochs, trial 8",
        "tuner-results/q10/trial-0008.keras",
        "the lab's small ResNet: 78,186 parameters (78,250 total), 81.0 % after 16 epochs",
        "the model found is 18.5 times smaller than the reference",
        "87 spent in 6 trials, 66 saved by stopping early (44 %)",
        "1 configuration not worth training",
        "tuner best q10 --results r",
        "tuner search q10 --seed 3 --more 20",
    ):
        assert said in shown


@pytest.mark.parametrize("status", ["met", "not_met"])
def test_the_summary_of_an_exhausted_space_suggests_no_more_trials(status: str):
    found = fakes.make_search() if status == "met" else fakes.make_study()
    what = "nothing smaller is" if status == "met" else "nothing is"
    shown = drawn(summary.final(result(found, status, exhausted=True)), 160)
    assert f"The search space is exhausted: {what} left to train." in shown
    assert "--more" not in shown
    assert "--more" in drawn(summary.final(result(found, status)), 160)


def test_the_summary_where_nothing_met_the_target():
    study = fakes.make_study()
    shown = drawn(summary.final(result(study, "not_met")), 120)
    assert "no trial has been trained" in shown
    fakes.add_trial(study, "missed", 3_000, 0.752)
    shown = drawn(summary.final(result(study, "not_met")), 120)
    for said in (
        "nothing met the target",
        "75.2 %, 0.3 points short: trial 0, 3,000 parameters (3,064 total)",
        "it reached the target, but not the margin above it",
        "tuner search q10 --trials 20 --seed 3 --target 0.70",
    ):
        assert said in shown


def test_the_summary_of_an_interrupted_search_says_how_to_go_on():
    shown = drawn(summary.final(result(fakes.make_search(), "interrupted")), 120)
    assert "nothing is lost" in shown
    assert "  tuner search q10 --trials 20 --seed 3\n" in shown


def test_the_summary_where_the_reference_is_the_smallest():
    study = fakes.make_study()
    fakes.add_trial(study, "reached", 78_186, 0.81, 16, **{TrialKey.REFERENCE: True})
    assert "nothing smaller met" in drawn(summary.final(result(study)), 120)


def test_the_summary_of_a_sweep_has_means_over_seeds():
    shown = drawn(summary.final(result(fakes.make_sweep(), "complete")), 120)
    lines = [line.split() for line in shown.splitlines() if "batch_size" in line]
    assert lines == [
        ["cifar10", "batch_size=8", "40,000", "40,064", "61.0", "%", "±", "1.0", "3"],
        ["cifar10", "batch_size=32", "40,000", "40,064", "65.5", "%", "±", "0.7", "2"],
    ]


def test_the_summary_says_what_is_proven_of_the_file_and_of_its_recipe():
    study = fakes.make_search()
    study.set_user_attr(StudyKey.PROVE, "both")
    shown = drawn(summary.best(record(study), Path("out/q10")), 160)
    assert "this file       not proven: its accuracy is that of one lucky training" in shown
    assert "its recipe      not proven: nobody has trained it again with other seeds" in shown
    assert "75.8 % on validation images after 18 of 25 epochs" in shown
    fakes.add_model_certificate(study, 2)
    shown = drawn(summary.final(result(study)), 220)
    assert "trial 2, 9,500 parameters (9,564 total): certified: 76.8 % of 10,000" in shown
    assert "tuner certify q10" in shown
    fakes.add_model_certificate(study, 8)
    fakes.add_certificate(study, 8, [0.758, 0.757, 0.759, 0.756, 0.758])
    shown = drawn(summary.final(result(study)), 160)
    assert "77.2 % on validation images after 25 of 25 epochs, trial 8" in shown
    assert "certified: 76.8 % of 10,000 test images, at least 76.0 % with 95 % confidence" in shown
    assert "met the target after 18 epochs, trained on for 7 epochs; look 2 at the test" in shown
    assert "certified: 75.8 % on the test images, mean of 5 fresh seeds, at least 75.3 %" in shown
    assert (
        "seeds 100, 101, 102, 103, 104; 18 epochs each, 5 min 21 s in all on a processor" in shown
    )
    assert "on a processor, 2 cores, 25 GB, 1 GPU; data 0123456789ab" in shown
    assert "tuner certify" not in shown


def test_the_summary_where_all_were_refuted():
    study = fakes.make_search()
    for number in (0, 2, 8):
        fakes.add_certificate(study, number, [0.74, 0.741], certified=False)
    shown = drawn(summary.final(result(study, "not_met")), 160)
    assert "nothing met the target" in shown
    assert shown.count("refuted: 74.0 %") == 3


def test_only_smaller_models_than_the_winner_are_called_smaller_and_refuted():
    study = fakes.make_search()
    fakes.add_certificate(study, 8, [0.758, 0.757, 0.759, 0.756, 0.758])
    assert "refuted" not in drawn(summary.final(result(study)), 220)
    fakes.add_certificate(study, 2, [0.74, 0.741], certified=False)  # larger than trial 8
    shown = drawn(summary.final(result(study)), 220)
    assert " 1 larger model refuted\n" in re.sub(" +\n", "\n", shown)
    assert "smaller model" not in shown
    for size in (3_900, 3_800, 4_218):
        fakes.add_trial(study, "reached", size, 0.757, 20)
        fakes.add_certificate(study, len(study.trials) - 1, [0.74, 0.741], certified=False)
    said = " 2 smaller models and 1 equally large model and 1 larger model refuted"
    assert said in drawn(summary.final(result(study)), 220)
