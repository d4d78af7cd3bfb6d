"""Read a trace of any known format."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from simulator.errors import InputError, did_you_mean
from simulator.workload.checks import require_count, require_not_negative, require_positive
from simulator.workload.readers.formats import TRACE_FORMATS, TraceFormat
from simulator.workload.readers.lines import trace_lines
from simulator.workload.readers.time_unit import unit_doubts
from simulator.workload.servegen import clients as servegen
from simulator.workload.table import FloatColumn, RequestTable

AUTO = "auto"

_HEAD_LINES = 40
"""Lines looked at where a JSON document is laid out over many."""


@dataclass(frozen=True)
class Trace:
    """A trace as read.

    Attributes: ``table``; ``format``, the name under which it was read; ``rows_out_of_order``, how many rows of the
    file arrive before the row above them (they were sorted in, stably); ``notes``, what was left out, assumed, or looks
    doubtful, one sentence each.
    """

    table: RequestTable
    format: str
    rows_out_of_order: int
    notes: tuple[str, ...] = ()


def load_trace(
    path: str | Path,
    format: str = AUTO,
    *,
    rate_scale: float = 1.0,
    limit: int | None = None,
    spread_batch_s: float = 0.0,
) -> Trace:
    """Read a trace file.

    Parameters
    ----------
    path: the file; gzip is recognised by its content.
    format: a name of ``TRACE_FORMATS``, or ``auto``: by the first line.
    rate_scale: arrivals are divided by it (2 = twice the rate).
    limit: most requests, from the start of the file.
    spread_batch_s: requests with one time stamp are spread evenly over this many seconds (0 = as recorded).

    Raises ``InputError`` naming file, line, column and value for whatever cannot be used.
    """
    require_positive("rate_scale", rate_scale)
    require_not_negative("spread_batch_s", spread_batch_s, "seconds")
    if limit is not None:
        require_count("limit", limit)
    path = Path(path)
    lines = trace_lines(path)
    first = next(lines, "")
    if not first:
        raise InputError("is empty", file=path)
    if not first.strip():
        raise InputError("the first line is empty; a trace begins with a header or a request", file=path, line=1)
    head = [first, *_rest_of_head(first, lines)]
    trace_format = _detect(path, "".join(head)) if format == AUTO else _named(format)
    columns = trace_format.read(path, itertools.chain(head, lines), limit)
    if not len(columns.arrival_s):
        raise InputError("has no requests", file=path, hint="; ".join(columns.notes) or None)
    notes = (*columns.notes, *unit_doubts(columns.arrival_s), *_batch_doubts(columns.arrival_s, spread_batch_s))
    table = columns.table()
    arrival_s = spread_batches(table.arrival_s, spread_batch_s) if spread_batch_s else table.arrival_s
    return Trace(_at(table, arrival_s / rate_scale), trace_format.name, columns.rows_out_of_order(), notes)


def read_trace(
    path: str | Path,
    format: str = AUTO,
    *,
    rate_scale: float = 1.0,
    limit: int | None = None,
    spread_batch_s: float = 0.0,
) -> RequestTable:
    """The requests of a trace file, sorted by arrival; parameters and errors as for ``load_trace``."""
    return load_trace(path, format, rate_scale=rate_scale, limit=limit, spread_batch_s=spread_batch_s).table


def spread_batches(arrival_s: FloatColumn, over_s: float) -> FloatColumn:
    """Spread the k requests of each time stamp ``t`` over ``t, t + over_s/k, ..., t + (k - 1) over_s/k``.

    ``arrival_s`` is sorted; so is the result as long as time stamps lie at least ``over_s`` apart.
    """
    _, first, batch, size = np.unique(arrival_s, return_index=True, return_inverse=True, return_counts=True)
    place = np.arange(len(arrival_s)) - first[batch]
    return arrival_s + over_s * place / size[batch]


def _at(table: RequestTable, arrival_s: FloatColumn) -> RequestTable:
    moved = replace(table, arrival_s=arrival_s)
    if np.any(np.diff(arrival_s) < 0):
        return moved.take(np.argsort(arrival_s, kind="stable"))
    return moved


def _named(name: str) -> TraceFormat:
    if name not in TRACE_FORMATS:
        rule = f"must be one of {', '.join([AUTO, *TRACE_FORMATS])}"
        raise InputError(rule, path="trace.format", value=name, hint=did_you_mean(name, TRACE_FORMATS))
    return TRACE_FORMATS[name]


def _rest_of_head(first: str, lines: Iterator[str]) -> list[str]:
    """The next few lines where the first is no more than the opening of a JSON document."""
    return list(itertools.islice(lines, _HEAD_LINES)) if first.strip() in ("{", "[", "[{") else []


def _detect(path: Path, head: str) -> TraceFormat:
    for trace_format in TRACE_FORMATS.values():
        if trace_format.recognises(head):
            return trace_format
    if servegen.recognises(head):
        raise InputError(
            "holds statistics of clients, not requests", file=path, hint="draw from it with workload.servegen.path"
        )
    known = "\n  ".join(f"{trace_format.name}: {trace_format.example}" for trace_format in TRACE_FORMATS.values())
    raise InputError(
        "is of no known trace format", file=path, line=1, value=head.strip(), hint=f"known formats:\n  {known}"
    )


def _batch_doubts(arrival_s: FloatColumn, spread_batch_s: float) -> tuple[str, ...]:
    """A sentence for a trace most of whose arrivals share a time stamp."""
    gaps = np.diff(np.unique(arrival_s))
    if spread_batch_s or len(gaps) < 2 or len(gaps) + 1 > len(arrival_s) / 2:
        return ()
    return (
        f"most arrivals come in batches of one time stamp, {np.median(gaps):g} s apart (median); "
        "spread_batch_s spreads them evenly",
    )
