"""Plain columns: numbers to the right, words to the left, as wide as they need to be."""

from __future__ import annotations

from collections.abc import Sequence


def columns_text(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lines under their headings; a column whose heading is empty and that holds nothing is left out."""
    kept = [at for at, name in enumerate(head) if name or any(row[at] for row in rows)]
    table = [[line[at] for at in kept] for line in (head, *rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    right = [all(_is_number(row[at]) for row in rows) for at in kept]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in table
    )


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "") or "0")
    except ValueError:
        return text in ("-", "null")
    return True
