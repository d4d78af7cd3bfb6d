"""What a reader hands on: the columns of a trace in the order of its file."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from simulator.workload.table import FloatColumn, IntColumn, PromptSegments, RequestTable


@dataclass(frozen=True)
class TraceColumns:
    """Columns of ``RequestTable``, already checked by the reader, not yet sorted. ``None`` = not in the file.

    ``notes``: what a reader had to leave out or assume, one sentence each.
    """

    arrival_s: FloatColumn
    prompt_tokens: IntColumn
    output_tokens: IntColumn
    priority: IntColumn | None = None
    adapter: IntColumn | None = None
    session: IntColumn | None = None
    tenant: IntColumn | None = None
    segments: PromptSegments | None = None
    output_segment: IntColumn | None = None
    after_row: IntColumn | None = None
    think_s: FloatColumn | None = None
    notes: tuple[str, ...] = ()

    def table(self) -> RequestTable:
        """The requests sorted by arrival; those of one time stay in the file's order."""
        names = (column.name for column in fields(self) if column.name != "notes")
        return RequestTable.from_columns(**{name: getattr(self, name) for name in names})

    def rows_out_of_order(self) -> int:
        """Rows that arrive before the row above them in the file."""
        return int(np.count_nonzero(np.diff(self.arrival_s) < 0))
