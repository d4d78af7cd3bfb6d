"""Random configurations and workloads for the engine's property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from simulator.engine.config import POLICY_NAMES, EngineConfig
from tests.engine.drive import Arrival


@st.composite
def configs(draw: st.DrawFn, policies: tuple[str, ...] = POLICY_NAMES) -> EngineConfig:
    policy = draw(st.sampled_from(policies))
    block_size = draw(st.sampled_from([1, 2, 8, 16, 32]))
    max_model_len = draw(st.sampled_from([64, 200, 512]))
    chunked = draw(st.booleans())
    budget = draw(st.sampled_from([8, 33, 64, 256]))
    if not chunked and policy in ("vllm_v1", "sarathi", "guaranteed_no_evict"):
        budget = max(budget, max_model_len)
    speculation = draw(st.sampled_from([0, 0, 0, 1, 4])) if policy == "vllm_v1" else 0
    # From "one request barely fits" to "all fit": shortage is the common case here, not the exception.
    blocks = draw(st.integers(1, 6)) * (-(-max_model_len // block_size)) // 2 + draw(st.integers(0, 3))
    return EngineConfig(
        policy=policy,
        num_blocks=max(1, blocks),
        block_size=block_size,
        max_num_seqs=draw(st.sampled_from([1, 2, 5, 16, 64])),
        max_num_batched_tokens=budget,
        max_model_len=max_model_len,
        enable_prefix_caching=draw(st.booleans()),
        enable_chunked_prefill=chunked,
        scheduling_policy=draw(st.sampled_from(["fcfs", "fcfs", "priority"])),
        long_prefill_token_threshold=draw(st.sampled_from([0, 0, 0, 1, 7, 40])),
        async_scheduling=draw(st.booleans()) if not speculation else False,
        scheduler_reserve_full_isl=draw(st.booleans()),
        num_speculative_tokens=speculation,
        max_loras=draw(st.sampled_from([0, 0, 0, 2])),
    )


@st.composite
def arrivals(draw: st.DrawFn, max_size: int = 24) -> list[Arrival]:
    count = draw(st.integers(1, max_size))
    step = 0
    made = []
    rows = draw(st.permutations(range(count))) if draw(st.booleans()) else list(range(count))
    for row in rows:
        step += draw(st.sampled_from([0, 0, 1, 3, 20]))
        shared = draw(st.sampled_from([0, 0, 5, 16, 48]))
        own = draw(st.integers(0 if shared else 1, 90))
        segments = [(draw(st.integers(1, 2)), shared)] if shared else []
        if own:
            segments.append((1000 + draw(st.sampled_from([row, 0])), own))
        made.append(
            Arrival(
                row,
                step,
                prompt=shared + own,
                output=draw(st.sampled_from([1, 2, 3, 17, 60])),
                priority=draw(st.integers(0, 2)),
                adapter=draw(st.sampled_from([0, 0, 1, 2, 3])),
                segments=tuple(segments) if draw(st.booleans()) else None,
            )
        )
    return made


@st.composite
def contended(draw: st.DrawFn, speculation: bool = True) -> tuple[EngineConfig, list[Arrival]]:
    """A replica in which blocks and budget are always short: preemptions, resumptions, evictions in most steps."""
    block_size = draw(st.sampled_from([1, 2, 4, 8]))
    drafts = draw(st.sampled_from([0, 0, 0, 3])) if speculation else 0
    chunked = draw(st.sampled_from([True, True, True, False]))
    config = EngineConfig(
        num_blocks=draw(st.integers(100, 190)) // block_size,
        block_size=block_size,
        max_num_seqs=draw(st.sampled_from([4, 8, 16])),
        max_num_batched_tokens=draw(st.sampled_from([9, 16, 40])) if chunked else 100,
        max_model_len=100,
        enable_prefix_caching=draw(st.sampled_from([True, True, False])),
        enable_chunked_prefill=chunked,
        scheduling_policy=draw(st.sampled_from(["fcfs", "priority"])),
        long_prefill_token_threshold=draw(st.sampled_from([0, 0, 6])),
        async_scheduling=not drafts and draw(st.booleans()),
        scheduler_reserve_full_isl=draw(st.booleans()),
        num_speculative_tokens=drafts,
    )
    made = []
    for row in range(draw(st.integers(4, 12))):
        common = draw(st.sampled_from([0, 8, 16, 24]))
        own = draw(st.sampled_from([0, 1, 8, 20])) if common else draw(st.sampled_from([1, 8, 20]))
        segments = ([(1, common)] if common else []) + ([(100 + row, own)] if own else [])
        step, output = draw(st.integers(0, 12)), draw(st.sampled_from([1, 9, 30, 50]))
        made.append(Arrival(row, step, common + own, output, draw(st.integers(0, 2)), segments=tuple(segments)))
    return config, made
