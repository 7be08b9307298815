"""Studies that several files of this room look at and none changes."""

from __future__ import annotations

import optuna
import pytest

from tests.helpers import populated


@pytest.fixture(scope="session")
def lab() -> dict[str, optuna.Study]:
    """Every study of the lab, with few trials each."""
    return populated.lab(searched=25)
