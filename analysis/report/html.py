"""HTML in which every string is escaped unless it was made here."""

from __future__ import annotations

import html
import re
import shlex
from collections.abc import Iterable, Sequence
from importlib import resources

Content = str | int | float

ON_A_PHONE = 40
"""Characters of a table that fit the narrowest screens, with two between columns."""


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def escape(raw: object) -> Markup:
    """Any text as HTML shows it; what no HTML may hold is replaced."""
    if isinstance(raw, Markup):
        return raw
    kept = (
        c if c.isprintable() or c in "\n\t\xa0" else "\N{REPLACEMENT CHARACTER}" for c in str(raw)
    )
    # A number and its sign stay on one line.
    return Markup(html.escape("".join(kept)).replace(" %", "&nbsp;%"))


def element(name: str, *children: Content, **attributes: str) -> Markup:
    """An element; ``class_`` stands for ``class``, other underscores for hyphens."""
    given = (
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(text)}"'
        for key, text in attributes.items()
    )
    return Markup(f"<{name}{''.join(given)}>{join(children)}</{name}>")


def join(children: Iterable[Content]) -> Markup:
    """The children one after the other."""
    return Markup("".join(escape(c) for c in children))


def paragraph(*children: Content, class_: str = "") -> Markup:
    """A paragraph."""
    return element("p", *children, **({"class_": class_} if class_ else {}))


def table(
    header: Sequence[Content], rows: Iterable[Sequence[Content]], numbers: Sequence[int] = ()
) -> Markup:
    """A table that scrolls sideways inside its own box; columns in `numbers` are set right."""
    rows = [tuple(row) for row in rows]

    def line(cells: Sequence[Content], kind: str) -> Markup:
        return element(
            "tr",
            *(
                element(kind, c, **({"class_": "number"} if i in numbers else {}))
                for i, c in enumerate(cells)
            ),
        )

    head = element("thead", line(header, "th"))
    body = element("tbody", *(line(r, "td") for r in rows))
    # Headings break between words on a narrow screen, cells do not.
    least = [max(escape(h).split(), key=len, default="") for h in header]
    wide = _characters([least, *rows]) > ON_A_PHONE
    return scrolling(element("table", head, body), hint=wide)


def _characters(rows: Sequence[Sequence[Content]]) -> int:
    """How wide a table is, about: its longest cells, and two characters between columns."""
    texts = [[html.unescape(re.sub("<[^>]*>", "", escape(c))) for c in row] for row in rows]
    return sum(2 + max(map(len, column)) for column in zip(*texts, strict=True))


def scrolling(content: Content, *, hint: bool = True, class_: str = "") -> Markup:
    """What may be wider than the page, in a box that scrolls; `hint`: a line says so on a phone."""
    said = paragraph("wider than the screen: scroll sideways →", class_="sideways")
    # In the order of the keyboard, so that it can be scrolled without a mouse.
    box = element("div", content, class_=f"scroll {class_}".strip(), tabindex="0")
    return join([said, box]) if hint else box


def facts(rows: Iterable[tuple[Content, Content]]) -> Markup:
    """Names and what they stand for."""
    pairs = [element("div", element("dt", n), element("dd", v)) for n, v in rows]
    return element("dl", *pairs)


def command(*arguments: str) -> Markup:
    """What to type."""
    return element("code", shlex.join(["tuner", *arguments]))


def section(title: str, *children: Content, id_: str = "") -> Markup:
    """A section under a heading."""
    attributes = {"id_": id_} if id_ else {}
    return element("section", element("h2", title), *children, **attributes)


def page(title: str, *body: Content) -> str:
    """A whole page that needs nothing but itself."""
    style = resources.files("analysis.report").joinpath("style.css").read_text(encoding="utf-8")
    head = join(
        [
            Markup('<meta charset="utf-8">'),
            Markup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
            Markup('<meta name="color-scheme" content="light dark">'),
            # Nothing of a page may be fetched or run, whatever a name in it says.
            Markup(
                '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
                "style-src 'unsafe-inline'; img-src data:\">"
            ),
            element("title", title),
            element("style", Markup(style)),
        ]
    )
    main = element("body", element("main", *body))
    return f'<!doctype html>\n<html lang="en">{element("head", head)}{main}</html>\n'
