"""Columns of words in a table of measurements, empty cells included."""

from __future__ import annotations

import pandas as pd


def words(rows: pd.DataFrame, column: str) -> pd.Series:
    """A column as text, "" where a cell is empty (pandas reads a column of empty cells as numbers)."""
    cells = rows[column].astype(object)
    return cells.where(cells.notna(), "").astype(str)
