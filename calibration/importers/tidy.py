"""Tables already in the measurement schema, or in the tidy kernel tables it was made from: names are mapped, kernel
classes without a place are dropped by name."""

from __future__ import annotations

from pathlib import Path

from calibration.importers.imported import Imported, Selection
from calibration.importers.tables import canonical, demand, header, is_csv, read_csv
from calibration.measurements_file import check_numbers
from calibration.schema import REQUIRED


def sniff(source: Path) -> bool:
    """A CSV with the columns every measurement file has."""
    return is_csv(source) and set(REQUIRED) <= set(header(source))


def read(source: Path, wanted: Selection) -> Imported:
    """All rows of kernel classes the schema knows."""
    table = read_csv(source)
    demand(source, list(table.columns), REQUIRED)
    check_numbers(source, table)
    rows, dropped = canonical(table, wanted.device)
    return Imported(rows, dropped)
