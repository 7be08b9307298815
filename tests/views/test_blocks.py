from __future__ import annotations

import optuna
import pytest

from tests.helpers import fakes
from tests.helpers.shown import record
from tuner.views import blocks


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
    assert found[-1] == history[-1].val_measured


def _trained_for(horizon: int) -> optuna.Study:
    study = fakes.make_study(spec={**fakes.SPEC, "horizon": horizon})
    fakes.add_trial(study, "missed", epochs=horizon)
    return study
