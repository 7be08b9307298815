"""Every view in narrow terminals: no line is too long, and no number or heading is cut."""

from __future__ import annotations

import io
import re
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Group

from tests.helpers import fakes, populated
from tests.helpers.shown import RUN, certifying, drawn, record, result
from tuner import cli
from tuner.exports import card
from tuner.records.keys import TrialKey
from tuner.sessions.progress import ModelProgress
from tuner.views import catalog, status, summary
from tuner.views.consoles import console
from tuner.views.frame import frame
from tuner.views.layout import facts, table
from tuner.views.next_commands import commands
from tuner.views.trial_lines import ROOMY
from tuner.views.trials import trials_table

WIDTHS = (40, 60, 80)
FOLDER = Path("results/q10")
WHY = "ValueError: the layer 'dense_3' got an input of shape (None, 32, 32, 3)"


def _search():
    study = fakes.make_study("q10@shapes10", data="shapes10")
    populated.fill(study, 20)
    fakes.add_trial(study, "failed", 100, epochs=0, **{TrialKey.ERROR: WHY})
    fakes.add_running(study, 1_234_567, epochs=4)
    return study


def _certified():
    study = fakes.make_search()
    fakes.add_certificate(study, 8, [0.756, 0.757, 0.758, 0.755, 0.76])
    return study


SEARCH, MET, CERTIFIED, SWEEP = _search(), fakes.make_search(), _certified(), fakes.make_sweep()
EMPTY = fakes.make_study()
VIEWS = {
    "all studies": lambda w: status.overview([SEARCH, MET, SWEEP, EMPTY]),
    "status": lambda w: status.status(SEARCH),
    "status of a sweep": lambda w: status.status(SWEEP),
    "trials": lambda w: trials_table(record(SEARCH), "number", width=w),
    "trials of a sweep": lambda w: trials_table(record(SWEEP), "number", width=w),
    "best": lambda w: summary.best(record(CERTIFIED), FOLDER),
    "best of a sweep": lambda w: summary.best(record(SWEEP), FOLDER),
    "the end": lambda w: summary.final(result(CERTIFIED)),
    "the end of a sweep": lambda w: summary.final(result(SWEEP, "complete")),
    "nothing found": lambda w: summary.final(result(EMPTY, "not_met")),
    "live": lambda w: Group(*frame(record(SEARCH), RUN, w, 60)),
    "live, certifying": lambda w: Group(*frame(record(MET), certifying(MET), w, 60)),
    "live, proving": lambda w: Group(*frame(record(SEARCH), PROVING, w, 60)),
    "live, of a sweep": lambda w: Group(*frame(record(SWEEP), RUN, w, 60)),
    "data": lambda w: catalog.sources_view(),
    "spaces": lambda w: catalog.spaces_view([SPACE]),
}
SPACE = {
    "space": "mine.py:Space",
    "doc": "A space of small networks.",
    "options": {"deep": False},
    "complete": True,
    "hyperparameters": [
        {"name": f"encoder/block_{i}/units_of_it", "range": "an integer in [1, 9]", "default": i}
        for i in range(3)
    ],
}
SMALLEST = record(SEARCH).incumbent
assert SMALLEST is not None
PROVING = replace(RUN, proving=ModelProgress(SMALLEST, 20, 25))
NUMBER = re.compile(r"\d[\d,.]*(?![\d,.]*[kM])")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("view", VIEWS)
def test_no_line_is_too_long_and_no_number_is_cut(view, width):
    shown = drawn(VIEWS[view](width), width)
    assert max(map(len, shown.splitlines())) <= width
    # Only why a trial ended may be left unfinished, which stands last.
    assert not [line for line in shown.splitlines() if "…" in line[:ROOMY]]
    whole = drawn(VIEWS[view](300), 300)
    assert set(NUMBER.findall(shown)) <= set(NUMBER.findall(whole)) | {str(width)}


def test_the_narrowest_table_of_trials_has_what_matters():
    shown = drawn(trials_table(record(SEARCH), "number", width=40), 40)
    for trial in record(SEARCH).trained:
        (line,) = (x for x in shown.splitlines() if x.split()[:1] == [str(trial.number)])
        assert f"{trial.size:,}" in line
        assert f"{100 * trial.val_measured:.1f} %" in line
    assert "no room at 40 columns for: total, epochs, time, remark" in " ".join(shown.split())


def test_a_table_that_fits_nowhere_is_a_list_of_what_it_holds():
    made = table("study", "a very long heading", "parameters", numbers=["parameters"])
    made.add_row("one", "a cell", "1,234,567")
    assert drawn(made, 24).split() == [
        *("one", "a", "very", "long", "heading", "a", "cell", "parameters", "1,234,567"),
    ]
    assert "parameters" in drawn(table("study", "a long heading", "parameters"), 12)


@pytest.mark.parametrize("width", [20, 40, 200])
def test_facts_with_long_names_are_shown_whole(width):
    rows = [(name, card_line) for name, card_line in _long_facts()]
    shown = "".join(drawn(facts(rows), width).split())
    for name, line in rows:
        assert name.replace(" ", "") in shown
        assert line.plain.replace(" ", "") in shown


def _long_facts():
    from rich.text import Text

    return [("units_of_the_second_layer", Text("32")), ("how", Text(card.HOW_ACTIVATIONS))]


@pytest.mark.parametrize("width", [30, 40, 60, 80, 200])
def test_a_command_can_be_copied_whole(width):
    typed = "tuner search 'my study.toml' --data 'a folder/images' --trials 20 --target 0.70 --json"
    shown = drawn(commands([typed]), width).split("next\n", 1)[1]
    assert shlex.split(shown.replace("\\\n", "")) == shlex.split(typed)
    assert max(map(len, shown.splitlines())) <= width


def test_no_color_means_neither_colour_nor_weight(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")

    def written() -> str:
        out = io.StringIO()
        console(file=out).print(status.status(SEARCH), *frame(record(SEARCH), RUN, 80, 40))
        return out.getvalue()

    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[1m" in written()
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in written()


def test_a_bar_can_be_read_without_colour():
    half = [line.plain for line in frame(record(SEARCH), RUN, 80, 40)]
    bars = [line for line in half if "trained" in line]
    assert "━" in bars[0]
    early = [line.plain for line in frame(record(EMPTY), RUN, 80, 40)]
    assert any("┄" in line for line in early)
    assert not any("━" in line for line in early)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_help_of_every_verb_fits(width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setitem(cli.cli.context_settings, "terminal_width", cli._help_width())
    for verb in ((), *((v,) for v in cli._VERBS)):
        said = CliRunner().invoke(cli.cli, [*verb, "--help"]).output
        assert "Usage:" in said
        long = [line for line in said.splitlines() if len(line) > width]
        # A URL, a choice of words and a command to be typed cannot be broken.
        assert [x for x in long if len(x.split()) > 2 and " > " not in x] == [], verb
