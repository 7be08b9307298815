"""What a study file holds, as pydantic models: a search, or a sweep."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import pydantic

from tuner.objectives.direction import Direction
from tuner.objectives.metrics import DEFAULT_METRIC, Metric, metric_of
from tuner.objectives.proof import DEFAULT as DEFAULT_PROVE
from tuner.objectives.proof import Prove
from tuner.objectives.quantities import DEFAULT_QUANTITY, quantity_of
from tuner.objectives.target import Target

Value = bool | int | float | str


def _known_quantity(name: str) -> str:
    quantity_of(name)
    return name


def _weights_of_classes(given: Any) -> Any:
    """A value of the key ``class_weight``.

    Raises:
        ValueError: It is none.
    """
    if given is None or given == "balanced":
        return given
    numbers = isinstance(given, Mapping) and all(
        isinstance(w, int | float) and not isinstance(w, bool) and 0 <= w < math.inf
        for w in given.values()
    )
    if not numbers or not given:
        raise ValueError(
            "must be 'balanced', or a table with a weight of at least 0 for each class that is not "
            "to count 1,"
        )
    return dict(given)


ClassWeight = Annotated[
    Literal["balanced"] | dict[str, float] | None, pydantic.BeforeValidator(_weights_of_classes)
]

Minimize = Annotated[str, pydantic.AfterValidator(_known_quantity)]
"""The name of one of `tuner.objectives.quantities.QUANTITIES`."""


def _known_metric(name: str) -> str:
    # Whether a function of the user's own has its direction is asked of that key.
    metric_of(name, "maximize" if ":" in name else None)
    return name


def require_target(metric: Metric, target: float) -> float:
    """A target that some model may reach, and not any.

    Raises:
        ValueError: It is none.
    """
    low, high = sorted((metric.worst, metric.best))
    if not math.isfinite(target):
        raise ValueError("should be a finite number")
    if target <= low:
        raise ValueError(f"should be greater than {low:g}")
    if target >= high:
        raise ValueError(f"should be less than {high:g}")
    return target


def require_margin(metric: Metric, margin: float, target: float) -> float:
    """A margin that leaves something to be reached.

    Raises:
        ValueError: It is none.
    """
    if not margin >= 0:
        raise ValueError("should be greater than or equal to 0")
    if math.isfinite(metric.worst) and metric.is_bounded and margin >= 0.5:
        raise ValueError("should be less than 0.5")
    if not metric.is_share and metric.missing(metric.best, metric.beyond(target, margin)) >= 0:
        raise ValueError(
            f"should leave a {metric.title} that can be reached beyond the target of {target:g}"
        )
    return margin


SPACE = r"^([A-Za-z]:[\\/])?[^:]+:[A-Za-z_]\w*$"
"""Where a space is: a file or module, on Windows with its drive, a colon, and a name."""
NAME = r"^[A-Za-z0-9][A-Za-z0-9_.\-]*$"
"""What a study may be called."""


class _Base(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, pydantic.Field(pattern=NAME)]
    question: str
    """What the study answers, one sentence."""
    space: Annotated[str, pydantic.Field(pattern=SPACE)]
    """Where the ``keras_tuner.HyperModel`` is: ``module:Class`` or ``file.py:Class``."""
    space_options: dict[str, Any] = {}
    """Keyword arguments of that class."""
    horizon: Annotated[int, pydantic.Field(ge=1, le=10_000)] = 25
    """The most epochs one training may use."""
    split_seed: Annotated[int, pydantic.Field(ge=0)] = 0
    """Seed of the split into training and validation examples."""
    metric: Annotated[str, pydantic.AfterValidator(_known_metric)] = DEFAULT_METRIC.name
    """What is measured of predictions: one of `tuner.objectives.metrics.METRICS`, or a function of
    the user's own, ``file.py:function``, that takes the truth and a model's scores."""
    metric_direction: Annotated[Direction | None, pydantic.Field(validate_default=True)] = None
    """Which way a metric of the user's own gets better: ``maximize`` or ``minimize``."""
    class_weight: ClassWeight = None
    """How much an example of each class counts in the loss: ``balanced``, or a table of weights by
    name or number of the class; those that it leaves out count 1."""
    metric_output: str | None = None
    """The output that is measured, of models of several; None: they have one."""

    @pydantic.field_validator("metric_direction")
    @classmethod
    def _has_direction(
        cls, direction: Direction | None, info: pydantic.ValidationInfo
    ) -> Direction | None:
        if "metric" in info.data:
            metric_of(info.data["metric"], direction)
        return direction

    @property
    def measured(self) -> Metric:
        """What is measured of predictions."""
        return metric_of(self.metric, self.metric_direction)


