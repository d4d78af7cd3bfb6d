"""Azure LLM inference traces of 2023 and 2024: CSV with wall-clock arrival times.

Columns ``TIMESTAMP, ContextTokens, GeneratedTokens``; times have 100 ns digits and in some releases a zone
(``+00:00``). Arrivals are counted from the earliest row. Traces: github.com/Azure/AzurePublicDataset, CC-BY-4.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from simulator.workload.readers import parsers
from simulator.workload.readers.columns import TraceColumns
from simulator.workload.readers.csv_columns import Column, header_names, read_columns

_COLUMNS = (
    Column("TIMESTAMP", parsers.wall_clock_ns, parsers.WALL_CLOCK_RULE),
    Column("ContextTokens", parsers.tokens, parsers.TOKENS_RULE),
    Column("GeneratedTokens", parsers.tokens, parsers.TOKENS_RULE),
)


def recognises(first_line: str) -> bool:
    """Whether this is the header of an Azure trace."""
    names = {name.lower() for name in header_names(first_line)}
    return "timestamp" in names and bool(names & {"contexttokens", "generatedtokens"})


def read(path: Path, lines: Iterator[str], limit: int | None) -> TraceColumns:
    """Read the trace. Raises ``InputError`` naming line and column."""
    columns = read_columns(path, lines, _COLUMNS, limit)
    clock_ns = columns["TIMESTAMP"]
    return TraceColumns((clock_ns - clock_ns.min()) / 1e9, columns["ContextTokens"], columns["GeneratedTokens"])
