"""BurstGPT traces: CSV with seconds from the first midnight, and failed requests among the rows.

Columns ``Timestamp`` (s), ``Model, Request tokens, Response tokens, Total tokens, Log Type``; release 2 adds
``Session ID`` and ``Elapsed time``. Rows without request or response tokens are failures of the service and are left
out (the note says how many). Model and log type are not used; filter the file to study one of them.
Traces: github.com/HPMLL/BurstGPT, CC-BY-4.0; Wang et al., arXiv 2401.17644.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from simulator.workload.readers import parsers
from simulator.workload.readers.columns import TraceColumns
from simulator.workload.readers.csv_columns import Column, header_names, read_columns
from simulator.workload.readers.ids import numbered

_COLUMNS = (
    Column("Timestamp", parsers.seconds, parsers.SECONDS_RULE),
    Column("Request tokens", parsers.tokens_or_none, parsers.TOKENS_OR_NONE_RULE),
    Column("Response tokens", parsers.tokens_or_none, parsers.TOKENS_OR_NONE_RULE),
    Column("Session ID", parsers.any_text, parsers.ANY_RULE, required=False),
)


def recognises(first_line: str) -> bool:
    """Whether this is the header of a BurstGPT trace."""
    names = {name.lower() for name in header_names(first_line)}
    return "timestamp" in names and bool(names & {"request tokens", "response tokens"})


def read(path: Path, lines: Iterator[str], limit: int | None) -> TraceColumns:
    """Read the trace. Raises ``InputError`` naming line and column."""
    columns = read_columns(path, lines, _COLUMNS, limit)
    answered = (columns["Request tokens"] > 0) & (columns["Response tokens"] > 0)
    failed = int(np.count_nonzero(~answered))
    names = columns.get("Session ID")
    return TraceColumns(
        columns["Timestamp"][answered],
        columns["Request tokens"][answered],
        columns["Response tokens"][answered],
        session=None if names is None else numbered(names, {""}, 0)[answered],
        notes=(f"{failed} failed requests (0 tokens) were left out",) if failed else (),
    )
