"""HTML pages as their reader's browser takes them."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "br", "image", "path", "use", "rect"}


class Page(HTMLParser):
    """A page's elements, text by heading, and whether every element is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.names: list[str] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.words: list[str] = []
        self.feed(page)
        assert self.stack == []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.names.append(tag)
        self.ids += [given["id"]] if "id" in given else []
        self.targets += [v for k, v in attrs if k in ("href", "xlink:href", "src")]
        if tag not in ("meta",):
            self.stack.append(tag)
        assert not [k for k in given if k.startswith("on")]

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if self.stack and self.stack[-1] == tag:
            self.stack.pop()

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        if not {"style", "svg"} & set(self.stack):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).replace("\xa0", " ").split())
