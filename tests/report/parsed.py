"""An HTML page taken apart with the standard library's parser."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "br", "wbr", "hr", "line", "path", "rect", "circle"}


@dataclass
class Element:
    """A start tag, its attributes, and all text inside it."""

    name: str
    attributes: dict[str, str | None]
    text: str = ""
    inside: tuple[str, ...] = ()


@dataclass
class Parsed(HTMLParser):
    """Elements in order; tags that do not close what was opened are an error."""

    elements: list[Element] = field(default_factory=list)
    _open: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    @classmethod
    def of(cls, html: str) -> Parsed:
        """Parse a whole page."""
        page = cls()
        page.feed(html)
        page.close()
        assert not page._open, [one.name for one in page._open]
        return page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), (tag, names)
        found = Element(tag, dict(attrs), inside=tuple(one.name for one in self._open))
        self.elements.append(found)
        if tag not in VOID:
            self._open.append(found)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, dict(attrs), inside=tuple(one.name for one in self._open)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open, tag
        assert self._open.pop().name == tag

    def handle_data(self, data: str) -> None:
        for one in self._open:
            one.text += data

    def all(self, *names: str) -> list[Element]:
        """Elements of these names."""
        return [one for one in self.elements if one.name in names]

    def tables(self) -> list[list[list[str]]]:
        """Every table as rows of cell texts, headings first."""
        rows: list[list[list[str]]] = []
        for one in self.elements:
            if one.name == "table":
                rows.append([])
            elif one.name == "tr":
                rows[-1].append([])
            elif one.name in ("td", "th"):
                rows[-1][-1].append(one.text)
        return rows
