"""Plain CSV: the format to write one's own traffic in.

Columns ``arrival_s, prompt_tokens, output_tokens`` and, as wanted, ``priority`` (lower runs first), ``adapter``,
``session``, ``tenant``, ``prompt_id`` (rows of one id have the identical prompt) and ``prefix_id`` with
``prefix_tokens`` (rows of one id begin with the same ``prefix_tokens`` tokens). Ids are whole numbers, kept as they
are, or names, which are numbered; an empty one means none. Other columns are ignored.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from simulator.errors import InputError
from simulator.workload.readers import parsers
from simulator.workload.readers.columns import TraceColumns
from simulator.workload.readers.csv_columns import Column, CsvColumns, header_names, read_columns
from simulator.workload.readers.ids import ids, numbered
from simulator.workload.table import IntColumn, PromptSegments

_COLUMNS = (
    Column("arrival_s", parsers.seconds, parsers.SECONDS_RULE),
    Column("prompt_tokens", parsers.tokens, parsers.TOKENS_RULE),
    Column("output_tokens", parsers.tokens, parsers.TOKENS_RULE),
    Column("priority", parsers.whole_numbers, parsers.WHOLE_RULE, required=False),
    Column("adapter", parsers.any_text, parsers.ANY_RULE, required=False),
    Column("session", parsers.any_text, parsers.ANY_RULE, required=False),
    Column("tenant", parsers.any_text, parsers.ANY_RULE, required=False),
    Column("prompt_id", parsers.any_text, parsers.ANY_RULE, required=False),
    Column("prefix_id", parsers.any_text, parsers.ANY_RULE, required=False),
    Column("prefix_tokens", parsers.whole_numbers, parsers.WHOLE_RULE, required=False),
)

_NAMES = {column.name for column in _COLUMNS}
_BASE_MODEL = {"", "0", "base"}
"""Spellings of "no adapter"."""


def recognises(first_line: str) -> bool:
    """Whether this is a CSV header with a column of ours."""
    return bool({name.lower() for name in header_names(first_line)} & _NAMES)


def read(path: Path, lines: Iterator[str], limit: int | None) -> TraceColumns:
    """Read the trace. Raises ``InputError`` naming line and column."""
    columns = read_columns(path, lines, _COLUMNS, limit)
    return TraceColumns(
        columns["arrival_s"],
        columns["prompt_tokens"],
        columns["output_tokens"],
        priority=columns.get("priority"),
        adapter=ids(columns.get("adapter"), none=_BASE_MODEL, first=1),
        session=ids(columns.get("session"), none={""}, first=0),
        tenant=ids(columns.get("tenant"), none={""}, first=0),
        segments=_segments(path, columns),
    )


def _segments(path: Path, columns: CsvColumns) -> PromptSegments | None:
    """Two runs a prompt: the group's prefix (where there is one) and the rest, shared by equal ``prompt_id``."""
    prompt_names, prefix_names = columns.get("prompt_id"), columns.get("prefix_id")
    if prompt_names is None and prefix_names is None:
        return None
    total = columns["prompt_tokens"]
    n = len(total)
    nobody = np.full(n, -1)
    prompt = nobody if prompt_names is None else numbered(prompt_names, {""}, 0)
    prefix = nobody if prefix_names is None else numbered(prefix_names, {""}, 0)
    head = np.zeros_like(total) if prefix_names is None else _prefix_lengths(path, columns, prefix)

    first_prompt = prefix.max() + 1
    first_unique = first_prompt + prompt.max() + 1
    rest = np.where(prompt >= 0, first_prompt + prompt, first_unique + np.arange(n))
    segment = np.column_stack((prefix, rest)).ravel()
    tokens = np.column_stack((head, total - head)).ravel()
    kept = tokens > 0
    offsets = np.concatenate(([0], np.cumsum(kept.reshape(n, 2).sum(axis=1))))
    return PromptSegments(offsets.astype(np.int64), segment[kept].astype(np.int64), tokens[kept].astype(np.int64))


def _prefix_lengths(path: Path, columns: CsvColumns, prefix: IntColumn) -> IntColumn:
    """(n,) tokens of the group prefix of each row, 0 = none."""
    lengths, total = columns.get("prefix_tokens"), columns["prompt_tokens"]
    if lengths is None:
        raise InputError("column is missing: prefix_id needs it", file=path, line=1, path="prefix_tokens")
    head: IntColumn = np.where(prefix >= 0, lengths, 0)
    wrong = np.flatnonzero((head < 0) | (head > total))
    if len(wrong):
        row = int(wrong[0])
        rule = f"must lie in 0..prompt_tokens ({total[row]})"
        raise InputError(rule, file=path, line=int(columns.line[row]), path="prefix_tokens", value=int(head[row]))
    return head
