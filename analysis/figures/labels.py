"""Labels beside points and lines, each put where it hides least."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.path import Path
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox

from analysis.figures import style


@dataclass(frozen=True)
class Place:
    """Where a label may stand, seen from what it names."""

    x: float
    """Points to the right."""
    y: float
    """Points upwards."""
    ha: str
    va: str


BESIDE_A_POINT = (
    *(Place(4, y, "right", "bottom") for y in (6, 16, 26)),
    *(Place(-4, y, "left", "bottom") for y in (6, 16, 26)),
    *(Place(4, y, "right", "top") for y in (-6, -16, -26)),
    *(Place(-4, y, "left", "top") for y in (-6, -16, -26)),
    *(Place(-8, y, "right", "center") for y in (0, 8, -8)),
    *(Place(8, y, "left", "center") for y in (0, 8, -8)),
)
"""The best first."""
CLEAR = 3.0
"""Pixels that a label keeps off the edges of the axes."""
ALONG_A_LINE = (Place(0, 4, "left", "bottom"), Place(0, -4, "left", "top"))


def add(axes: Axes, label: str, at: tuple[float, float], size: float = 7.5) -> Annotation:
    """A label for the point `at`, to be put into its place by `settle`."""
    return axes.annotate(
        label, at, xytext=(0, 0), textcoords="offset points", fontsize=size, color=style.INK
    )


def settle(axes: Axes, labels: Iterable[tuple[Annotation, Sequence[Place]]]) -> None:
    """Puts each label into that of its places where it hides least, the nearest of those.

    Another label is hidden last, then marks, then lines. Call it when everything else is drawn
    and the axes have their limits.
    """
    given = list(labels)
    figure = axes.get_figure(root=True)
    if not given or figure is None:
        return
    for label, _ in given:
        label.set_in_layout(False)  # or the axes would move again with each place
    figure.draw_without_rendering()  # only then the axes know where on the page they are
    marks, lines = list(_marks(axes)), list(_lines(axes))
    room, taken = axes.get_window_extent().padded(-CLEAR), list[Bbox]()
    for label, places in given:
        scores = [
            _cost(_moved(label, p), room, taken, marks, lines) + abs(p.y) / 20 for p in places
        ]
        taken.append(_moved(label, places[scores.index(min(scores))]))


def _moved(label: Annotation, place: Place) -> Bbox:
    label.xyann = (place.x, place.y)
    label.set(ha=place.ha, va=place.va)
    return label.get_window_extent()


def _cost(
    box: Bbox, room: Bbox, taken: Sequence[Bbox], marks: Sequence[Bbox], lines: Sequence[Path]
) -> float:
    """What a label hides or leaves at a place: another label or itself is worst, a line least."""
    outside = box.x0 < room.x0 or box.x1 > room.x1 or box.y0 < room.y0 or box.y1 > room.y1
    hidden = sum(box.overlaps(mark) for mark in marks)
    crossed = sum(line.intersects_bbox(box, filled=False) for line in lines)
    over = outside + sum(map(box.overlaps, taken))
    return float(1000 * over + 3 * hidden + 2 * crossed)


def _marks(axes: Axes) -> Iterator[Bbox]:
    """The boxes of all markers, in pixels."""
    figure = axes.get_figure(root=True)
    dots = 1.0 if figure is None else figure.dpi / 72
    for some in axes.collections:
        if isinstance(some, PathCollection):
            sizes = some.get_sizes()
            places = some.get_offset_transform().transform(some.get_offsets())
            for i, (x, y) in enumerate(places):
                half = dots * math.sqrt(sizes[i % len(sizes)]) / 2
                yield Bbox([[x - half, y - half], [x + half, y + half]])


def _lines(axes: Axes) -> Iterator[Path]:
    """All lines and curves, in pixels."""
    for line in axes.lines:
        yield line.get_transform().transform_path(line.get_path())
    for some in axes.collections:
        if not isinstance(some, PathCollection):
            for path in some.get_paths():
                yield some.get_transform().transform_path(path)
