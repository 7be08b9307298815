"""Measures a user's own metric on the answers of a study, in a process of its own.

The user's file may import a backend, which the command's own process never does.
"""

from __future__ import annotations

from typing import Any

from tuner.basics.child_process import Channel

WORK = "tuner.workers.measuring:work"
"""What the process runs."""


def work(orders: dict[str, Any], _: Channel) -> dict[str, float]:
    """Makes the yardstick.

    Args:
        orders: The ``study`` as it is stored, of its first ``data`` set what
            `tuner.data.open_again` takes, and its metric as it is ``carried`` where no file has it.

    Returns:
        A `tuner.objectives.yardstick.Yardstick` as it is stored.

    Raises:
        StudyError: The metric cannot be imported, fails, or makes no sense.
    """
    from tuner.data import open_again
    from tuner.objectives.metrics import OwnMetric
    from tuner.objectives.yardstick import yardstick
    from tuner.specs.spec import from_dict

    spec = from_dict(orders["study"])
    if orders["carried"]:
        from tuner.spaces import carried

        carried.receive(orders["carried"])
    if isinstance(spec.measured, OwnMetric):
        spec.measured.load()
    data = open_again(**orders["data"])
    answers = data.answers("validation")
    target = getattr(spec, "target", None)
    return yardstick(spec.measured, answers, len(data.classes), target).stored()
