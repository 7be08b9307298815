"""Small models on CIFAR-10 that others published, and some measured for this project.

Accuracies are on the test images, as their sources state them. The trainings differ in epochs,
augmentation and tuning, so these points say where a study stands, not who is better.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CLASSES = frozenset(
    "airplane automobile bird cat deer dog frog horse ship truck".split()  # noqa: SIM905
)
HERE = "measured for this project: one run, Adam, linearly decaying rate"


@dataclass(frozen=True)
class Point:
    """A model that was trained on CIFAR-10."""

    name: str
    size: int
    """Parameters."""
    accuracy: float
    """On the test images, a fraction."""
    epochs: int
    source: str
    published: bool = True
    """False for what this project measured itself."""
    remark: str = ""


POINTS: tuple[Point, ...] = (
    Point(
        "depthwise-separable, 4 widths",
        7_578,
        0.755,
        30,
        "github.com/Rome-1/tiny-cifar",
        remark="75 to 76 %; drawn in the middle",
    ),
    Point("µNAS", 11_400, 0.865, 130, "arXiv 2010.14246"),
    Point(
        "ResNet-8, MLPerf Tiny",
        78_186,
        0.85,
        500,
        "github.com/mlcommons/tiny",
        remark="the benchmark's target",
    ),
    Point("dense, 16 units", 49_338, 0.459, 25, HERE, published=False),
    Point("dense, 12 units", 37_006, 0.436, 25, HERE, published=False),
    Point("convolutions 8, 16", 1_586, 0.569, 25, HERE, published=False, remark="crop and flip"),
    Point("convolutions 16, 24", 4_218, 0.620, 25, HERE, published=False, remark="crop and flip"),
    Point(
        "convolutions 8, 12, 16", 3_050, 0.634, 25, HERE, published=False, remark="crop and flip"
    ),
    Point("separable ResNet 8-16-32", 4_266, 0.727, 25, HERE, published=False, remark="untuned"),
    Point("ResNet 4-8-16", 5_166, 0.675, 25, HERE, published=False),
    Point("ResNet 6-10-18", 7_364, 0.708, 25, HERE, published=False),
)


def is_cifar10(data: Mapping[str, Any]) -> bool:
    """Whether a study's data set, as it is stored, is CIFAR-10: by name, or by its classes."""
    classes = {str(c).lower() for c in data.get("classes", ())}
    shape = list(data.get("image_shape", ()))
    return data.get("name") == "cifar10" or (shape == [32, 32, 3] and classes == CLASSES)
