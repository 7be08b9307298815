from __future__ import annotations

import optuna
import pytest

from tests.helpers import fakes
from tests.helpers.shown import RUN, certifying, record
from tuner.records.studies import StudyRecord
from tuner.views.frame import frame


def busy() -> optuna.Study:
    """A search with many running trials, one of which is not built yet."""
    study = fakes.make_search(name="q10@shapes10", data="shapes10")
    for size in (3_000, 2_500, 1_234_567):
        fakes.add_running(study, size)
    study.ask()
    return study


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120, 200])
@pytest.mark.parametrize("height", [1, 3, 6, 10, 12, 16, 24, 40])
def test_the_frame_fits_any_terminal(width, height):
    for study in (busy(), fakes.make_sweep(), fakes.make_study()):
        lines = frame(record(study), RUN, width, height)
        assert 1 <= len(lines) <= height
        assert all(line.cell_len <= width for line in lines)
        assert lines[0].plain.startswith(study.study_name[: width - 1])


def test_the_frame_shows_what_matters():
    shown = "\n".join(line.plain for line in frame(record(busy()), RUN, 100, 40))
    for said in (
        "DATA: SHAPES10, NOT CIFAR10",
        "target 75 % + 0.5 points margin within 25 epochs",
        "6/20 trained   1:35 elapsed   5:00 left",
        "reached 3   missed 1   pruned 1   diverged 1   out of memory 1   gated 1   lost 1",
        "4,218 parameters (4,282 total)   75.8 % in 18 epochs   #8",
        "18.5 times smaller than the reference",
        "78,186 parameters (78,250 total)",
        "1,234,567 (1,234,631)",
        "#12   building",
        "5/25",
        "OOM when allocating",
    ):
        assert said in shown


def test_a_short_terminal_keeps_the_progress_and_a_trial():
    shown = "\n".join(line.plain for line in frame(record(busy()), RUN, 79, 8))
    assert "6/20 trained" in shown
    assert "#9" in shown


def test_the_frame_of_a_search_that_has_met_nothing():
    study = fakes.make_study()
    fakes.add_trial(study, "missed", 2_000, 0.652)
    shown = "\n".join(line.plain for line in frame(record(study), RUN, 100, 40))
    assert "closest   2,000 parameters" in shown
    assert "10.3 points short" in shown


def test_workers_that_start_are_not_waited_for_in_silence():
    lines = frame(record(fakes.make_study()), RUN, 80, 24)
    assert "workers are starting" in "\n".join(line.plain for line in lines)


@pytest.mark.parametrize(("width", "height"), [(30, 6), (60, 12), (120, 40)])
def test_the_frame_of_a_certificate_in_the_making_fits(width, height):
    study = fakes.make_search()
    lines = frame(record(study), certifying(study), width, height)
    assert len(lines) <= height
    assert max(line.cell_len for line in lines) <= width
    if height == 40:
        seen = "\n".join(line.plain for line in lines)
        for said in ("certifying", "4,218 parameters", "75.7 %", "74.4 %", "seed 3", "9/21 epochs"):
            assert said in seen


def test_the_frame_says_why_a_model_that_met_the_target_is_not_the_smallest():
    study = fakes.make_search()
    smallest = StudyRecord.of(study).incumbent
    assert smallest is not None
    fakes.add_certificate(study, smallest.number, [0.741, 0.739], certified=False)
    shown = [line.plain for line in frame(record(study), RUN, 100, 40)]
    assert [line.split()[:3] for line in shown if "refuted on the test images" in line] == [
        [f"#{smallest.number}", f"{smallest.size:,}", f"({smallest.total_size:,})"]
    ]


def test_the_frame_of_a_search_whose_only_find_was_refuted():
    study = fakes.make_study()
    fakes.add_trial(study, "reached", 4_000, 0.756, 20)
    fakes.add_certificate(study, 0, [0.741, 0.739], certified=False)
    shown = "\n".join(line.plain for line in frame(record(study), RUN, 100, 40))
    assert "closest   4,000 parameters" in shown and "#0   refuted on the test images" in shown
    assert "points short" not in shown
