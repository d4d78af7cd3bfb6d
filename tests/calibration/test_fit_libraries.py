"""What a library does at which shape: FlashAttention-2's decode, and who reduces large buffers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from calibration.fit import FormFit, kernel_classes
from calibration.fit.form_fit import usual_constants
from calibration.fit.kernel_class import KernelClass
from simulator.cost.attention_forms import DecodeAttentionForm
from simulator.hardware.catalog import load_hardware
from simulator.hardware.kernel_constants import DecodeAttentionFit

DEVICE = load_hardware("a100")


def class_of(key: str, dtype: str | None) -> KernelClass:
    return next(spec for spec in kernel_classes() if (spec.key, spec.dtype) == (key, dtype))


def decodes() -> pd.DataFrame:
    shapes = [(heads, heads // group) for heads in (4, 8, 16, 32, 64) for group in (1, 4)]
    cells = [(b, kv, h, g) for h, g in shapes for b in (1, 2, 8, 64, 256) for kv in (128, 512, 4096, 32768)]
    rows = pd.DataFrame(cells, columns=["batch", "kv_len", "heads", "kv_heads"]).astype(float)
    return rows.assign(head_dim=128.0, op="attn_decode", dtype="bf16", kv_dtype="bf16", source="made", kernel="made")


@pytest.mark.parametrize(("regroup", "block"), [(6.0, 3.0), (0.01, 0.05)])
def test_copies_and_walks_are_found_where_they_are(regroup: float, block: float) -> None:
    spec = class_of("decode_attention", "bf16")
    truth = replace(usual_constants(spec), regroup_us=regroup, block_us=block)
    rows = decodes()
    rows["time_us"] = spec.total(truth, DEVICE, rows) * 1e6
    found = FormFit(spec, DEVICE).fit(rows).constants_
    assert found.regroup_us == pytest.approx(regroup, rel=0.05, abs=0.05)
    assert found.block_us == pytest.approx(block, rel=0.05, abs=0.06)


def seconds(
    fit: DecodeAttentionFit, heads: int, kv_heads: int, batch: int = 1, device: str = "a100", kv: int = 65536
) -> float:
    form = DecodeAttentionForm(
        fit, load_hardware(device), heads=heads, kv_heads=kv_heads, head_dim=128, bytes_per_kv=2.0
    )
    return float(form.seconds(batch, batch, batch * kv))


def test_heads_without_a_group_walk_their_kv_alone() -> None:
    """512 blocks of 128 tokens, one after the other; with a group they are split over the idle SMs."""
    fit = replace(usual_constants(class_of("decode_attention", "bf16")), block_us=3.0)
    start = seconds(replace(fit, block_us=1e-9), 1, 1, kv=1)
    assert seconds(fit, 1, 1) - start == pytest.approx(512 * 3e-6, rel=0.01)
    assert seconds(fit, 8, 1) < 0.1 * seconds(fit, 1, 1)
    wave = [seconds(fit, heads, heads, kv=65536) for heads in (1, 8, 32)]
    assert max(wave) < 1.05 * min(wave)


def test_split_contexts_cost_their_merging() -> None:
    """One sequence and KV head: a part for each block until every SM has one, each merged in turn."""
    fit = replace(usual_constants(class_of("decode_attention", "bf16")), merge_us=0.3, memory_share=1.0)
    free = replace(fit, merge_us=0.0)

    def extra(kv: int, batch: int = 1) -> float:
        return seconds(fit, 8, 1, batch, kv=kv) - seconds(free, 8, 1, batch, kv=kv)

    assert extra(32 * 128) == pytest.approx(32 * 0.3e-6)
    assert extra(64 * 128) == pytest.approx(64 * 0.3e-6)
    assert extra(128 * 1024) == pytest.approx(107 * 0.3e-6)
    assert extra(128 * 1024, batch=4) == pytest.approx(26 * 0.3e-6)
    assert extra(128 * 1024, batch=216) == 0.0


def test_folding_copies_only_several_sequences_of_several_kv_heads() -> None:
    plain = replace(usual_constants(class_of("decode_attention", "bf16")), regroup_us=0.0, regroup_passes=0.0)
    copies = replace(plain, regroup_us=6.0)

    def extra(heads: int, kv_heads: int, batch: int) -> float:
        return seconds(copies, heads, kv_heads, batch) - seconds(plain, heads, kv_heads, batch)

    assert extra(32, 8, 2) == pytest.approx(6e-6)
    assert extra(32, 8, 1) == extra(8, 1, 4) == extra(8, 8, 4) == 0.0
    moved = replace(plain, regroup_passes=7.0)
    more = seconds(moved, 32, 8, 1000) - seconds(plain, 32, 8, 1000)
    assert more == pytest.approx(7 * 2 * 1000 * 32 * 128 / DEVICE.memory_bytes_per_s)


def test_rows_of_the_library_are_no_rows_of_the_own_all_reduce() -> None:
    sizes = [2**i for i in range(12, 30)]
    cells = [(size, world) for size in sizes for world in (2, 4, 8)]
    rows = pd.DataFrame(cells, columns=["bytes", "world_size"]).astype(float)
    rows = rows.assign(op="allreduce_custom", kernel="vLLM_custom_graph", time_us=5.0)
    spec = class_of("custom_all_reduce", None)
    over_switch, over_bus = spec.rows(rows, DEVICE), spec.rows(rows, load_hardware("l40s"))
    assert over_switch["bytes"].max() == 2**22
    assert set(over_switch["world_size"]) == {2.0, 4.0, 8.0}
    assert set(over_bus["world_size"]) == {2.0}
    assert np.array_equal(np.unique(over_bus["bytes"]), np.unique(over_switch["bytes"]))
