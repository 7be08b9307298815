"""What the families have in common: one description, from which a model or its cost is made."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import keras_tuner

from search_spaces.network import Cost, Network
from search_spaces.recipe import HyperParameters, Recipe, compile_model, declare
from search_spaces.scaling import Normalization, Scaling


class ImageSpace(keras_tuner.HyperModel):  # type: ignore[misc]
    """A family of networks on images: bytes, or any other numbers, of any number of channels.

    Bytes are brought from 0 to 255 to about -2 to 2. Other numbers are taken as they are, or, where
    it is known what they are like, brought to a mean of 0 and a spread of 1 a channel.

    Attributes:
        start: Where the search of the training hyperparameters starts.

    Args:
        input_shape: (height, width, channels) of an image.
        num_classes: Number of classes, at least 2; in regression the numbers of an answer.
        train_size: Training images; with the horizon and the minibatch this gives the number of
            steps over which the learning rate falls.
        horizon: The most epochs one training may use.
        batch_range: Smallest and largest minibatch, images.
        task: ``classification`` or ``regression``.
        input_dtype: What an image's numbers are; ``uint8`` are bytes.
        input_normalization: ``mean`` and ``deviation`` of each channel; None where not known.
        output_normalization: The same of each number of an answer, in regression.

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
        task: str = "classification",
        input_dtype: str = "uint8",
        input_normalization: Normalization | None = None,
        output_normalization: Normalization | None = None,
    ) -> None:
        super().__init__()
        _require_image(input_shape)
        fewest = 1 if task == "regression" else 2
        if num_classes < fewest or train_size < 1 or horizon < 1:
            raise ValueError(
                f"num_classes must be at least {fewest}, train_size and horizon at least 1, "
                f"but got {num_classes}, {train_size} and {horizon}."
            )
        if len(batch_range) != 2 or not 1 <= batch_range[0] <= batch_range[1]:
            raise ValueError(f"batch_range must be [smallest, largest], got {batch_range}.")
        self.input_shape = tuple(input_shape)
        self.num_classes = num_classes
        self.train_size = train_size
        self.horizon = horizon
        self.batch_range = (batch_range[0], batch_range[1])
        self.task = task
        self.scaling = Scaling(
            bytes=input_dtype == "uint8", given=input_normalization, answers=output_normalization
        )

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
        classes = self.task == "classification"
        recipe = declare(hp, self.start, self.batch_range, classes=classes)
        return recipe, self.network(hp)

    def build(self, hp: HyperParameters) -> Any:
        """The compiled Keras model; labels are one-hot, amounts as they are.

        Raises:
            ValueError: The configuration cannot be built.
        """
        from search_spaces.keras_model import to_keras  # sizes need no backend

        recipe, network = self.describe(hp)
        classes = self.task == "classification"
        model = to_keras(network, self.scaling, classes=classes)
        spread = None if classes else self.scaling.spread
        compile_model(model, recipe, self.train_size, self.horizon, spread=spread)
        return model

    def measure(self, values: Mapping[str, Any]) -> Cost:
        """What the model of a configuration costs, in closed form, in well under a millisecond.

        Args:
            values: Hyperparameters by name; a missing one takes its default, others are ignored.

        Raises:
            ValueError: The configuration cannot be built.
        """
        return self.network(_Given(values)).cost


def _require_image(shape: Any) -> None:
    """Refuses what is no image.

    Raises:
        ValueError: It has several inputs, or not three axes.
    """
    if isinstance(shape, Mapping):
        raise ValueError(
            "input_shape must be (height, width, channels) of one image, but there are the inputs "
            f"{', '.join(shape)}: write a space of your own for several."
        )
    if len(shape) != 3 or min(shape) < 1:
        hint = ""
        if len(shape) == 2:
            hint = " Where these are images of one channel, save x[..., None]."
        raise ValueError(f"input_shape must be (height, width, channels), got {shape}.{hint}")


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
