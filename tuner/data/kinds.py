"""What an example is: its shape in words, and what may be done to it in training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class ImageKind:
    """An image: uint8, [height, width, channels].

    Attributes:
        shape: Height, width and channels.
    """

    name: ClassVar[str] = "image"
    plural: ClassVar[str] = "images"
    augmentations: ClassVar[tuple[str, ...]] = ("flip", "shift", "cutout")
    """Hyperparameters that change examples of this kind, anew in each epoch."""

    shape: tuple[int, int, int]

    def described(self) -> str:
        """Such as ``32x32 with 3 channels``."""
        height, width, channels = self.shape
        return f"{height}x{width} with {channels} channel{'s' if channels > 1 else ''}"
