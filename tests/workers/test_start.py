"""What a worker loads before its first trial."""

from __future__ import annotations

import pytest

from tests.helpers import workers
from tuner.basics import child_process


@pytest.mark.parametrize(
    "space, loaded",
    [
        ("search_spaces.residual_cnn:ResidualCNN", False),
        ("space.py:Space", True),  # nobody knows what it uses of Keras
        ("search_spaces.py:Space", True),
    ],
)
def test_scikit_learn_costs_a_worker_of_our_families_nothing(space: str, loaded: bool) -> None:
    function = f"{workers.__name__}:{workers.load.__name__}"
    assert child_process.run(function, space) == [loaded, True]
