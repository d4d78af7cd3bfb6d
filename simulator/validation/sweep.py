"""A run out of a sweep: the same requests came before, at another rate, to the same running server.

What they left in the prefix cache is part of the recorded run. Whether it survives is decided by the KV pool: a pool
that holds all prompts at once starts warm, one that is smaller than they are has evicted them in the meantime.
"""

from __future__ import annotations

import numpy as np

from simulator.validation.requests import CaseRequests
from simulator.workload.table import PromptSegments, RequestTable
from simulator.workload.workload import Workload

PREFIX_UNKNOWN = "unknown"
"""Prefix scheme of a run out of a sweep: what the cache holds at its start was not recorded."""

_PAUSE_S = 600.0
"""Between two runs of a sweep: time for the first to end."""


def swept_before(requests: CaseRequests) -> CaseRequests:
    """The requests, preceded by the same ones once, which are not scored; equal rows are equal prompts."""
    table = requests.workload.table
    n = len(table)
    prompts = np.tile(table.prompt_tokens, 2)
    segments = PromptSegments(np.arange(2 * n + 1, dtype=np.int64), np.tile(np.arange(n, dtype=np.int64), 2), prompts)
    later_s = float(table.arrival_s[-1]) + _PAUSE_S
    arrival_s = np.concatenate([table.arrival_s, table.arrival_s + later_s])
    both = RequestTable.from_columns(arrival_s, prompts, np.tile(table.output_tokens, 2), segments=segments)
    return CaseRequests(
        Workload(both),
        np.tile(requests.stage, 2),
        np.concatenate([np.zeros(n, dtype=bool), requests.scored]),
        {name: np.concatenate([np.full(n, np.nan), column]) for name, column in requests.measured.items()},
    )
