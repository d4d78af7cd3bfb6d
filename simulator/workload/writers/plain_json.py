"""Plain JSON lines: everything a table holds, read back to the bit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from simulator.workload.table import RequestTable

_OPTIONAL = {"priority": 0, "adapter": 0, "session": -1, "tenant": -1}


def lines(table: RequestTable) -> tuple[Iterator[str], list[str]]:
    """The lines of the file; nothing is left out."""
    return _lines(table), []


def _lines(table: RequestTable) -> Iterator[str]:
    for row in range(len(table)):
        request: dict[str, Any] = {
            "arrival_s": float(table.arrival_s[row]),
            "prompt_tokens": int(table.prompt_tokens[row]),
            "output_tokens": int(table.output_tokens[row]),
        }
        for name, absent in _OPTIONAL.items():
            value = int(getattr(table, name)[row])
            if value != absent:
                request[name] = value
        if table.segments is not None:
            request["segments"] = table.segments.of(row)
        if table.output_segment is not None and table.output_segment[row] >= 0:
            request["output_segment"] = int(table.output_segment[row])
        if table.after_row is not None and table.think_s is not None and table.after_row[row] >= 0:
            request["after_row"] = int(table.after_row[row])
            request["think_s"] = float(table.think_s[row])
        yield json.dumps(request) + "\n"
