"""What a refuted trial means to the search that goes on."""

from __future__ import annotations

from dataclasses import replace

import optuna
import pytest

from tests.helpers import fakes
from tuner.records import words
from tuner.records.proofs import proven_shortfalls, refuted_shortfalls
from tuner.records.studies import StudyRecord
from tuner.samplers.smallest_feasible.sampler import SmallestFeasibleSampler
from tuner.storages import claims


def test_a_refuted_incumbent_is_the_incumbent_no_more():
    study = fakes.make_search()
    fakes.add_certificate(study, 8, [0.741, 0.739], certified=False)
    record = StudyRecord.of(study)
    assert record.refuted == {8}
    assert record.incumbent is not None and record.incumbent.number == 2
    found = claims.incumbent(study)
    assert found is not None and found.number == 2
    assert refuted_shortfalls(study.user_attrs) == {8: pytest.approx(0.755 - 0.740)}
    assert proven_shortfalls(study.user_attrs) == {}


def test_what_a_proof_measured_is_known_of_the_proven_as_well():
    study = fakes.make_search()
    fakes.add_certificate(study, 8, [0.781, 0.779], certified=True)
    assert proven_shortfalls(study.user_attrs) == {8: pytest.approx(0.755 - 0.780)}
    assert refuted_shortfalls(study.user_attrs) == {}


def sampler_of(study: optuna.Study) -> SmallestFeasibleSampler:
    return SmallestFeasibleSampler(
        size_of=lambda params: 100 * params["width"],
        horizon=25,
        seed=0,
        refuted=refuted_shortfalls(study.user_attrs),
    )


def test_the_sampler_looks_between_the_refuted_and_the_next():
    study = fakes.make_search()
    fakes.add_certificate(study, 8, [0.70, 0.69], certified=False)
    study.sampler = sampler_of(study)
    distributions = {"width": study.trials[8].distributions["width"]}
    sizes = [100 * study.ask(distributions).params["width"] for _ in range(4)]
    assert max(sizes) > 4_218
    assert max(sizes) < 9_500


def test_the_sampler_looks_a_little_above_the_refuted_where_nothing_larger_holds():
    study = fakes.make_study()
    fakes.add_trial(study, "reached", 6_400, 0.756, 20)
    for size, best in ((4_600, 0.6), (3_900, 0.58), (5_200, 0.62)):
        fakes.add_trial(study, "pruned", size, best, 8)
    fakes.add_certificate(study, 0, [0.757, 0.743], certified=False)
    study.sampler = sampler_of(study)
    distributions = {"width": study.trials[0].distributions["width"]}
    sizes = [100 * study.ask(distributions).params["width"] for _ in range(4)]
    assert 6_400 < max(sizes) < 2 * 6_400


def test_a_bound_just_below_the_target_is_not_shown_as_the_target():
    study = fakes.make_search()
    fakes.add_certificate(study, 8, [0.784, 0.742, 0.777, 0.756, 0.774], certified=False)
    found = replace(StudyRecord.of(study).certificates[8], bound=0.74998)
    assert found.at_least(1) == 0.749
    assert found.at_least(2) == 0.7499
    assert "lower bound 74.9 %; the target is 75 %" in words.certificate(found)
