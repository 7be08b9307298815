from __future__ import annotations

import io
import json
from dataclasses import replace

from rich.console import Console

from tests.helpers import fakes
from tests.helpers.shown import RUN, certifying, drawn, record, result
from tuner.records.keys import StudyKey, TrialKey
from tuner.sessions.progress import ModelProgress
from tuner.views import status, summary
from tuner.views.events import Events
from tuner.views.frame import frame
from tuner.views.lines import Lines
from tuner.views.trials import trials_table


def test_markup_in_names_is_shown_as_it_is():
    spec = {**fakes.SPEC, "question": "[red]what[/red] [/bold]?"}
    study = fakes.make_study("q[red]10", spec=spec)
    fakes.add_trial(study, "failed", 100, epochs=0, **{TrialKey.ERROR: "[/red] ValueError: [x]"})
    views = [
        status.status(study),
        status.overview([study]),
        trials_table(record(study), "number"),
        summary.final(result(study, "not_met")),
        *frame(record(study), RUN, 120, 40),
    ]
    shown = "\n".join(drawn(v, 160) for v in views)
    assert "[red]what[/red] [/bold]?" in shown
    assert "[/red] ValueError: [x]" in shown
    out = Console(file=io.StringIO(), width=160, color_system=None)
    lines = Lines(out, out)
    lines.started(record(study), RUN)
    lines.notice("[bold]read[/red] this")
    lines.notice("[bold]and[/red] this", banner=True)
    assert isinstance(out.file, io.StringIO)
    said = out.file.getvalue()
    assert said.startswith("q[red]10: [red]what[/red] [/bold]?\n  data: cifar10; target 75 %")
    assert "\n[bold]read[/red] this\n" in said
    assert "[bold]and[/red] this" in said


def test_one_epoch_is_not_several():
    study = fakes.make_study()
    fakes.add_trial(study, "reached", 4_000, 0.76, epochs=1)
    views = [
        summary.final(result(study)),
        status.status(study),
        *frame(record(study), RUN, 120, 40),
    ]
    shown = "".join(drawn(v, 160) for v in views)
    assert "76.0 % in 1 epoch," in shown
    assert "1 epochs" not in shown


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
    assert "#8, its recipe: refuted: 74.0 % on the test images, mean of 2 fresh seeds" in said
    assert "smallest so far: #2" in said


def test_the_proof_of_a_model_is_an_event_and_a_line():
    study = fakes.make_search()
    study.set_user_attr(StudyKey.PROVE, "both")
    before = record(study)
    out, text_out = io.StringIO(), io.StringIO()
    events = Events(out, io.StringIO())
    lines = Lines(Console(file=text_out, width=200), Console(file=io.StringIO()))
    for watcher in (events, lines):
        watcher.started(before, RUN)
    assert before.incumbent is not None
    lines.updated(before, replace(RUN, proving=ModelProgress(before.incumbent, 20, 25)))
    fakes.add_model_certificate(study, 8, 0.752, certified=False)
    for watcher in (events, lines):
        watcher.updated(record(study), RUN)
    told = [json.loads(line) for line in out.getvalue().splitlines()]
    (certificate,) = [t for t in told if t["event"] == "model_certificate"]
    assert (certificate["trial"], certificate["verdict"]) == (8, "refuted")
    assert certificate["model_file"] == "trial-0008.keras"
    assert [t["trial"] for t in told if t["event"] == "incumbent"] == [2]
    said = text_out.getvalue()
    assert "proving the model of #8, 4,218 parameters (4,282 total): 7 epochs more" in said
    assert "#8, this file: not certified: 75.2 % of 10,000 test images, at least 74.4 % for" in said
