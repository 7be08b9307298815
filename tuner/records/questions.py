"""A study's question, of the data, the target and the horizon that it really is about.

The text of a study file may hold ``{data}``, ``{target}`` and ``{horizon}``. A user may search the
same study on other data or for another target, and the question shall say so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tuner.objectives.metrics import DEFAULT_METRIC, Metric

TITLES: Mapping[str, str] = {"cifar10": "CIFAR-10", "mnist": "MNIST"}
"""How data sets that have a name of their own are written."""


def title_of(name: str) -> str:
    """A data set as people write it."""
    return TITLES.get(name, name)


def titles_of(names: Sequence[str]) -> str:
    """Several data sets: ``MNIST and on CIFAR-10``, to stand behind an "on"."""
    return " and on ".join(title_of(name) for name in names)


def question_of(
    text: str,
    data: Sequence[str],
    target: float | None,
    horizon: int,
    metric: Metric = DEFAULT_METRIC,
) -> str:
    """Fills in what a question leaves open.

    Args:
        text: As the study file has it.
        data: Names of the data sets.
        target: The value to reach; None in a sweep.
        horizon: The most epochs of a training.
        metric: What is measured.
    """
    wanted = "" if target is None else metric.goal(target)
    fields = {"{data}": titles_of(data), "{target}": wanted, "{horizon}": str(horizon)}
    for name, value in fields.items():
        text = text.replace(name, value)
    return text
