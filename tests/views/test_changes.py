from __future__ import annotations

from tests.helpers import fakes
from tests.helpers.shown import record
from tuner.records.keys import TrialKey
from tuner.views.changes import Changes


def test_changes_of_a_sweep_have_no_incumbent():
    study = fakes.make_sweep()
    changes = Changes(record(study))
    fakes.add_trial(study, "missed", **{TrialKey.CELL: {"batch_size": 32}})
    assert {c.kind for c in changes.since(record(study))} == {
        "trial_started",
        "epoch",
        "trial_ended",
    }
