"""A study of which less is better, in every view, page and frame, up to its report."""

from __future__ import annotations

import io
import json
from pathlib import Path

import optuna
import pytest

import analysis
from analysis import figures
from analysis.report.page import study_report
from tests.helpers import errors, fakes
from tests.helpers.shown import RUN, drawn, record, result
from tuner.dashboard.notes import note
from tuner.objectives.metrics import METRICS
from tuner.records import words
from tuner.records.keys import StudyKey
from tuner.records.proofs import proven_shortfalls, refuted_shortfalls
from tuner.views import status, summary
from tuner.views.events import Events, best_object
from tuner.views.frame import frame
from tuner.views.next_commands import next_commands
from tuner.views.trials import trials_table


@pytest.fixture
def study() -> optuna.Study:
    return errors.make_search()


def test_what_is_asked_has_the_metrics_name_and_direction(study: optuna.Study) -> None:
    found = record(study)
    assert found.question == "What is the smallest network that is off by 2000 on prices?"
    assert words.wanted(found) == ("target mean absolute error 2000 - 90 margin within 25 epochs")
    assert words.constant(found) == "8,000 by one answer for all"


def test_the_smallest_that_is_off_by_little_enough_is_the_incumbent(study: optuna.Study) -> None:
    found = record(study)
    assert found.incumbent is not None and found.incumbent.number == 4
    assert found.incumbent.val_measured == 1_890
    assert found.incumbent.shortfall == pytest.approx(-20)  # in the metric's lengths
    assert study.trials[4].constraints["shortfall"] == pytest.approx(-20 / 8_000)
    assert found.closest is not None and found.closest.number == 0


def test_a_summary_says_what_was_found(study: optuna.Study) -> None:
    errors.add_proofs(study)
    shown = " ".join(drawn(summary.final(result(study)), 300).split())
    assert "mean absolute error 1,790 on validation examples after 25 of 25 epochs" in shown
    assert (
        "certified: mean absolute error 1,800 on 1,000 test examples, at most 1,951 with 95 % "
        "confidence; 8,100 by one answer for all" in shown
    )
    assert "mean of 3 fresh seeds, at most 1,945 with 95 % confidence" in shown
    assert "MACs an example" in shown
    assert "accuracy" not in shown and "image" not in shown


def test_what_is_refuted_says_by_how_much(study: optuna.Study) -> None:
    errors.add_proofs(study, certified=False)
    found = record(study)
    (_, model), (_, recipe) = words.proofs(found, found.trials[4])
    assert "not certified: mean absolute error 1,800 on 1,000 test examples, at most 1,951" in model
    assert model.endswith("the target is 2000; 8,100 by one answer for all")
    assert "upper bound 1,945" in recipe


def test_what_a_proof_measured_is_told_to_the_sampler_in_units(study: optuna.Study) -> None:
    study.set_user_attr(StudyKey.PROVE, "model")
    errors.add_proofs(study, certified=False)
    key = f"{StudyKey.MODEL_CERTIFICATE}4"
    study.set_user_attr(key, {**study.user_attrs[key], "accuracy": 2_310.0})
    assert refuted_shortfalls(study.user_attrs) == {4: pytest.approx(0.05)}  # 400 of 8,000
    study.set_user_attr(key, {**study.user_attrs[key], "verdict": "certified"})
    assert proven_shortfalls(study.user_attrs) == {4: pytest.approx(0.05)}


def test_every_view_is_of_the_metric(study: optuna.Study) -> None:
    errors.add_proofs(study)
    found = record(study)
    lines = drawn(trials_table(found, "metric"), 160).splitlines()
    assert "mean absolute error" in lines[2]
    assert [line.split()[0] for line in lines[4:9]] == ["0", "2", "4", "1", "3"]
    shown = "\n".join(
        [
            drawn(status.status(study), 160),
            *(line.plain for line in frame(found, RUN, 120, 40)),
            note(study, Path("tuner-results")),
            drawn(summary.best(found, Path("tuner-results")), 160),
        ]
    )
    assert "1,890" in shown and "accuracy" not in shown and "test images" not in shown


