"""A table as HTML: caption, headings that sort, figures that line up at the decimal point."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class _Look:
    """How a column is set. ``numeric``: all its cells are figures; ``decimals``: most of any, the point included."""

    column: Column
    numeric: bool
    decimals: int

    @classmethod
    def of(cls, column: Column, cells: list[Cell]) -> _Look:
        numeric = is_numeric(cells)
        lengths = [len(split_decimals(cell_text(cell, column))[1]) for cell in cells]
        return cls(column, numeric, max(lengths, default=0) if numeric else 0)


def table_html(table: Table, name: str) -> Markup:
    """The table in a box of its own that scrolls when it is too wide or too long; ``name`` makes its ids unique."""
    looks = [_Look.of(column, [row[place] for row in table.rows]) for place, column in enumerate(table.columns)]
    sortable = len(table.rows) >= FEWEST_SORTED
    label = f"{name}-caption"
    whole = element(
        "table",
        element("caption", table.caption, id=label),
        element("thead", element("tr", *(_heading(look, sortable=sortable) for look in looks))),
        element("tbody", *(_row(row, looks) for row in table.rows)),
    )
    box = element("div", whole, class_="scroll", role="region", aria_labelledby=label, tabindex=0)
    note = element("p", table.note, class_="note") if table.note else None
    return element("div", box, note, class_="table many" if len(table.columns) > MANY else "table", id=name)


def _heading(look: _Look, *, sortable: bool) -> Markup:
    column, class_ = look.column, "number" if look.numeric else None
    unit = element("span", _breakable(f"({column.unit})"), class_="unit") if column.unit else None
    inside = [_breakable(column.name), " " if unit else None, unit]
    if not sortable:
        return element("th", *inside, scope="col", class_=class_)
    button = element("button", *inside, type="button", class_="sort")
    return element("th", button, scope="col", aria_sort="none", class_=class_)


def _row(row: Sequence[Cell], looks: Sequence[_Look]) -> Markup:
    first, *others = zip(row, looks, strict=True)
    return element("tr", _cell(*first, "th", scope="row"), *(_cell(*other, "td") for other in others))


def _cell(cell: Cell, look: _Look, name: str, *, scope: str | None = None) -> Markup:
    """``data-v``: what it is sorted by; ``data-text``: CSV takes the text, not that."""
    if cell is None:
        dash, spoken = element("span", NOTHING, aria_hidden="true"), element("span", "no value", class_="hidden")
        return element(name, dash, spoken, scope=scope, class_=f"{_classes(NOTHING, look)} none")
    shown, value = cell_text(cell, look.column), sort_value(cell)
    figure = FIGURE.fullmatch(shown) is not None
    return element(
        name,
        _aligned(shown, look.decimals) if figure and look.decimals else shown,
        scope=scope,
        class_=_classes(shown, look) or None,
        data_v=None if value is None else f"{value:.10g}",
        data_text=value is not None and not figure,
    )


def _classes(shown: str, look: _Look) -> str:
    holds = {
        "number": look.numeric,
        "wraps": look.column.wraps,
        "long": _is_long(shown),
        "short": len(shown) <= SHORT,
    }
    return " ".join(name for name, held in holds.items() if held)


def _breakable(words: str) -> Markup:
    """A heading that may be broken after the dots of a key; on paper after its underscores, a unit's strokes, too."""
    parts = re.split(r"(?<=[_./])(?=\w)", words)
    pieces: list[str | Markup] = [parts[0]]
    for before, part in pairwise(parts):
        pieces += [element("wbr", class_=None if before.endswith(".") else "on-paper"), part]
    return joined(pieces)


def _is_long(shown: str) -> bool:
    """Whether a word would stretch its column: it is broken anywhere then."""
    return max(map(len, shown.split()), default=0) > LONGEST_WORD


def _aligned(shown: str, decimals: int) -> Markup:
    """The part from the point on takes the room of the column's longest one."""
    whole, rest = split_decimals(shown)
    room = min(decimals - 1, MOST_DECIMALS)
    return Markup(element("span", whole) + element("span", rest, class_=f"d d{room}"))
