"""Matplotlib figures as SVG inside a page, in the page's own colours."""

from __future__ import annotations

import io
import itertools
import re
import threading
import warnings

import matplotlib as mpl
from matplotlib.figure import Figure

from analysis.figures import style
from analysis.report.html import Content, Markup, element, paragraph, scrolling

COLOURS = {
    style.INK: "currentColor",
    style.PAPER: "var(--paper)",
    style.FAINT: "var(--faint)",
    style.BLUE: "var(--blue)",
    style.ORANGE: "var(--orange)",
    style.GREEN: "var(--green)",
    style.VERMILION: "var(--vermilion)",
    style.PURPLE: "var(--purple)",
    style.SKY: "var(--sky)",
    style.GREY: "var(--grey)",
}
"""What the page shows instead: a dark page needs lighter colours."""

_NUMBER = itertools.count(1)
_LOCK = threading.Lock()
_STYLE = re.compile(r'style="[^"]*"')
_HEX = re.compile("|".join(COLOURS))
_PATH = re.compile(r' d="[^"]*"')
_LONG = re.compile(r"(-?\d+\.\d)\d+")
_ID = re.compile(r'(\bid="|href="#|url\(#)')
_DROP = re.compile(r"<!--.*?-->|<metadata>.*?</metadata>", re.DOTALL)
_OPEN = re.compile(r"<svg [^>]*?viewBox=\"([^\"]*)\"[^>]*>", re.DOTALL)


def inline(figure: Figure, title: str, *caption: Content) -> Markup:
    """The figure in the page, with a title for those who cannot see it, and a caption.

    A figure that only says why there is none becomes a paragraph, which fits every screen.
    """
    if (why := style.said(figure)) is not None:
        return paragraph(why, class_="quiet")
    drawn = _svg(figure)
    box = _OPEN.search(drawn)
    assert box is not None, "matplotlib writes a viewBox"
    inside = drawn[box.end() : drawn.rindex("</svg>")]
    width = float(box[1].split()[2])
    opened = Markup(
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="{box[1]}" role="img" style="max-width:{width * 4 / 3:.0f}px">'
    )
    picture = Markup(f"{opened}{element('title', title)}{inside}</svg>")
    scroll = scrolling(picture, class_="figure")
    text = element("figcaption", *caption) if caption else Markup("")
    return element("figure", scroll, text)


def _svg(figure: Figure) -> str:
    """The figure's SVG: text as text, the page's colours, ids of its own, short numbers."""
    out = io.StringIO()
    # Settings and warning filters are the process's, not the figure's.
    with _LOCK, mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "tuner"}):
        with warnings.catch_warnings():
            # The reader's fonts draw the text, so what matplotlib's lack does not matter.
            warnings.filterwarnings("ignore", r"Glyph \d+", UserWarning)
            figure.savefig(out, format="svg", dpi=144, metadata={"Date": None}, facecolor="none")
        prefix = f"f{next(_NUMBER)}-"
    drawn = _DROP.sub("", out.getvalue())
    drawn = _STYLE.sub(lambda m: _HEX.sub(lambda c: COLOURS[c[0]], m[0]), drawn)
    drawn = _PATH.sub(lambda m: _LONG.sub(r"\1", m[0]), drawn)
    return _ID.sub(lambda m: m[1] + prefix, drawn)
