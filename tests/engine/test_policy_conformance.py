"""What every batching policy owes its users, whatever its rules."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from simulator.engine.acceptance import PositionalAcceptance
from simulator.engine.build import build_core
from simulator.engine.config import POLICY_NAMES, EngineConfig
from simulator.engine.policies import POLICIES
from tests.engine.drive import Arrival, History, drive
from tests.engine.strategies import arrivals, configs

PER_POLICY = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.differing_executors],
)
every_policy = pytest.mark.parametrize("policy", POLICY_NAMES)


def _run(policy: str, data: st.DataObject) -> tuple[EngineConfig, list[Arrival], History]:
    config = data.draw(configs(policies=(policy,)))
    requests = data.draw(arrivals())
    return config, requests, drive(config, requests)


def _limit(config: EngineConfig, arrival: Arrival) -> int:
    return min(arrival.prompt + arrival.output, config.max_model_len)


def test_every_policy_has_rules() -> None:
    assert set(POLICIES) == set(POLICY_NAMES)


@every_policy
@PER_POLICY
@given(data=st.data())
def test_every_request_gets_its_tokens_once(policy: str, data: st.DataObject) -> None:
    config, requests, history = _run(policy, data)
    emitted = {row: tokens for row, _, _, tokens in history.finished}
    assert len(emitted) == len(history.finished)
    assert set(emitted) | set(history.refused) == {arrival.row for arrival in requests}
    assert not set(emitted) & set(history.refused)
    for arrival in requests:
        if arrival.row in emitted:
            assert emitted[arrival.row] == _limit(config, arrival) - arrival.prompt


@every_policy
@PER_POLICY
@given(data=st.data())
def test_work_is_conserved(policy: str, data: st.DataObject) -> None:
    """Each token is computed once; more only after a preemption, fewer only for a prefix hit."""
    config, requests, history = _run(policy, data)
    preempted = {row for step in history.steps for row in step[2]}
    for arrival in requests:
        if arrival.row in history.refused:
            continue
        needed = _limit(config, arrival) - 1
        computed = history.tokens[arrival.row]
        if arrival.row in preempted or config.num_speculative_tokens:
            assert computed >= needed or config.enable_prefix_caching
        elif config.enable_prefix_caching:
            assert needed - (arrival.prompt - 1) <= computed <= needed
        else:
            assert computed == needed


@every_policy
@PER_POLICY
@given(data=st.data())
def test_no_block_or_seat_leaks(policy: str, data: st.DataObject) -> None:
    config = data.draw(configs(policies=(policy,)))
    core = build_core(config, PositionalAcceptance((0.5, 0.5), seed=3))
    drive(config, data.draw(arrivals()), core=core)
    assert core.pool.used == 0
    assert not core.running
    assert len(core.waiting) == 0


@every_policy
@PER_POLICY
@given(data=st.data())
def test_limits_hold(policy: str, data: st.DataObject) -> None:
    config, requests, history = _run(policy, data)
    adapter_of = {arrival.row: arrival.adapter for arrival in requests}
    assert history.peak_running <= config.max_num_seqs
    if POLICIES[config.policy].token_budget:
        assert history.peak_tokens <= config.max_num_batched_tokens
    for step in history.steps:
        rows = step[1]
        assert isinstance(rows, list)
        if config.max_loras:
            assert len({adapter_of[row] for row, _, _, _ in rows} - {0}) <= config.max_loras
        if config.long_prefill_token_threshold:
            assert all(new <= config.long_prefill_token_threshold for _, new, _, _ in rows)


@every_policy
@PER_POLICY
@given(data=st.data())
def test_first_come_first_served(policy: str, data: st.DataObject) -> None:
    """Under fcfs, nothing overtakes, so nothing starves; only the adapter limit and unchunked prompts pass over."""
    config, requests, history = _run(policy, data)
    chunked = POLICIES[config.policy].chunks(config) or not POLICIES[config.policy].token_budget
    assume(config.scheduling_policy == "fcfs" and config.max_loras == 0 and chunked)
    served = [arrival.row for arrival in sorted(requests, key=lambda item: (item.step, item.row))]
    assert history.entered == [row for row in served if row in set(history.entered)]


@pytest.mark.parametrize("policy", [name for name, rules in POLICIES.items() if rules.reserve == "full"])
@PER_POLICY
@given(data=st.data())
def test_reserved_output_is_never_preempted(policy: str, data: st.DataObject) -> None:
    _, _, history = _run(policy, data)
    assert not any(step[2] for step in history.steps)


@every_policy
@PER_POLICY
@given(data=st.data())
def test_same_input_same_history(policy: str, data: st.DataObject) -> None:
    config, requests, history = _run(policy, data)
    assert drive(config, requests) == history
