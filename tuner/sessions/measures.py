"""Whether a study's metric fits its data, and how long its lengths are there.

Asked before anything is stored. Accuracy needs no yardstick: its lengths are fractions of 1.
"""

from __future__ import annotations

from collections.abc import Mapping

from tuner.basics import child_process
from tuner.data import DataSet
from tuner.errors import StudyError
from tuner.objectives.metrics import DEFAULT_METRIC, METRICS, Metric, OwnMetric
from tuner.objectives.metrics.top5_accuracy import BEST, Top5Accuracy
from tuner.objectives.yardstick import Yardstick, yardstick
from tuner.spaces.carried import parcel
from tuner.specs.spec import SearchStudy, Study
from tuner.workers.measuring import WORK


def measure(spec: Study, data: Mapping[str, DataSet], *, apart: bool = True) -> Yardstick | None:
    """The yardstick of a study's metric on its first data set.

    Args:
        spec: The study.
        data: Its data sets, by what it calls them.
        apart: Whether a function of the user's own is called in another process, as workers do.

    Returns:
        The yardstick; None where accuracy is measured.

    Raises:
        StudyError: The metric does not fit the data, or a user's own does not work.
    """
    metric = spec.measured
    for each in data.values():
        require_fit(metric, each)
        require_output(spec.metric_output, each)
    if metric is DEFAULT_METRIC:
        return None
    first = next(iter(data.values()))
    if isinstance(metric, OwnMetric) and apart:
        orders = {
            "study": spec.model_dump(),
            "data": first.reference(spec.split_seed),
            "carried": parcel(metric.name),
        }
        environment = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
        found = child_process.run(WORK, orders, environment=environment, failed=StudyError)
        return Yardstick.read(found)
    target = spec.target if isinstance(spec, SearchStudy) else None
    return yardstick(metric, first.answers("validation"), len(first.classes), target)


def require_output(output: str | None, data: DataSet) -> None:
    """Raises where the answers have names, and the study does not measure the first of them.

    Raises:
        StudyError: It does not.
    """
    if not data.output_names or output == data.output_names[0]:
        return
    first, listed = data.output_names[0], ", ".join(map(repr, data.output_names))
    if output is None:
        raise StudyError(
            f"the answers of {data.name!r} are those of the outputs {listed}; set metric_output = "
            f"{first!r}, the first, which is measured."
        )
    if output in data.output_names:
        raise StudyError(
            f"metric_output is {output!r}, but the first answers of {data.name!r} are those of "
            f"{first!r}; put {output!r} first in the dict, for its classes are the data's."
        )
    raise StudyError(
        f"metric_output is {output!r}, but the answers of {data.name!r} are those of {listed}; "
        "name the first."
    )


def require_fit(metric: Metric, data: DataSet) -> None:
    """Raises where a metric cannot be measured on a data set.

    Raises:
        StudyError: It cannot.
    """
    if data.task not in metric.tasks:
        answers = "classes" if data.task == "classification" else "amounts"
        others = ", ".join(m.name for m in METRICS.values() if data.task in m.tasks)
        wanted = "classes" if metric.needs_classes else "amounts"
        saved = "floats, which are amounts" if answers == "amounts" else "classes"
        other = "whole numbers" if answers == "amounts" else "floats"
        raise StudyError(
            f"metric {metric.name!r} needs {wanted} as answers, but those of {data.name!r} are "
            f"{saved}; choose one of {others}, or save them as {other}."
        )
    if isinstance(metric, Top5Accuracy) and len(data.classes) <= BEST:
        raise StudyError(
            f"metric {metric.name!r} is 1 for any model of {len(data.classes)} classes, as "
            f"{data.name!r} has; choose accuracy."
        )
