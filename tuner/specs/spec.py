"""What a study file holds, as pydantic models: a search, or a sweep."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import pydantic

from tuner.objectives.metrics import DEFAULT_METRIC
from tuner.objectives.proof import DEFAULT as DEFAULT_PROVE
from tuner.objectives.proof import Prove
from tuner.objectives.quantities import DEFAULT_QUANTITY, quantity_of
from tuner.objectives.target import Target

Value = bool | int | float | str


def _known_quantity(name: str) -> str:
    quantity_of(name)
    return name


Minimize = Annotated[str, pydantic.AfterValidator(_known_quantity)]
"""The name of one of `tuner.objectives.quantities.QUANTITIES`."""


class _Base(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, pydantic.Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]*$")]
    question: str
    """What the study answers, one sentence."""
    space: Annotated[str, pydantic.Field(pattern=r"^[^:]+:[A-Za-z_]\w*$")]
    """Where the ``keras_tuner.HyperModel`` is: ``module:Class`` or ``file.py:Class``."""
    space_options: dict[str, Any] = {}
    """Keyword arguments of that class."""
    horizon: Annotated[int, pydantic.Field(ge=1, le=10_000)] = 25
    """The most epochs one training may use."""
    split_seed: Annotated[int, pydantic.Field(ge=0)] = 0
    """Seed of the split into training and validation images."""


class SearchStudy(_Base):
    """Looks for the smallest model that meets the target."""

    kind: Literal["search"]
    data: str
    target: Annotated[float, pydantic.Field(gt=0, lt=1)]
    """The accuracy to reach, a fraction."""
    margin: Annotated[float, pydantic.Field(ge=0, lt=0.5)] | None = None
    """How far above the target validation must come; None: half a point on 5,000 images."""
    minimize: Minimize = DEFAULT_QUANTITY.name
    prove: Prove = DEFAULT_PROVE
    """What is to be proven of what is found: ``both`` (the models, and the recipe of the last),
    ``model``, ``recipe`` or ``none``."""
    reference: dict[str, Value] | None = None
    """The configuration to beat, trained first; what it leaves out takes the space's default."""
    reference_name: str = "the reference model"

    def objective(self, validation_size: int) -> Target:
        """What has to be reached where so many examples are validated on."""
        metric = DEFAULT_METRIC
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
