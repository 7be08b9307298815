from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from pathlib import Path

import optuna
import pytest
from rich.console import Console

from tests.helpers import fakes
from tuner.records import words
from tuner.records.keys import StudyKey, TrialKey
from tuner.records.studies import StudyRecord
from tuner.sessions.progress import CertificateProgress, RunProgress
from tuner.sessions.result import Result
from tuner.views import blocks, catalog, summary, tables
from tuner.views.changes import Changes
from tuner.views.consoles import console
from tuner.views.events import Events
from tuner.views.frame import frame
from tuner.views.lines import Lines
from tuner.views.live import Live

RUN = RunProgress(20, 0, 2, 95.0, 300.0, "sqlite:///tuner.db")


def record(study: optuna.Study) -> StudyRecord:
    return StudyRecord.of(study)


def drawn(renderable, width: int = 100) -> str:
    out = Console(file=io.StringIO(), width=width, color_system=None)
    out.print(renderable)
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def result(study: optuna.Study, status="met", **more) -> Result:
    resume = more.get("resume", "tuner search q10 --trials 20 --seed 3")
    folder = Path("tuner-results/q10")
    return Result(status, record(study), RUN, folder, resume, more.get("exhausted", False))


def busy() -> optuna.Study:
    """A search with many running trials, one of which is not built yet."""
    study = fakes.make_search(name="q10@shapes10", data="shapes10")
    for size in (3_000, 2_500, 1_234_567):
        fakes.add_running(study, size)
    study.ask()
    return study


# text


@pytest.mark.parametrize(
    ("seconds", "clock", "duration"),
    [
        (0.4, "0:00", "0.4 s"),
        (42, "0:42", "42 s"),
        (201, "3:21", "3 min 21 s"),
        (7_500, "2:05:00", "2 h 05 min"),
        (None, "-:--", "?"),
    ],
)
def test_times(seconds, clock, duration):
    assert words.clock(seconds) == clock
    assert words.duration(seconds) == duration


def test_numbers():
    assert words.count(4218) == "4,218"
    assert words.percent(0.7584) == "75.8 %"
    assert words.percent(float("nan")) == words.count(None) == "?"
    assert words.several(1, "trial") == "1 trial"
    assert [words.times(x) for x in (1.234, 18.54, 1_234.5)] == ["1.23", "18.5", "1,234"]


def test_the_full_block_is_kept_for_the_target():
    assert blocks.block(0.75, 0.1, 0.75) == "█"
    assert blocks.block(0.7499, 0.1, 0.75) == "▇"
    assert blocks.block(0.0, 0.1, 0.75) == blocks.block(float("nan"), 0.1, 0.75) == "▁"


@pytest.mark.parametrize(("horizon", "width"), [(25, 25), (25, 10), (100, 25), (3, 25), (1, 25)])
def test_cells_cover_a_whole_training(horizon, width):
    history = record(_trained_for(horizon)).trials[0].history
    found = blocks.cells(history, horizon, width)
    assert len(found) == min(width, horizon)
    assert None not in found
    assert found[-1] == history[-1].val_accuracy


def _trained_for(horizon: int) -> optuna.Study:
    study = fakes.make_study(spec={**fakes.SPEC, "horizon": horizon})
    fakes.add_trial(study, "missed", epochs=horizon)
    return study


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
    assert record(busy()).stand_in == "shapes10, not cifar10"
    assert record(fakes.make_search()).stand_in is None


# the live view


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


def test_markup_in_names_is_shown_as_it_is():
    spec = {**fakes.SPEC, "question": "[red]what[/red] [/bold]?"}
    study = fakes.make_study("q[red]10", spec=spec)
    fakes.add_trial(study, "failed", 100, epochs=0, **{TrialKey.ERROR: "[/red] ValueError: [x]"})
    views = [
        tables.status(study),
        tables.overview([study]),
        tables.trials(record(study), "number"),
        summary.final(result(study, "not_met")),
        *frame(record(study), RUN, 120, 40),
    ]
    shown = "\n".join(drawn(v, 160) for v in views)
    assert "[red]what[/red] [/bold]?" in shown
    assert "[/red] ValueError: [x]" in shown
    out = console()
    Lines(out, out).started(record(study), RUN)


