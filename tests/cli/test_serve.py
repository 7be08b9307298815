"""``tuner completion``."""

from __future__ import annotations

import pytest

from tuner.cli import main


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(shell, capsys):
    assert main(["completion", shell]) == 0
    assert "_TUNER_COMPLETE" in capsys.readouterr().out
