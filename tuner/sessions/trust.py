"""What a target is worth on its data, said before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping

from tuner.data import DataSet
from tuner.objectives.yardstick import Yardstick
from tuner.records import words
from tuner.specs.spec import SearchStudy, Study


def met_by_a_constant(
    spec: Study, data: Mapping[str, DataSet], yardstick: Yardstick | None = None
) -> str | None:
    """Whether a model that has learnt nothing meets the target.

    Args:
        spec: The study.
        data: Its data sets, by what it calls them.
        yardstick: Of its metric, where that is not accuracy.

    Returns:
        A warning; None where it does not, or there is no target.
    """
    if not isinstance(spec, SearchStudy):
        return None
    if yardstick is not None:
        return _met(spec, yardstick)
    kind, (name, share) = data[spec.data].kind.name, data[spec.data].largest_class()
    if not spec.objective(1).without_margin().is_met(share):
        return None
    return (
        f"the target, {words.goal(spec.target)}, is met by a model that gives every {kind} the "
        f"class {name!r}, to which {words.percent(share)} of them belong; raise the target, or "
        "balance the classes."
    )


def _met(spec: SearchStudy, yardstick: Yardstick) -> str | None:
    metric = spec.measured
    if metric.missing(yardstick.constant, spec.target) > 0:
        return None
    better = "raise" if metric.greater_is_better else "lower"
    return (
        f"the target, {metric.title} {metric.goal(spec.target)}, is met by a model that gives "
        f"every example the same answer, which has {metric.written(yardstick.constant)}; {better} "
        "the target."
    )