def test_live_redraws_in_place_and_gives_the_terminal_back():
    file = io.StringIO()
    out = Console(file=file, force_terminal=True, width=80, height=24, color_system=None)
    live = Live(out)
    study = fakes.make_study()
    live.notice("CIFAR-10 is not here", banner=True)
    live.started(record(study), RUN)
    before = len(file.getvalue())
    live.updated(record(study), RUN)
    assert len(file.getvalue()) == before  # nothing has changed: nothing is drawn
    fakes.add_trial(study, "reached", 4_000, 0.76)
    live.updated(record(study), RUN)
    live.notice("a worker died")
    live.finished(result(study))
    live.close()
    written = file.getvalue()
    assert "CIFAR-10 is not here" in written
    assert "a worker died" in written
    assert written.count("\x1b[?25l") == written.count("\x1b[?25h") == 1
    assert "the target is met" in written


# lines and events


def play(watcher) -> None:
    """A search as a watcher sees it, from two trials of an earlier run to the end."""
    study = fakes.make_study()
    fakes.add_trial(study, "reached", 78_186, 0.81, 16, **{TrialKey.REFERENCE: True})
    fakes.add_trial(study, "missed", 2_010, 0.612)
    watcher.started(record(study), RUN)
    trial = fakes.add_running(study, 9_500, epochs=2)
    watcher.updated(record(study), RUN)
    watcher.updated(record(study), RUN)
    trial.set_user_attr(TrialKey.HISTORY, fakes.curve(0.9, 4))
    trial.set_user_attr(TrialKey.OUTCOME, "reached")
    study.tell(trial, 9_500)
    fakes.add_trial(study, "gated", 30_000)
    fakes.add_trial(study, None, 6_000, 0.4, 3)
    watcher.updated(record(study), RUN)
    study.ask()
    fakes.add_trial(study, "pruned", 1_200, 0.5, 6)
    watcher.finished(result(study))


def test_events_tell_each_change_once():
    out, notices = io.StringIO(), io.StringIO()
    events = Events(out, notices)
    events.notice("read this", banner=True)
    play(events)
    told = [json.loads(line) for line in out.getvalue().splitlines()]
    assert {e["v"] for e in told} == {1}
    assert [(e["event"], e.get("trial"), e.get("epoch")) for e in told if "trial" in e] == [
        ("trial_started", 2, None),
        ("epoch", 2, 1),
        ("epoch", 2, 2),
        ("epoch", 2, 3),
        ("epoch", 2, 4),
        ("trial_ended", 2, None),
        ("trial_ended", 3, None),
        ("trial_started", 4, None),
        ("epoch", 4, 1),
        ("epoch", 4, 2),
        ("epoch", 4, 3),
        ("trial_ended", 4, None),
        ("incumbent", 2, None),
        ("trial_started", 6, None),
        *[("epoch", 6, n) for n in range(1, 7)],
        ("trial_ended", 6, None),
    ]
    assert [e["event"] for e in told if "trial" not in e] == ["notice", "started", "finished"]
    assert told[0]["study"] is None
    assert told[-1]["best"]["trial"] == 2
    assert "read this" in notices.getvalue()


def test_events_have_no_number_that_is_none_in_json():
    study = fakes.make_study()
    out = io.StringIO()
    events = Events(out, io.StringIO())
    events.started(record(study), RUN)
    fakes.add_trial(study, "diverged", epochs=1)
    history = [{**fakes.curve(0.1, 1)[0], "loss": 1e30, "val_loss": float("inf")}]
    fakes.add_trial(study, "diverged", epochs=1, **{TrialKey.HISTORY: history})
    events.updated(record(study), RUN)
    told = [json.loads(line) for line in out.getvalue().splitlines()]
    last = [e for e in told if e["event"] == "epoch"][-1]
    assert last["loss"] is None
    assert last["val_loss"] is None


