"""What a target is worth on its data, said before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping

from tuner.data import DataSet
from tuner.records import words
from tuner.specs.spec import SearchStudy, Study


def met_by_a_constant(spec: Study, data: Mapping[str, DataSet]) -> str | None:
    """Whether a model that has learnt nothing meets the target.

    Args:
        spec: The study.
        data: Its data sets, by what it calls them.

    Returns:
        A warning; None where it does not, or there is no target.
    """
    if not isinstance(spec, SearchStudy):
        return None
    name, share = data[spec.data].largest_class()
    if not spec.objective(1).without_margin().is_met(share):
        return None
    return (
        f"the target, {words.goal(spec.target)}, is met by a model that gives every image the "
        f"class {name!r}, to which {words.percent(share)} of them belong; raise the target, or "
        "balance the classes."
    )
