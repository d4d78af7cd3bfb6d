"""Send recorded requests at other times: for files that hold lengths only, or to see a mix under another load."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simulator.workload.table import FloatColumn, IntColumn, RequestTable


def retime(table: RequestTable, begins_s: FloatColumn) -> RequestTable:
    """The table with its independent requests sent at ``begins_s`` (one rising time each), in the order they had.

    Requests that wait for another one keep their distance from the first of their chain.
    """
    first = _first_of_chain(table.after_row, len(table))
    begin_s = np.zeros(len(table))
    begin_s[first == np.arange(len(table))] = begins_s
    arrival_s = begin_s[first] + (table.arrival_s - table.arrival_s[first])
    return replace(table, arrival_s=arrival_s).take(np.argsort(arrival_s, kind="stable"))


def num_independent(table: RequestTable) -> int:
    """Requests that wait for no other: chains of a table with ``after_row``, else all rows."""
    return len(table) if table.after_row is None else int(np.count_nonzero(table.after_row < 0))


def _first_of_chain(after_row: IntColumn | None, n: int) -> IntColumn:
    """(n,) row at which the chain of each row begins."""
    first = np.arange(n)
    if after_row is None:
        return first
    first = np.where(after_row < 0, first, after_row)
    while True:  # pointers double their reach every time
        further = first[first]
        if np.array_equal(further, first):
            return first
        first = further