def test_lines_tell_trials_and_incumbents():
    file = io.StringIO()
    play(Lines(Console(file=file, width=120), Console(file=io.StringIO())))
    lines = file.getvalue().splitlines()
    assert [line for line in lines if line.startswith(("[", "  smallest so"))] == [
        "[3/20] #2 reached, 9,500 parameters (9,564 total), 56.2 % in 4 epochs",
        "[3/20] #4 lost, 6,000 parameters (6,064 total), 25.9 % in 3 epochs, 8.5 s, "
        "its worker died",
        "  smallest so far: #2, 9,500 parameters (9,564 total), 56.2 %, "
        "8.23 times smaller than the reference",
        "[4/20] #6 pruned, 1,200 parameters (1,264 total), 36.1 % in 6 epochs, 16 s",
    ]
    assert any("q10: the target is met." in line for line in lines)


def test_changes_of_a_sweep_have_no_incumbent():
    study = fakes.make_sweep()
    changes = Changes(record(study))
    fakes.add_trial(study, "missed", **{TrialKey.CELL: {"batch_size": 32}})
    assert {c.kind for c in changes.since(record(study))} == {
        "trial_started",
        "epoch",
        "trial_ended",
    }


# the summary


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


def test_what_spaces_says():
    described = {
        "space": "mine.py:Space",
        "doc": "A space.",
        "options": {"deep": False},
        "complete": False,
        "hyperparameters": [{"name": "units", "range": "an integer in [1, 9]", "default": 3}],
    }
    shown = drawn(catalog.spaces_view([described]))
    assert "space_options: deep = false" in shown
    assert "an integer in [1, 9]" in shown
    assert "There may be more" in shown


def test_cached_data_is_listed(tmp_path):
    folder = tmp_path / "data" / "abc-0"
    folder.mkdir(parents=True)
    meta = {
        "hash": "abcdef0123456789",
        "classes": ["a", "b"],
        "image_shape": [8, 8, 3],
        "train_size": 90,
        "bytes": {"x": 2_000_000},
    }
    (folder / "meta.json").write_text(json.dumps(meta))
    (tmp_path / "data" / "broken").mkdir()
    (tmp_path / "data" / "broken" / "meta.json").write_text("{")
    assert catalog.cached(tmp_path) == [
        "abcdef012345  2 classes, 8x8x3, 90 training images, 2 MB",
    ]


def test_one_epoch_is_not_several():
    study = fakes.make_study()
    fakes.add_trial(study, "reached", 4_000, 0.76, epochs=1)
    views = [
        summary.final(result(study)),
        tables.status(study),
        *frame(record(study), RUN, 120, 40),
    ]
    shown = "".join(drawn(v, 160) for v in views)
    assert "76.0 % in 1 epoch," in shown
    assert "1 epochs" not in shown


def test_workers_that_start_are_not_waited_for_in_silence():
    lines = frame(record(fakes.make_study()), RUN, 80, 24)
    assert "workers are starting" in "\n".join(line.plain for line in lines)


# certificates


def certifying(study: optuna.Study, accuracies=(0.757, 0.744)) -> RunProgress:
    """A run in which the incumbent's certificate is in the making."""
    found = record(study)
    assert found.incumbent is not None
    companion = fakes.make_study("q10/certificates")
    trial = fakes.add_running(companion, epochs=9)
    trial.set_user_attr(TrialKey.CELL, {"trial": 8, "training": 2})
    under_way = record(companion).trials
    return replace(
        RUN, certifying=CertificateProgress(found.incumbent, 5, 21, tuple(accuracies), under_way)
    )


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
    assert [line.split()[:3] for line in shown if "refuted by its certificate" in line] == [
        [f"#{smallest.number}", f"{smallest.size:,}", f"({smallest.total_size:,})"]
    ]


