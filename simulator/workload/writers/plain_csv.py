"""Plain CSV: lengths, times, classes and ids; no prefixes, no waiting."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from simulator.workload.table import RequestTable

_ALWAYS = ("arrival_s", "prompt_tokens", "output_tokens")
_OPTIONAL = {"priority": 0, "adapter": 0, "session": -1, "tenant": -1}
"""Columns left out where every row has the value that an absent column means."""

_BLANK_WHEN_NONE = ("session", "tenant")

_ROWS_AT_ONCE = 65_536


def lines(table: RequestTable) -> tuple[Iterator[str], list[str]]:
    """The lines of the file, and what they leave out. Times are written so that they are read back to the bit."""
    lost = []
    if table.segments is not None:
        lost.append("what prompts have in common is left out: CSV has no blocks (use jsonl)")
    if table.after_row is not None:
        lost.append("requests no longer wait for one another: CSV has recorded times only (use jsonl)")
    return _lines(table), lost


def _lines(table: RequestTable) -> Iterator[str]:
    optional = [name for name, absent in _OPTIONAL.items() if np.any(getattr(table, name) != absent)]
    names = (*_ALWAYS, *optional)
    yield ",".join(names) + "\n"
    for first in range(0, len(table), _ROWS_AT_ONCE):
        rows = slice(first, first + _ROWS_AT_ONCE)
        texts = [_texts(name, getattr(table, name)[rows].tolist()) for name in names]
        yield "".join(",".join(row) + "\n" for row in zip(*texts, strict=True))


def _texts(name: str, values: list[float]) -> list[str]:
    if name in _BLANK_WHEN_NONE:
        return ["" if value == -1 else repr(value) for value in values]
    return [repr(value) for value in values]
