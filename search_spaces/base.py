"""What the families have in common: one description, from which a model or its cost is made."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import keras_tuner

from search_spaces.network import Cost, Network
from search_spaces.recipe import HyperParameters, Recipe, compile_model, declare


class ImageSpace(keras_tuner.HyperModel):  # type: ignore[misc]
    """A family of image classifiers.

    Attributes:
        start: Where the search of the training hyperparameters starts.

    Args:
        input_shape: (height, width, channels) of an image.
        num_classes: Number of classes, at least 2.
        train_size: Training images; with the horizon and the minibatch this gives the number of
            steps over which the learning rate falls.
        horizon: The most epochs one training may use.
        batch_range: Smallest and largest minibatch, images.

    Raises:
        ValueError: An argument is out of its range.
    """

    start: ClassVar[Recipe] = Recipe()

    def __init__(
        self,
        input_shape: Sequence[int],
        num_classes: int,
        train_size: int,
        horizon: int,
        *,
        batch_range: Sequence[int] = (32, 512),
    ) -> None:
        super().__init__()
        if len(input_shape) != 3 or min(input_shape) < 1:
            raise ValueError(f"input_shape must be (height, width, channels), got {input_shape}.")
        if num_classes < 2 or train_size < 1 or horizon < 1:
            raise ValueError(
                "num_classes must be at least 2, train_size and horizon at least 1, "
                f"but got {num_classes}, {train_size} and {horizon}."
            )
        if len(batch_range) != 2 or not 1 <= batch_range[0] <= batch_range[1]:
            raise ValueError(f"batch_range must be [smallest, largest], got {batch_range}.")
        self.input_shape = tuple(input_shape)
        self.num_classes = num_classes
        self.train_size = train_size
        self.horizon = horizon
        self.batch_range = (batch_range[0], batch_range[1])

    @abstractmethod
    def network(self, hp: HyperParameters) -> Network:
        """Asks for the architecture's hyperparameters and describes the network.

        Raises:
            ValueError: The configuration cannot be built: its images shrink to nothing.
        """

    def describe(self, hp: HyperParameters) -> tuple[Recipe, Network]:
        """Asks for every hyperparameter that `build` asks for, without Keras.

        Raises:
            ValueError: The configuration cannot be built.
        """
        recipe = declare(hp, self.start, self.batch_range)
        return recipe, self.network(hp)

    def build(self, hp: HyperParameters) -> Any:
        """The compiled Keras model; labels are one-hot.

        Raises:
            ValueError: The configuration cannot be built.
        """
        from search_spaces.keras_model import to_keras  # sizes need no backend

        recipe, network = self.describe(hp)
        model = to_keras(network)
        compile_model(model, recipe, self.train_size, self.horizon)
        return model

    def measure(self, values: Mapping[str, Any]) -> Cost:
        """What the model of a configuration costs, in closed form, in well under a millisecond.

        Args:
            values: Hyperparameters by name; a missing one takes its default, others are ignored.

        Raises:
            ValueError: The configuration cannot be built.
        """
        return self.network(_Given(values)).cost


class _Given:
    """Hyperparameters answered from a mapping: `keras_tuner.HyperParameters` is 50 times slower."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._get = values.get

    def Int(  # noqa: N802
        self,
        name: str,
        min_value: int,
        max_value: int,
        step: int | None = None,
        sampling: str = "linear",
        default: int | None = None,
    ) -> Any:
        return self._get(name, min_value if default is None else default)

    def Float(  # noqa: N802
        self,
        name: str,
        min_value: float,
        max_value: float,
        step: float | None = None,
        sampling: str = "linear",
        default: float | None = None,
    ) -> Any:
        return self._get(name, min_value if default is None else default)

    def Choice(  # noqa: N802
        self, name: str, values: list[Any], ordered: bool | None = None, default: Any = None
    ) -> Any:
        return self._get(name, values[0] if default is None else default)

    def Boolean(self, name: str, default: bool = False) -> Any:  # noqa: N802
        return self._get(name, default)
