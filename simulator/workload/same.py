"""Whether two workloads ask the same of a server."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from simulator.workload.table import PromptSegments
from simulator.workload.workload import Workload


def same_requests(one: Workload, other: Workload) -> bool:
    """True when both send the same requests by the same rule (their descriptions may differ)."""
    rules = [(work.max_concurrency, work.think_time_s) for work in (one, other)]
    return rules[0] == rules[1] and _same(one.table, other.table)


def _same(one: Any, other: Any) -> bool:
    """Equal columns, segments included."""
    for field in fields(one):
        mine, theirs = getattr(one, field.name), getattr(other, field.name)
        if mine is None or theirs is None:
            if mine is not theirs:
                return False
        elif not (_same(mine, theirs) if isinstance(mine, PromptSegments) else np.array_equal(mine, theirs)):
            return False
    return True
