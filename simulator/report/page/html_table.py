"""A table as HTML: caption, headings that sort, figures that line up at the decimal point."""

from __future__ import annotations

import re
from itertools import pairwise

from simulator.report.page.document import Cell, Column, Table
from simulator.report.page.markup import Markup, element, joined
from simulator.report.page.numbers import NOTHING, cell_text, is_numeric, sort_value, split_decimals

FEWEST_SORTED = 3
"""Rows from which on a table can be sorted."""

FIGURE = re.compile(r"-?[\d,]+(\.\d+)?(e[-+]\d+)?")
"""Texts that are one number, unlike ranges; their values go to CSV, of others the text."""

MANY = 9
"""Columns above which a table is printed smaller."""

SHORT = 36
"""Letters of a text that is kept on one line on a screen."""

LONGEST_WORD = 30
"""Letters of a word that a column is made wide for."""

MOST_DECIMALS = 6
"""Decimals that a column lines up; the style sheet knows as many."""


def table_html(table: Table, name: str) -> Markup:
    """The table in a box of its own that scrolls when it is too wide or too long; ``name`` makes its ids unique."""
    rows = [list(row) for row in table.rows]
    numeric = [bool(rows) and is_numeric(index, rows) for index in range(len(table.columns))]
    texts = [[cell_text(cell, column) for cell, column in zip(row, table.columns, strict=True)] for row in rows]
    decimals = [
        max((len(split_decimals(row[index])[1]) for row in texts), default=0) if numeric[index] else 0
        for index in range(len(table.columns))
    ]
    head = [
        _heading(column, sortable=len(rows) >= FEWEST_SORTED, numeric=number)
        for column, number in zip(table.columns, numeric, strict=True)
    ]
    body = [
        element(
            "tr",
            *(
                _cell(*cell, index)
                for index, cell in enumerate(zip(row, shown, table.columns, numeric, decimals, strict=True))
            ),
        )
        for row, shown in zip(rows, texts, strict=True)
    ]
    label = f"{name}-caption"
    whole = element(
        "table",
        element("caption", table.caption, id=label),
        element("thead", element("tr", *head)),
        element("tbody", *body),
    )
    box = element("div", whole, class_="scroll", role="region", aria_labelledby=label, tabindex=0)
    note = element("p", table.note, class_="note") if table.note else None
    return element("div", box, note, class_="table many" if len(table.columns) > MANY else "table", id=name)


def _heading(column: Column, *, sortable: bool, numeric: bool) -> Markup:
    unit = element("span", _breakable(f"({column.unit})"), class_="unit") if column.unit else None
    inside = [_breakable(column.name), " " if unit else None, unit]
    class_ = "number" if numeric else None
    if not sortable:
        return element("th", *inside, scope="col", class_=class_)
    button = element("button", *inside, type="button", class_="sort")
    return element("th", button, scope="col", aria_sort="none", class_=class_)


def _breakable(words: str) -> Markup:
    """A heading that may be broken after the dots of a key; on paper after its underscores, a unit's strokes, too."""
    parts = re.split(r"(?<=[_./])(?=\w)", words)
    pieces: list[str | Markup] = [parts[0]]
    for before, part in pairwise(parts):
        pieces += [element("wbr", class_=None if before.endswith(".") else "on-paper"), part]
    return joined(pieces)


def _cell(cell: Cell, shown: str, column: Column, numeric: bool, decimals: int, index: int) -> Markup:
    value = sort_value(cell)
    data = None if value is None else f"{value:.10g}"
    text: str | Markup = shown
    figure = FIGURE.fullmatch(shown) is not None
    if numeric and decimals and figure:
        text = _aligned(shown, decimals)
    classes = [
        name
        for name, holds in (
            ("number", numeric),
            ("wraps", column.wraps),
            ("long", _is_long(shown)),
            ("short", len(shown) <= SHORT),
        )
        if holds
    ]
    class_ = " ".join(classes) or None
    if index == 0:
        return element("th", text, scope="row", class_=class_, data_v=data)
    spoken = element("span", "no value", class_="hidden") if cell is None else None
    if spoken is not None:
        return element(
            "td", element("span", NOTHING, aria_hidden="true"), spoken, class_=f"{class_ or ''} none".strip()
        )
    return element("td", text, class_=class_, data_v=data, data_text=value is not None and not figure)


def _is_long(shown: str) -> bool:
    """Whether a word would stretch its column: it is broken anywhere then."""
    return max(map(len, shown.split()), default=0) > LONGEST_WORD


def _aligned(shown: str, decimals: int) -> Markup:
    """The part from the point on takes the room of the column's longest one."""
    whole, rest = split_decimals(shown)
    room = min(decimals - 1, MOST_DECIMALS)
    return Markup(element("span", whole) + element("span", rest, class_=f"d d{room}"))
