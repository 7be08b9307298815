"""Which way a metric of a user's own gets better."""

from __future__ import annotations

from typing import Literal, get_args

Direction = Literal["maximize", "minimize"]

DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