class SearchStudy(_Base):
    """Looks for the smallest model that meets the target."""

    kind: Literal["search"]
    data: str
    target: float
    """The value of the metric to reach; of an accuracy a fraction."""
    margin: float | None = None
    """How far beyond the target validation must come; None: half a point of accuracy on 5,000
    examples, and of other metrics one standard error."""
    minimize: Minimize = DEFAULT_QUANTITY.name
    prove: Prove = DEFAULT_PROVE
    """What is to be proven of what is found: ``both`` (the models, and the recipe of the last),
    ``model``, ``recipe`` or ``none``."""
    reference: dict[str, Value] | None = None
    """The configuration to beat, trained first; what it leaves out takes the space's default."""
    reference_name: str = "the reference model"

    @pydantic.field_validator("target")
    @classmethod
    def _can_be_reached(cls, target: float, info: pydantic.ValidationInfo) -> float:
        metric = _metric_in(info)
        return target if metric is None else require_target(metric, target)

    @pydantic.field_validator("margin")
    @classmethod
    def _leaves_something(cls, margin: float | None, info: pydantic.ValidationInfo) -> float | None:
        metric, target = _metric_in(info), info.data.get("target")
        if margin is None or metric is None or target is None:
            return margin
        return require_margin(metric, margin, target)

    def objective(self, validation_size: int) -> Target:
        """What has to be reached where so many examples are validated on.

        A stored study has the margin that its data gave it: `tuner.records.objectives`.
        """
        metric = self.measured
        margin = metric.margin(validation_size) if self.margin is None else self.margin
        return Target(self.target, margin, metric)

    def datasets(self) -> tuple[str, ...]:
        """The data sets that the study names, one."""
        return (self.data,)


class SweepStudy(_Base):
    """Trains every configuration of a grid over several seeds; nothing is gated or pruned."""

    kind: Literal["sweep"]
    data: str | Annotated[list[str], pydantic.Field(min_length=1)]
    base: dict[str, Value] = {}
    """The configuration that the grid varies; what it leaves out takes the space's default."""
    grid: dict[str, Annotated[list[Value], pydantic.Field(min_length=1)]] = {}
    """Values to try, a list for each hyperparameter; the sweep is their product."""
    seeds: Annotated[int, pydantic.Field(ge=1)] = 3

    def datasets(self) -> tuple[str, ...]:
        """The data sets that the study names."""
        return (self.data,) if isinstance(self.data, str) else tuple(self.data)

    def cells(self) -> list[dict[str, Value]]:
        """The grid's configurations, each a dict of the varied hyperparameters."""
        names = list(self.grid)
        return [dict(zip(names, c, strict=True)) for c in itertools.product(*self.grid.values())]


def _metric_in(info: pydantic.ValidationInfo) -> Metric | None:
    """The metric of the fields that were validated before; None where it is none."""
    if not {"metric", "metric_direction"} <= info.data.keys():
        return None
    return metric_of(info.data["metric"], info.data["metric_direction"])


Study = SearchStudy | SweepStudy

ADAPTER: pydantic.TypeAdapter[Study] = pydantic.TypeAdapter(
    Annotated[Study, pydantic.Field(discriminator="kind")]
)


PATTERNS = {
    "name": "must be of letters, digits, '_', '.' and '-', and begin with one of the first two,",
    "space": "must be MODULE:CLASS or FILE.py:CLASS",
}
"""What the patterns of `_Base` mean."""


def rule_of(broken: Mapping[str, Any]) -> str:
    """The rule that a value broke, to be said behind the key's name."""
    if broken["type"] == "string_pattern_mismatch" and broken["loc"][-1] in PATTERNS:
        return PATTERNS[broken["loc"][-1]]
    said = str(broken["msg"])
    for subject in ("Input ", "Value error, ", "String ", "List "):
        said = said.removeprefix(subject)
    return said


def from_dict(fields: dict[str, Any]) -> Study:
    """Reads a study back from what the storage holds."""
    return ADAPTER.validate_python(fields)
