from __future__ import annotations

import io
import json

from tests.helpers import fakes
from tests.helpers.shown import RUN, play, record
from tuner.records.keys import TrialKey
from tuner.views.events import Events


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