def test_the_frame_of_a_search_whose_only_find_was_refuted():
    study = fakes.make_study()
    fakes.add_trial(study, "reached", 4_000, 0.756, 20)
    fakes.add_certificate(study, 0, [0.741, 0.739], certified=False)
    shown = "\n".join(line.plain for line in frame(record(study), RUN, 100, 40))
    assert "closest   4,000 parameters" in shown and "#0   refuted by its certificate" in shown
    assert "points short" not in shown


def test_a_certificate_is_an_event_and_a_line():
    study = fakes.make_search()
    before = record(study)
    out, notices = io.StringIO(), io.StringIO()
    events = Events(out, notices)
    events.started(before, RUN)
    text_out = io.StringIO()
    lines = Lines(Console(file=text_out, width=200), Console(file=io.StringIO()))
    lines.started(before, RUN)
    lines.updated(before, certifying(study))
    fakes.add_certificate(study, 8, [0.741, 0.739], certified=False)
    for watcher in (events, lines):
        watcher.updated(record(study), RUN)
    told = [json.loads(line) for line in out.getvalue().splitlines()]
    (certificate,) = [t for t in told if t["event"] == "certificate"]
    assert (certificate["trial"], certificate["verdict"]) == (8, "refuted")
    assert certificate["accuracies"] == [0.741, 0.739]
    # The gate has risen: the next smallest is the incumbent now.
    assert [t["trial"] for t in told if t["event"] == "incumbent"] == [2]
    said = text_out.getvalue()
    assert "certifying #8: 2 of 5 tested: 75.7 %, 74.4 %" in said
    assert "#8 refuted: 74.0 % on the test images, mean of 2 fresh seeds" in said
    assert "smallest so far: #2" in said


def test_the_summary_says_what_is_certified():
    study = fakes.make_search()
    shown = drawn(summary.best(record(study), Path("out/q10")), 160)
    assert "none: the accuracy is that of one lucky training out of many" in shown
    fakes.add_certificate(study, 2, [0.761, 0.762, 0.76])
    assert "trial 2, 9,500 parameters (9,564 total), is certified" in drawn(
        summary.final(result(study)), 220
    )
    assert "tuner certify q10" in drawn(summary.final(result(study)), 160)
    fakes.add_certificate(study, 8, [0.758, 0.757, 0.759, 0.756, 0.758])
    shown = drawn(summary.final(result(study)), 160)
    assert "certified: 75.8 % on the test images, mean of 5 fresh seeds, at least 75.3 %" in shown
    assert (
        "seeds 100, 101, 102, 103, 104; 18 epochs each, 5 min 21 s in all on a processor" in shown
    )
    assert "on a processor, 2 cores, 25 GB, 1 GPU; data 0123456789ab" in shown
    assert "tuner certify" not in shown


def test_only_smaller_models_than_the_winner_are_called_smaller_and_refuted():
    study = fakes.make_search()
    fakes.add_certificate(study, 8, [0.758, 0.757, 0.759, 0.756, 0.758])
    assert "refuted" not in drawn(summary.final(result(study)), 220)
    fakes.add_certificate(study, 2, [0.74, 0.741], certified=False)  # larger than trial 8
    shown = drawn(summary.final(result(study)), 220)
    assert "; 1 larger model refuted\n" in re.sub(" +\n", "\n", shown)
    assert "smaller model" not in shown
    for size in (3_900, 3_800, 4_218):
        fakes.add_trial(study, "reached", size, 0.757, 20)
        fakes.add_certificate(study, len(study.trials) - 1, [0.74, 0.741], certified=False)
    said = "; 2 smaller models and 1 equally large model and 1 larger model refuted"
    assert said in drawn(summary.final(result(study)), 220)


def test_the_summary_where_all_were_refuted():
    study = fakes.make_search()
    for number in (0, 2, 8):
        fakes.add_certificate(study, number, [0.74, 0.741], certified=False)
    shown = drawn(summary.final(result(study, "not_met")), 160)
    assert "nothing met the target" in shown
    assert shown.count("refuted: 74.0 %") == 3
