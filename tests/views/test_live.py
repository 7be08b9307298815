from __future__ import annotations

import io

from rich.console import Console

from tests.helpers import fakes
from tests.helpers.shown import RUN, record, result
from tuner.views.live import Live


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
