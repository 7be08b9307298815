"""What the answers of examples are."""

from __future__ import annotations

from typing import Literal

Task = Literal["classification", "regression"]
"""Classes, or amounts."""
