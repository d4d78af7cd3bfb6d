"""Numbers of a table's cells as text, the same in both writers."""

from __future__ import annotations

import math
from collections.abc import Iterable

from simulator.report.page.document import Cell, Column, Shown

NOTHING = "–"
"""Printed for a figure that does not exist."""


def cell_text(cell: Cell, column: Column) -> str:
    """The text of a cell: numbers to the column's significant digits, thousands separated."""
    if cell is None:
        return NOTHING
    if isinstance(cell, Shown):
        return cell.text
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return number(cell, column.digits)


def number(value: float, digits: int = 3) -> str:
    """``1,786``, ``42.4``, ``7.84``, ``0.0267``: whole above its digits, never as ``1.8e+03``."""
    if isinstance(value, int):
        return f"{value:,}"
    if not math.isfinite(value):
        return "inf" if value > 0 else "-inf" if value < 0 else NOTHING
    if value == 0:
        return "0"
    if abs(value) < 1e-4:
        return f"{value:.{digits - 1}e}"
    exponent = math.floor(math.log10(abs(float(f"{value:.{digits - 1}e}"))))
    return f"{value:,.{max(0, digits - 1 - exponent)}f}"


def sort_value(cell: Cell) -> float | None:
    """What a cell is sorted by; None for texts and for nothing."""
    if isinstance(cell, Shown):
        return cell.value
    if isinstance(cell, str) or cell is None:
        return None
    value = float(cell)
    return value if math.isfinite(value) else None


def is_numeric(cells: Iterable[Cell]) -> bool:
    """Whether a column holds figures: there are some, and every cell that is there is one."""
    there = [cell for cell in cells if cell is not None]
    return bool(there) and all(sort_value(cell) is not None for cell in there)


def split_decimals(text: str) -> tuple[str, str]:
    """``("7", ".84")``: what stands before and from the decimal point on, for figures that line up."""
    whole, point, rest = text.partition(".")
    return (whole, point + rest) if point and rest.isdigit() else (text, "")
