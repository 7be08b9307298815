"""What a search has to prove of the models that it finds."""

from __future__ import annotations

from typing import Literal, get_args

Prove = Literal["both", "model", "recipe", "none"]
"""What is proven. ``both``: the incumbents' models, and once, at the end, the recipe of the last.
``model``: models alone. ``recipe``: the incumbent's recipe, which must hold for it to stay the
incumbent, and its model at the end. ``none``: nothing."""

PROVES: tuple[Prove, ...] = get_args(Prove)

DEFAULT: Prove = "both"