def test_nothing_met_suggests_an_easier_target_above(study: optuna.Study) -> None:
    bare = fakes.make_study("prices", spec=errors.SPEC, margin=errors.MARGIN)
    for key in (StudyKey.DATA, StudyKey.YARDSTICK):
        bare.set_user_attr(key, study.user_attrs[key])
    errors.add(bare, "missed", 2_010, 2_400.0, 25)
    made = result(bare, status="not_met", resume="tuner search prices.toml")
    assert "tuner search prices.toml --target 2400" in next_commands(made, ())
    shown = " ".join(drawn(summary.final(made), 300).split())
    assert "mean absolute error 2,400, 490 short: trial 0" in shown


def test_frames_have_the_metrics_name(study: optuna.Study) -> None:
    errors.add_proofs(study)
    trials = analysis.trials(study)
    assert "val_accuracy" not in trials and list(trials["val_mae"])[4] == 1_890
    assert trials["test_mae"][4] == 1_800
    assert {"mae", "val_mae"} <= set(analysis.epochs(study))
    edge = analysis.frontier(study)
    assert list(edge["size"]) == sorted(edge["size"]) and edge["val_mae"].is_monotonic_decreasing
    assert list(analysis.smallest(study)["number"]) == [4]
    assert list(analysis.smallest(study, 2_600)["number"]) == [1]
    assert list(analysis.certificates(study)["test_mae"]) == [1_790, 1_805, 1_812]
    assert analysis.model_certificates(study)["mae"][0] == 1_800


def test_events_have_the_metrics_name(study: optuna.Study) -> None:
    errors.add_proofs(study)
    out = io.StringIO()
    watcher = Events(out, io.StringIO())
    empty = fakes.make_study("prices", spec=errors.SPEC, margin=errors.MARGIN)
    watcher.started(record(empty), RUN)
    watcher.updated(record(study), RUN)
    events = [json.loads(line) for line in out.getvalue().splitlines()]
    assert events[0]["metric"] == "mae" and events[0]["target"] == 2_000
    epoch = next(e for e in events if e["event"] == "epoch")
    assert epoch["val_mae"] > 0 and "mae" in epoch and "val_accuracy" not in epoch
    best = best_object(record(study), Path("r"))
    assert best["best"]["val_mae"] == 1_890 and best["best"]["shortfall"] == pytest.approx(-20)
    assert best["proof"]["model"]["mae"] == 1_800 and best["proof"]["model"]["metric"] == "mae"
    assert list(best["proof"]["recipe"]["mae_values"]) == [1_790, 1_805, 1_812]


def test_figures_have_axes_of_the_metric(study: optuna.Study) -> None:
    for figure in (figures.frontier(study), figures.learning_curves(study)):
        axes = figure.axes[0]
        assert "mean absolute error" in axes.get_ylabel()
        low, high = axes.get_ylim()
        assert low < 1_910 < high and low >= 0
        assert axes.yaxis.get_major_formatter()(2_000.0, 0) == "2000"
    evaluated = figures.evaluation(study, 4)
    assert len(evaluated.axes) == 2  # no confusion matrix of numbers
    assert evaluated.axes[0].get_title(loc="left") == "mean absolute error"


def test_a_page_is_of_the_metric(study: optuna.Study) -> None:
    errors.add_proofs(study)
    page = study_report(study)
    assert "Certified: 4,218 parameters (4,282 total) reach mean absolute error 2000" in page
    assert "upper bound" in page and "lower bound<" not in page
    assert "accuracy" not in page.lower().replace("accuracies", "")
    assert " images" not in page


def test_a_study_of_before_is_of_accuracy() -> None:
    found = record(fakes.make_search())
    assert found.metric is METRICS["accuracy"]
    assert found.objective is not None and found.objective.unit == 1
