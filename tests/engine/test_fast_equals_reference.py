"""The fast core and the walking reference make the same decisions, statistics included."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from simulator.engine.config import EngineConfig
from tests.engine.drive import Arrival, drive
from tests.engine.strategies import arrivals, configs, contended


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(config=configs(), requests=arrivals())
def test_same_history(config: EngineConfig, requests: list[Arrival]) -> None:
    fast, reference = drive(config, requests, "fast"), drive(config, requests, "reference")
    for mine, theirs in zip(fast.steps, reference.steps, strict=False):
        assert mine == theirs
    assert fast == reference


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(case=contended(speculation=False))
def test_same_history_under_contention(case: tuple[EngineConfig, list[Arrival]]) -> None:
    config, requests = case
    assert drive(config, requests, "fast") == drive(config, requests, "reference")


@pytest.mark.slow
@settings(max_examples=4000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(config=configs(policies=("vllm_v1", "sarathi", "guaranteed_no_evict", "orca")), requests=arrivals(max_size=40))
def test_same_history_at_length(config: EngineConfig, requests: list[Arrival]) -> None:
    assert drive(config, requests, "fast") == drive(config, requests, "reference")
