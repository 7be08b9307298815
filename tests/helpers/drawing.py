"""Where the texts of a figure stand, as it is drawn."""

from __future__ import annotations

import itertools

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

TOUCHING = 1.0
"""Pixels by which two texts may overlap: letters do not fill their boxes."""


def shown_texts(figure: Figure) -> list[tuple[Text, Bbox]]:
    """Every text that is seen, with its box in pixels."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    unseen = _unused_ticks(figure)
    found = []
    for text in figure.findobj(mpl.text.Text):
        if text.get_visible() and text.get_text().strip() and id(text) not in unseen:
            found.append((text, text.get_window_extent(canvas.get_renderer())))
    return found


def _unused_ticks(figure: Figure) -> set[int]:
    """Labels of ticks that are not drawn: outside the axes, or of axes that are switched off."""
    unused: set[int] = set()
    for axis in (a for axes in figure.axes for a in (axes.xaxis, axes.yaxis)):
        drawn = {id(tick) for tick in axis._update_ticks() if axis.axes.axison}
        for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]:
            if id(tick) not in drawn:
                unused |= {id(tick.label1), id(tick.label2)}
    return unused


def overlapping(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of texts that lie over each other; slanted ones are left out, as their boxes are not
    theirs alone."""
    texts = shown_texts(figure)
    pairs = []
    for (one, box), (other, its) in itertools.combinations(texts, 2):
        slanted = any(t.get_rotation() % 90 for t in (one, other))
        wide = min(box.x1, its.x1) - max(box.x0, its.x0)
        high = min(box.y1, its.y1) - max(box.y0, its.y0)
        if not slanted and wide > TOUCHING and high > TOUCHING:
            pairs.append((one.get_text(), other.get_text()))
    return pairs


def cut(figure: Figure) -> list[str]:
    """Texts that the edge of the figure cuts."""
    edge = figure.bbox
    return [
        text.get_text()
        for text, box in shown_texts(figure)
        if box.x0 < edge.x0 - 1 or box.y0 < edge.y0 - 1 or box.x1 > edge.x1 + 1
        or box.y1 > edge.y1 + 1
    ]  # fmt: skip
