from __future__ import annotations

import json
import random
from typing import Any

import pytest

from tuner.storages.pieces import join, split

LIMIT = 65_535
"""Bytes in one attribute of MySQL and MariaDB."""

VALUES: dict[str, Any] = {
    "short": {"in pieces": [1, 2.5, None, True]},
    "text": 'ä"\\\n' * 40_000,
    "matrix": [[i * j for i in range(300)] for j in range(300)],
    "nested": {"in pieces": "of another kind", "classes": ["class"] * 30_000},
}


@pytest.mark.parametrize("name", VALUES)
def test_a_value_of_any_length_comes_back(name: str) -> None:
    parts = split("key", VALUES[name])
    assert all(len(json.dumps(part)) <= LIMIT for part in parts.values())
    assert list(parts)[-1] == "key"  # what says that the others are there is written last
    shuffled = list(parts.items())
    random.Random(0).shuffle(shuffled)
    stored = json.loads(json.dumps(dict(shuffled)))
    assert join({**stored, "other": 1}) == {"key": VALUES[name], "other": 1}


def test_while_a_value_is_replaced_the_old_one_is_read() -> None:
    old, new = split("key", VALUES["matrix"]), split("key", VALUES["text"])
    half = dict(list(new.items())[: len(new) // 2])
    assert join({**old, **half}) == {"key": VALUES["matrix"]}
    assert join({**old, **new}) == {"key": VALUES["text"]}
