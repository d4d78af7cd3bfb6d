"""The scheduler against the naive transcription of vLLM's, on random configurations and workloads.

This is what kills a scheduler whose rule is subtly wrong: the recorded files are 29 situations, these are thousands,
most of them under shortage of blocks.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.engine.config import EngineConfig
from simulator.engine.golden import GoldenRequest, GoldenSchedule
from simulator.engine.replay import Loop, replay
from tests.engine.drive import Arrival
from tests.engine.oracle_replay import replay_oracle
from tests.engine.strategies import arrivals, configs, contended

STEPS = 400


def _schedule(config: EngineConfig, requests: list[Arrival], accepted: list[int]) -> GoldenSchedule:
    made = []
    for item in requests:
        limit = min(item.prompt + item.output, config.max_model_len)
        fits = -(-(limit - 1) // config.block_size) <= config.num_blocks
        if item.prompt < config.max_model_len and fits:
            segments = list(item.segments or ((10_000 + item.row, item.prompt),))
            made.append(
                GoldenRequest(
                    item.row, item.step, segments, item.output, item.priority, item.adapter, accepted[item.row :]
                )
            )
    return GoldenSchedule(config, made, [])


def _compare(config: EngineConfig, requests: list[Arrival], accepted: list[int], loop: Loop) -> None:
    schedule = _schedule(config, requests, accepted)
    for _, mine, theirs in zip(range(STEPS), replay(schedule, loop), replay_oracle(schedule), strict=False):
        assert mine == theirs


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    config=configs(policies=("vllm_v1",)),
    requests=arrivals(max_size=16),
    accepted=st.lists(st.integers(0, 4), min_size=24, max_size=80),
)
def test_every_step_is_vllms(config: EngineConfig, requests: list[Arrival], accepted: list[int]) -> None:
    _compare(config, requests, accepted, "reference")


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(case=contended(), accepted=st.lists(st.integers(0, 4), min_size=24, max_size=80))
def test_every_step_is_vllms_under_contention(case: tuple[EngineConfig, list[Arrival]], accepted: list[int]) -> None:
    _compare(*case, accepted, "reference")


@pytest.mark.slow
@settings(max_examples=3000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    config=configs(policies=("vllm_v1",)),
    requests=arrivals(max_size=30),
    accepted=st.lists(st.integers(0, 4), min_size=40, max_size=80),
)
def test_every_step_is_vllms_at_length(config: EngineConfig, requests: list[Arrival], accepted: list[int]) -> None:
    _compare(config, requests, accepted, "fast")
