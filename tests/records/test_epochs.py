from __future__ import annotations

import json
import math
from typing import Any

from tuner.records.epochs import Epoch, epoch_fields, history_attributes, read_history

LIMIT = 65_535
"""Bytes in one attribute of MySQL and MariaDB."""


def epochs(number: int) -> list[Epoch]:
    return [Epoch(i, 1 / 3, 0.123456789 / i, 2 / 3, 1 / i, 0.1 + i) for i in range(1, number + 1)]


def test_every_length_is_read_as_it_was_written_epoch_by_epoch() -> None:
    for number in (0, 1, 9, 10, 11, 20, 21):
        stored: dict[str, Any] = {}
        for i in range(1, number + 1):
            stored |= history_attributes(epochs(i))
        assert read_history(stored) == tuple(epochs(number))


def test_what_was_taken_over_is_written_at_once() -> None:
    for number in (1, 10, 27):
        stored = history_attributes(epochs(number), new=number)
        stored |= history_attributes(epochs(number + 1))
        assert read_history(stored) == tuple(epochs(number + 1))


def test_an_epoch_writes_no_more_late_than_early_and_fits_every_database() -> None:
    written = [json.dumps(history_attributes(epochs(n))) for n in (10, 100, 2_000)]
    assert max(map(len, written)) < 1.25 * min(map(len, written)) < LIMIT


def test_the_history_of_version_0_1_is_read() -> None:
    stored = {"history": [epoch_fields(e) for e in epochs(30)]}
    assert read_history(stored) == tuple(epochs(30))
    nothing = Epoch(1, math.inf, 0.5, math.nan, math.nan, 1.0)
    (read,) = read_history(history_attributes([nothing]))
    assert read.loss == 1e30 and math.isnan(read.val_loss) and math.isnan(read.val_measured)
