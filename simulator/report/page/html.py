"""The HTML writer: one file that needs nothing else and lets nothing else in."""

from __future__ import annotations

from collections.abc import Callable

from simulator.report.page.document import Block, Bullets, Chart, KeyFigure, Listing, Page, Paragraph, Section, Table
from simulator.report.page.html_chart import chart_html
from simulator.report.page.html_table import table_html
from simulator.report.page.markup import Markup, element
from simulator.report.page.theme import content_security_policy, script, style_sheet


def html(page: Page) -> str:
    """The page as one HTML text, the same for the same page."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=content_security_policy()),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", f"{page.title} - inferplan {page.kind} report"),
        element("style", style_sheet()),
    )
    body = element(
        "body",
        element("a", "Skip to the summary", href="#summary", class_="skip"),
        _header(page),
        element("main", _summary(page), *(_section(one, _name(i)) for i, one in enumerate(page.sections, start=1))),
        element("footer", element("p", "Made by inferplan from the files beside this page. report.md is its twin.")),
        element("div", id="tip", class_="tip", role="status", aria_live="polite", hidden=True),
        element("script", script()),
    )
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def _name(index: int) -> str:
    return f"section-{index}"


def _header(page: Page) -> Markup:
    links = [("summary", "Summary")] + [(_name(i), one.title) for i, one in enumerate(page.sections, start=1)]
    items = [element("li", element("a", title, href=f"#{name}")) for name, title in links]
    toggle = element("button", "Dark", type="button", id="theme", class_="theme", aria_pressed="false", hidden=True)
    return element(
        "header",
        element("div", element("p", f"inferplan {page.kind} report", class_="kind"), toggle, class_="top"),
        element("h1", page.title),
        element("nav", element("ul", *items), aria_label="Sections"),
    )


def _summary(page: Page) -> Markup:
    parts = (("Asked", page.asked), ("Answer", page.answer), ("How sure", page.confidence))
    entries = [
        element("div", element("dt", name), element("dd", text), class_=name.lower().replace(" ", "-"))
        for name, text in parts
    ]
    tiles = [element("li", *_tile(figure), class_=_tile_class(figure)) for figure in page.figures]
    return element(
        "section",
        element("h2", "Executive summary", id="summary-title"),
        element("dl", *entries),
        element("ul", *tiles, class_="tiles") if tiles else None,
        id="summary",
        class_="summary",
        aria_labelledby="summary-title",
    )


def _tile(figure: KeyFigure) -> list[Markup]:
    unit = element("span", f" {figure.unit}", class_="unit") if figure.unit else None
    value = element("span", element("strong", figure.value), unit, class_="value")
    note = [element("span", figure.note, class_="note")] if figure.note else []
    return [element("span", figure.label, class_="name"), value, *note]


def _tile_class(figure: KeyFigure) -> str | None:
    """Words are set smaller than figures."""
    return None if any(sign.isdigit() for sign in figure.value) else "words"


def _section(section: Section, name: str) -> Markup:
    heading = element("h2", section.title, id=f"{name}-title")
    blocks = [_block(block, f"{name}-{index}") for index, block in enumerate(section.blocks, start=1)]
    return element("section", heading, *blocks, id=name, aria_labelledby=f"{name}-title")


def _block(block: Block, name: str) -> Markup:
    return _WRITERS[type(block)](block, name)


def _paragraph(block: Paragraph, _: str) -> Markup:
    return element("p", block.text)


def _bullets(block: Bullets, _: str) -> Markup:
    return element("ul", *(element("li", text) for text in block.texts))


def _listing(block: Listing, name: str) -> Markup:
    code = element("pre", element("code", block.text), tabindex=0, role="region", aria_labelledby=f"{name}-caption")
    caption: dict[str, str] = {"class_": "caption", "id": f"{name}-caption"}
    if block.folded:
        return element("details", element("summary", block.caption, **caption), code, class_="listing")
    return element("div", element("p", block.caption, **caption), code, class_="listing")


_WRITERS: dict[type, Callable[..., Markup]] = {
    Table: table_html,
    Chart: chart_html,
    Paragraph: _paragraph,
    Bullets: _bullets,
    Listing: _listing,
}
