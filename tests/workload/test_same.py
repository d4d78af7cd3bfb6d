"""Workloads that ask the same are recognised, and no others."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.workload.same import same_requests
from simulator.workload.table import PromptSegments, RequestTable
from simulator.workload.workload import Workload


def workload(arrival: float = 1.0, first_id: int = 7, limit: int | None = None, segments: bool = True) -> Workload:
    runs = PromptSegments(np.array([0, 1, 2]), np.array([first_id, 8]), np.array([30, 40]))
    table = RequestTable.from_columns([0.0, arrival], [30, 40], [5, 5], segments=runs if segments else None)
    return Workload(table, max_concurrency=limit, description=str(np.random.default_rng().random()))


def test_equal_columns_are_the_same_whatever_the_description() -> None:
    assert same_requests(workload(), workload())
    assert same_requests(workload(segments=False), workload(segments=False))


@pytest.mark.parametrize("change", [{"arrival": 2.0}, {"first_id": 8}, {"limit": 1}, {"segments": False}])
def test_any_difference_counts(change: dict) -> None:
    assert not same_requests(workload(), workload(**change))
    assert not same_requests(workload(**change), workload())
