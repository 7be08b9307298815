from __future__ import annotations

import io

from rich.console import Console

from tests.helpers.shown import play
from tuner.views.lines import Lines


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
