"""``describe`` in exact small numbers."""

from __future__ import annotations

import json

import pytest

from simulator.workload import RequestTable, describe


def test_figures_of_a_small_table() -> None:
    table = RequestTable.from_columns([0, 1, 4], [10, 20, 60], [3, 2, 1])
    figures = describe(table)
    assert figures["num_requests"] == 3
    assert figures["span_s"] == 4
    assert figures["rate_per_s"] == 0.5
    assert figures["gap_cv"] == pytest.approx(0.5)  # gaps 1 and 3
    assert figures["burstiness"] == pytest.approx(4)
    assert figures["prompt_tokens"]["mean"] == 30
    assert figures["prompt_tokens"]["p50"] == 20
    assert (figures["prompt_tokens"]["min"], figures["prompt_tokens"]["max"]) == (10, 60)
    assert figures["spearman"] == pytest.approx(-1)
    assert figures["prefix_reuse"] == {"block_size": 16, "per_block": 0, "per_token": 0}
    assert json.loads(json.dumps(figures)) == figures


def test_undefined_figures_are_none() -> None:
    offline = describe(RequestTable.from_columns([0, 0], [5, 5], [1, 2]))
    assert offline["rate_per_s"] is offline["gap_cv"] is offline["burstiness"] is offline["spearman"] is None
    even = describe(RequestTable.from_columns([0.1, 0.2, 0.3, 0.4], [5, 5, 5, 5], [1, 2, 3, 4]))
    assert even["gap_cv"] == pytest.approx(0, abs=1e-9)
    assert even["burstiness"] is None
    empty = describe(RequestTable.from_columns([], [], []))
    assert empty["num_requests"] == 0
    assert empty["prompt_tokens"] is None
