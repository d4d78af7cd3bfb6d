"""Prefill attention's closed form: units by library, whole waves, the cache write, what a large cache keeps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.cost.attention_forms import PlainOps
from simulator.cost.attention_tiles import RULES
from simulator.cost.prefill_form import PrefillAttentionForm
from simulator.hardware.catalog import load_hardware
from simulator.hardware.kernel_constants import ATTENTION_TILES, PrefillAttentionFit

A100 = load_hardware("a100")
FIT = PrefillAttentionFit(
    math_share=0.6, memory_share=0.8, latency_us=5.0, sharpness=2.0, balance_sharpness=1.5, unit_us=1.0, row_ns=1.0,
    head_dim_exponent=0.3, lone_speed=1.2, cached_share=0.4, write_block_us=3.0, write_passes=2.0, tiles="plain-64",
)  # fmt: skip


def form(
    fit: PrefillAttentionFit = FIT, heads: int = 32, kv_heads: int = 8, device: str = "a100"
) -> PrefillAttentionForm:
    return PrefillAttentionForm(
        fit, load_hardware(device), heads=heads, kv_heads=kv_heads, head_dim=128, math_dtype="bf16", bytes_per_kv=2.0
    )


def seconds(prompt: PrefillAttentionForm, sequences: int, new: int, context: int = 0) -> float:
    pairs = new * context + new * (new + 1) // 2
    tiles = -(-new // 128)
    sums = (sequences * new, sequences * pairs, sequences * (new + context), sequences * tiles)
    return float(prompt.seconds(sequences, *sums, PlainOps))


def test_every_rule_has_a_name_that_fits_files_may_use() -> None:
    assert set(RULES) == set(ATTENTION_TILES)


@pytest.mark.parametrize("tiles", ATTENTION_TILES)
@settings(max_examples=60, deadline=None)
@given(
    sequences=st.integers(1, 64), new=st.integers(2, 9000), context=st.integers(0, 50_000), more=st.integers(1, 700),
    heads=st.sampled_from([(32, 8), (8, 8), (5, 1), (64, 4)]),
)  # fmt: skip
def test_more_tokens_more_context_more_prompts_never_take_less(
    tiles: str, sequences: int, new: int, context: int, more: int, heads: tuple[int, int]
) -> None:
    prompt = form(replace(FIT, tiles=tiles), *heads)
    once = seconds(prompt, sequences, new, context) * (1 - 1e-12)
    assert seconds(prompt, sequences, new + more, context) >= once
    assert seconds(prompt, sequences, new, context + more) >= once
    assert seconds(prompt, sequences + more, new, context) >= once


@settings(max_examples=60, deadline=None)
@given(sequences=st.integers(1, 64), new=st.integers(1, 9000), context=st.integers(0, 50_000))
def test_plain_numbers_and_arrays_agree(sequences: int, new: int, context: int) -> None:
    prompt = form()
    pairs, tiles = new * context + new * (new + 1) // 2, -(-new // 128)
    sums = (sequences, sequences * new, sequences * pairs, sequences * (new + context), sequences * tiles)
    arrays = prompt.seconds(*(np.array([float(size)]) for size in sums))
    assert prompt.seconds(*sums, PlainOps) == pytest.approx(float(arrays[0]), rel=1e-12)


def test_packed_tiles_hold_the_heads_of_a_group() -> None:
    """16 new tokens, 32 heads in 8 groups: 8 units of 64 filled rows each, or 32 units of 16."""
    only_units = replace(FIT, math_share=1e6, row_ns=0.0, write_block_us=0.0, write_passes=0.0, memory_share=1e6)
    packed, plain = (form(replace(only_units, tiles=tiles)) for tiles in ("packed-128", "plain-64"))
    waves = A100.multiprocessors
    assert seconds(packed, 27, 16) == pytest.approx(seconds(plain, 27 * 2 // 8, 16), rel=1e-6)  # 216 units each
    assert seconds(plain, 27, 16) > seconds(packed, 27, 16)
    assert 27 * 8 / waves == 2.0


def test_equal_units_run_in_whole_waves() -> None:
    """One tile per head and sequence: a unit more than a wave costs another one."""
    steep = replace(FIT, balance_sharpness=50.0, sharpness=50.0, write_block_us=0.0, write_passes=0.0, latency_us=0.0)
    one_head = form(steep, heads=1, kv_heads=1)
    wave = A100.multiprocessors
    full, over = (seconds(one_head, sequences, 64) for sequences in (wave, wave + 1))
    assert over == pytest.approx(2 * full, rel=0.02)
    assert seconds(one_head, 2 * wave, 64) == pytest.approx(over, rel=1e-3)


def test_the_cache_write_follows_its_thread_blocks() -> None:
    """Blocks of min(KV heads * d, 512) threads: four KV heads of 128 cost as much as eight, one a quarter."""
    plain = replace(FIT, write_block_us=0.0)

    def write(kv_heads: int) -> float:
        with_blocks, without = (form(fit, 32, kv_heads) for fit in (FIT, plain))
        return seconds(with_blocks, 1, 4096) - seconds(without, 1, 4096)

    assert write(4) == pytest.approx(write(8)) == pytest.approx(4 * write(1))
    assert write(8) == pytest.approx(4096 * 3e-6 * 512 / 2048 / A100.multiprocessors)


def test_a_cache_that_holds_the_call_saves_traffic() -> None:
    bound_by_memory = replace(FIT, math_share=1e6, unit_us=1e-9, row_ns=0.0, latency_us=0.0, write_block_us=0.0)
    warm, cold = (form(replace(bound_by_memory, cached_share=share), device="l40s") for share in (0.9, 0.0))
    assert seconds(warm, 1, 512) < 0.5 * seconds(cold, 1, 512)
    assert seconds(warm, 64, 8192) == pytest.approx(seconds(cold, 64, 8192), rel=0.01)
