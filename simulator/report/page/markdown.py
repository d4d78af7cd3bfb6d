"""The Markdown writer: the same sections, tables and numbers as the HTML page."""

from __future__ import annotations

import re
from collections.abc import Callable

from simulator.report.page.document import Block, Bullets, Chart, KeyFigure, Listing, Page, Paragraph, Section, Table
from simulator.report.page.markup import visible
from simulator.report.page.numbers import cell_text, is_numeric

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&])")
_STARTS = re.compile(r"^(\s*)([-+=]+|\d+[.)])(?=\s|$)")


def markdown(page: Page) -> str:
    """The page as GitHub-flavoured Markdown, the same for the same page."""
    parts = [
        f"# {plain(page.title)}",
        f"inferplan {page.kind} report",
        "## Executive summary",
        f"**Asked:** {plain(page.asked)}",
        f"**Answer:** {plain(page.answer)}",
        f"**How sure:** {plain(page.confidence)}",
        "\n".join(_figure(figure) for figure in page.figures),
        *(part for section in page.sections for part in _section(section)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def plain(text: str) -> str:
    """Text that Markdown shows as it is: no markup, no HTML, no line break."""
    line = " ".join(visible(text).split())
    return _STARTS.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", line))


def _figure(figure: KeyFigure) -> str:
    unit = f" {plain(figure.unit)}" if figure.unit else ""
    note = f" ({plain(figure.note)})" if figure.note else ""
    return f"* {plain(figure.label)}: **{plain(figure.value)}**{unit}{note}"


def _section(section: Section) -> list[str]:
    return [f"## {plain(section.title)}", *(_block(block) for block in section.blocks)]


def _block(block: Block) -> str:
    return _WRITERS[type(block)](block)


def _table(table: Table) -> str:
    numeric = [is_numeric(row[place] for row in table.rows) for place in range(len(table.columns))]
    head = _row([column.heading for column in table.columns])
    rule = "|" + "|".join("---:" if number else "---" for number in numeric) + "|"
    body = [
        _row([cell_text(cell, column) for cell, column in zip(row, table.columns, strict=True)]) for row in table.rows
    ]
    note = f"\n\n{plain(table.note)}" if table.note else ""
    return f"**{plain(table.caption)}**\n\n" + "\n".join([head, rule, *body]) + note


def _row(texts: list[str]) -> str:
    return "| " + " | ".join(plain(text) for text in texts) + " |"


def _chart(chart: Chart) -> str:
    return f"### {plain(chart.caption)}\n\n{plain(chart.description)}\n\n{_table(chart.data)}"


def _paragraph(block: Paragraph) -> str:
    return plain(block.text)


def _bullets(block: Bullets) -> str:
    return "\n".join(f"* {plain(text)}" for text in block.texts)


def _listing(block: Listing) -> str:
    text = visible(block.text).rstrip("\n")
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"**{plain(block.caption)}**\n\n{fence}text\n{text}\n{fence}"


_WRITERS: dict[type, Callable[..., str]] = {
    Table: _table,
    Chart: _chart,
    Paragraph: _paragraph,
    Bullets: _bullets,
    Listing: _listing,
}
