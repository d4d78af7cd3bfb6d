"""``--workload``: a bundled workload, or a trace file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

TRACE_ENDINGS = (".csv", ".jsonl", ".gz", ".json")


def workload_section(named: str) -> dict[str, Any]:
    """The workload section of a scenario: a trace where the name ends as one does, else a profile."""
    if Path(named).suffix in TRACE_ENDINGS:
        return {"trace": {"path": named}}
    return {"profile": {"name": named}}
