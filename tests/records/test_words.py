from __future__ import annotations

from dataclasses import replace

import pytest

from tests.helpers import fakes
from tests.helpers.shown import record
from tuner.records import words
from tuner.records.keys import StudyKey


def test_comparison_is_in_what_the_study_minimises():
    study = fakes.make_search()
    found = record(study)
    assert words.comparison(found, found.trials[8]) == "18.5 times smaller than the reference"
    assert words.comparison(found, found.trials[0]) == ""
    fakes.add_trial(study, "missed", 156_372, 0.7)
    found = record(study)
    assert words.comparison(found, found.trials[9]) == "2.00 times larger than the reference"
    study.set_user_attr(StudyKey.STUDY, {**fakes.SPEC, "minimize": "macs"})
    found = record(study)
    assert words.comparison(found, found.trials[8]).endswith("reference in MACs")


def test_a_stand_in_is_named():
    assert (
        record(fakes.make_search(name="q10@shapes10", data="shapes10")).stand_in
        == "shapes10, not cifar10"
    )
    assert record(fakes.make_search()).stand_in is None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("size", "trainable parameters"),
        ("total_size", "parameters"),
        ("macs", "MACs"),
        ("bytes", "bytes"),
    ],
)
def test_what_is_counted(name, said):
    assert words.quantity(name) == said


def test_a_trial_in_words():
    found = record(fakes.make_search())
    best = found.trials[8]
    assert words.size(best) == "4,218 parameters (4,282 total)"
    assert words.learnt(best) == "75.8 % in 18 epochs"
    assert words.values(best) == "width=42, rate=0.00123, block=plain"
    assert [words.outcome(t) for t in found.trials[4:8]] == [
        "pruned",
        "diverged",
        "out of memory",
        "lost",
    ]


def test_a_training_of_a_sweep_in_words():
    first = record(fakes.make_sweep()).trials[0]
    assert words.outcome(first, sweep=True) == "trained"
    assert words.cell(first) == words.values(first) == "batch_size=8"
    assert words.cell(replace(first, cell={})) == "as it is"
    assert words.values(replace(first, cell={"depth": 2, "dropout": None})) == "depth=2"


def test_what_is_asked():
    search, sweep = record(fakes.make_search()), record(fakes.make_sweep())
    assert words.asked(search) == "target 75 % + 0.5 points margin within 25 epochs"
    assert words.target(replace(search, margin=0.0)) == "target 75 %"
    assert words.bar(search) == "75 % + 0.5 points margin"
    assert words.target(sweep) == ""
    assert words.asked(sweep) == "every training runs 25 epochs"


def test_a_certificate_in_words():
    study = fakes.make_search()
    fakes.add_certificate(study, 8, [0.76, 0.765, 0.758])
    fakes.add_certificate(study, 2, [0.70], certified=False)
    found = record(study).certificates
    assert words.certificate(found[8]) == (
        "certified: 76.1 % on the test images, mean of 3 fresh seeds, at least 75.7 % with 95 % "
        "confidence"
    )
    assert words.certificate(found[2]) == (
        "refuted: 70.0 % on the test images, mean of 1 fresh seed, given up after 1 of 5; "
        "the target is 75 %"
    )


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ([], ""),
        ([9_500], "1 larger model refuted"),
        ([4_000, 3_000], "2 smaller models refuted"),
        ([4_218], "1 equally large model refuted"),
        ([4_000, 9_500, 9_600], "1 smaller model and 2 larger models refuted"),
    ],
)
@pytest.mark.parametrize("minimize", ["size", "macs"])
def test_refuted_models_are_counted_by_what_is_minimised(sizes, said, minimize):
    spec = {**fakes.SPEC, "minimize": minimize}
    study = fakes.make_study(spec=spec)
    fakes.add_trial(study, "reached", 4_218, 0.76)
    for number, size in enumerate(sizes, 1):
        fakes.add_trial(study, "reached", size, 0.76)
        fakes.add_certificate(study, number, [0.74, 0.741], certified=False)
    found = record(study)
    assert words.refuted(found, found.trials[0]) == said


def test_any_text_is_one_line():
    assert words.one_line("a\n  b\tc") == "a b c"
    assert words.one_line("x" * 300, 10) == "x" * 9 + "…"
