"""A data set as the rest of the project sees it: names, sizes and lazily opened arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from tuner.data.kinds import Kind
from tuner.errors import DataError
from tuner.objectives.tasks import Task

if TYPE_CHECKING:
    from tuner.data.streams import Streams

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]
Amounts = NDArray[np.float32]
Examples = NDArray[Any] | Mapping[str, NDArray[Any]]
"""An array [n, ...], or several by name."""
Answers = NDArray[Any]
"""`Labels` [n] of a classification, `Amounts` [n] or [n, k] of a regression."""
PartName = Literal["train", "validation", "learning", "test"]

LEARN, TEST = "learn", "test"
"""How the files of the training and validation part begin, and those of the test part."""


def x_file(part: str, number: int = 0) -> str:
    """The file of a part's examples, or of one of several inputs by its number."""
    return f"{part}_images{f'-{number}' if number else ''}.npy"


def y_file(part: str, number: int = 0) -> str:
    """The file of a part's answers, or of those of another output by its number."""
    return f"{part}_labels{f'-{number}' if number else ''}.npy"


def weights_file(part: str) -> str:
    """The file of a part's weights."""
    return f"{part}_weights.npy"


@dataclass(frozen=True)
class DataSet:
    """One cached data set, split into training, validation and test examples.

    Picklable and small: the arrays are opened where they are asked for.

    Attributes:
        name: A builtin's name, or the stem of the file or folder.
        source: What the user gave.
        hash: SHA-256 in hex of all decoded arrays and the class names, in the source's order, so
            it does not depend on the split's seed; of a pipeline, what the user's function says.
        classes: Class names in label order; none where the answers are amounts.
        kind: What an example is.
        train_size: Number of training examples.
        validation_size: Number of validation examples.
        test_size: Number of test examples.
        folder: The cache folder that holds the arrays.
        shared: Number of test examples that are training or validation examples as well.
        notes: What its user should know of how it was read, a sentence each.
        relabel: Whether its classes were numbered anew, from 0.
        task: What the answers are: classes, or amounts.
        outputs: Numbers of an answer where it is an amount; 1 where it is a class.
        own_validation: Whether the user's own validation set is the validation part.
        weighted: Whether the user says how much each example counts.
        pipeline: Whether examples come from the user's own iterators, of `streams`, because they
            do not fit into memory.
        answered: How many examples of each class each part has, by its name; or what amounts are
            like: ``low``, ``high``, ``mean``, ``deviation``. Empty where nobody has counted.
        normalization: Mean and standard deviation of each channel over the training examples, two
            lists; None for images in bytes; of several inputs by name.
        output_names: Of a model of several outputs, for which answers are dicts by these names.
            What is said here of classes and amounts is said of the first.
    """

    name: str
    source: str
    hash: str
    classes: tuple[str, ...]
    kind: Kind
    train_size: int
    validation_size: int
    test_size: int
    folder: Path
    shared: int = 0
    notes: tuple[str, ...] = ()
    relabel: bool = False
    task: Task = "classification"
    outputs: int = 1
    own_validation: bool = False
    weighted: bool = False
    pipeline: bool = False
    answered: Mapping[str, Any] = field(default_factory=dict)
    normalization: Any = None
    output_names: tuple[str, ...] = ()

    @property
    def num_outputs(self) -> int:
        """How many numbers a model gives: one a class, or those of an answer."""
        return len(self.classes) if self.task == "classification" else self.outputs

    @property
    def output_normalization(self) -> Any:
        """Mean and deviation of each number of the training answers; None of classes."""
        return self.answered.get("normalization")

    def reference(self, seed: int) -> dict[str, Any]:
        """For another process, perhaps on another machine: what `tuner.data.open_again` takes.

        Args:
            seed: Of its split.
        """
        fields = {"source": self.source, "content": self.hash, "seed": seed}
        return fields | ({"relabel": True} if self.relabel else {})

    def train(self) -> tuple[Any, Any]:
        """Training examples, memory-mapped [n, ...] or a dict of such, and their answers.

        Raises:
            DataError: The cached arrays are gone, or it is a pipeline.
        """
        x, y = self.learning()
        rows = slice(None, self.train_size)
        return some(x, rows), some(y, rows)

    def validation(self) -> tuple[Any, Any]:
        """Validation examples and their answers, as `train` gives them.

        Raises:
            DataError: The cached arrays are gone, or it is a pipeline.
        """
        x, y = self.learning()
        rows = slice(self.train_size, None)
        return some(x, rows), some(y, rows)

    def learning(self) -> tuple[Any, Any]:
        """Training and validation examples together, as `train` gives them.

        Raises:
            DataError: The cached arrays are gone, or it is a pipeline.
        """
        return self._open(LEARN)

    def test(self) -> tuple[Any, Any]:
        """Test examples and their answers, as `train` gives them.

        The only way to the test examples: nothing else opens their file.

        Raises:
            DataError: The cached arrays are gone, or it is a pipeline.
        """
        return self._open(TEST)

    def answers(self, part: PartName) -> Answers:
        """The answers of a part alone, also of a pipeline; of several outputs the first's.

        Raises:
            DataError: The cached arrays are gone.
        """
        found: Answers = self._cut(part, self._load(y_file(TEST if part == "test" else LEARN)))
        return found

    def weights(self, part: PartName) -> NDArray[np.float32] | None:
        """How much each example of a part counts, float32 [n]; None: all the same.

        Raises:
            DataError: The cached arrays are gone.
        """
        if not self.weighted:
            return None
        file = weights_file(TEST if part == "test" else LEARN)
        found: NDArray[np.float32] = self._cut(part, self._load(file))
        return found

    def streams(self) -> Streams:
        """The user's own iterators of a pipeline; imports what they need, so only in a worker.

        Raises:
            DataError: It is no pipeline, or the user's function does not work here.
        """
        from tuner.data.streams import streams_of

        return streams_of(self.source)

    def largest_class(self) -> tuple[str, float]:
        """The class of most training and validation examples, and its share of them.

        The share is the accuracy of a model that has learnt nothing else.

        Raises:
            DataError: The cached arrays are gone.
        """
        counts = np.bincount(self.answers("learning"), minlength=len(self.classes))
        return self.classes[int(counts.argmax())], float(counts.max() / counts.sum())

    def _cut(self, part: PartName, array: Any) -> Any:
        if part == "train":
            return array[: self.train_size]
        return array[self.train_size :] if part == "validation" else array

    def _open(self, part: str) -> tuple[Any, Any]:
        if self.pipeline:
            raise DataError(f"{self.name} is read by its own iterators, not as arrays.")
        shape = self.kind.shape
        y: Any = self._load(y_file(part))
        if self.output_names:
            first, *others = self.output_names
            y = {first: y} | {n: self._load(y_file(part, i)) for i, n in enumerate(others, 1)}
        if not isinstance(shape, dict):
            return self._load(x_file(part), mapped=True), y
        files = {name: x_file(part, number) for number, name in enumerate(shape, 1)}
        return {name: self._load(file, mapped=True) for name, file in files.items()}, y

    def _load(self, file: str, *, mapped: bool = False) -> NDArray[Any]:
        try:
            found: NDArray[Any] = np.load(self.folder / file, mmap_mode="r" if mapped else None)
        except (OSError, ValueError) as error:
            raise DataError(
                f"The cached arrays of {self.name} in {self.folder} cannot be read ({error}): "
                "start again to decode the data set anew."
            ) from error
        return found


def some(x: Any, rows: Any) -> Any:
    """The examples of some rows, or of a slice: of an array, or of each of several by name."""
    return {name: a[rows] for name, a in x.items()} if isinstance(x, Mapping) else x[rows]
