"""A small CSV table of ours read back."""

from __future__ import annotations

import csv
from pathlib import Path

from simulator.errors import InputError


def read_rows(path: Path) -> list[dict[str, str]]:
    """Rows by column name, all texts. Raises ``InputError`` for a file that is missing, or rows that do not fit."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            rows = list(reader)
    except FileNotFoundError:
        raise InputError("does not exist", file=path, hint="the result folder holds it") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"is not a CSV table: {error}", file=path) from None
    for line, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise InputError(f"must have {len(reader.fieldnames or ())} columns in every row", file=path, line=line)
    return rows
