"""A data set as the rest of the project sees it: names, sizes and lazily opened arrays."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuner.data.kinds import ImageKind
from tuner.errors import DataError

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]

LEARN_IMAGES, LEARN_LABELS = "learn_images.npy", "learn_labels.npy"
TEST_IMAGES, TEST_LABELS = "test_images.npy", "test_labels.npy"


@dataclass(frozen=True)
class DataSet:
    """One cached data set, split into training, validation and test images.

    Picklable and small: the arrays are opened where they are asked for.

    Attributes:
        name: A builtin's name, or the stem of the file or folder.
        source: What the user gave.
        hash: SHA-256 in hex of all decoded arrays and the class names, in the source's order, so
            it does not depend on the split's seed.
        classes: Class names in label order.
        image_shape: Height, width and channels (1 or 3).
        train_size: Number of training images.
        validation_size: Number of validation images.
        test_size: Number of test images.
        folder: The cache folder that holds the arrays.
        shared: Number of test images that are training or validation images as well.
        notes: What its user should know of how it was read, a sentence each.
        relabel: Whether its classes were numbered anew, from 0.
    """

    name: str
    source: str
    hash: str
    classes: tuple[str, ...]
    image_shape: tuple[int, int, int]
    train_size: int
    validation_size: int
    test_size: int
    folder: Path
    shared: int = 0
    notes: tuple[str, ...] = ()
    relabel: bool = False

    @property
    def kind(self) -> ImageKind:
        """What an example is."""
        return ImageKind(self.image_shape)

    def reference(self, seed: int) -> dict[str, Any]:
        """For another process, perhaps on another machine: what `tuner.data.open_again` takes.

        Args:
            seed: Of its split.
        """
        fields = {"source": self.source, "content": self.hash, "seed": seed}
        return fields | ({"relabel": True} if self.relabel else {})

    def train(self) -> tuple[Images, Labels]:
        """Training images, uint8 [n, h, w, c] memory-mapped, and their labels, int64 [n].

        Raises:
            DataError: The cached arrays are gone.
        """
        images, labels = self._open(LEARN_IMAGES, LEARN_LABELS)
        return images[: self.train_size], labels[: self.train_size]

    def validation(self) -> tuple[Images, Labels]:
        """Validation images, uint8 [n, h, w, c] memory-mapped, and their labels, int64 [n].

        Raises:
            DataError: The cached arrays are gone.
        """
        images, labels = self._open(LEARN_IMAGES, LEARN_LABELS)
        return images[self.train_size :], labels[self.train_size :]

    def learning(self) -> tuple[Images, Labels]:
        """Training and validation images together, as `train` gives them.

        Raises:
            DataError: The cached arrays are gone.
        """
        return self._open(LEARN_IMAGES, LEARN_LABELS)

    def largest_class(self) -> tuple[str, float]:
        """The class of most training and validation images, and its share of them.

        The share is the accuracy of a model that has learnt nothing else.

        Raises:
            DataError: The cached arrays are gone.
        """
        counts = np.bincount(self.learning()[1], minlength=len(self.classes))
        return self.classes[int(counts.argmax())], float(counts.max() / counts.sum())

    def test(self) -> tuple[Images, Labels]:
        """Test images, uint8 [n, h, w, c] memory-mapped, and their labels, int64 [n].

        The only way to the test images: nothing else opens their file.

        Raises:
            DataError: The cached arrays are gone.
        """
        return self._open(TEST_IMAGES, TEST_LABELS)

    def _open(self, images: str, labels: str) -> tuple[Any, Any]:
        try:
            return np.load(self.folder / images, mmap_mode="r"), np.load(self.folder / labels)
        except (OSError, ValueError) as error:
            raise DataError(
                f"The cached arrays of {self.name} in {self.folder} cannot be read ({error}): "
                "start again to decode the data set anew."
            ) from error
