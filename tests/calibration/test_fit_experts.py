"""Routed experts of measured tables: whom their tokens reach, which mixtures are refused, which tiles a fit finds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from calibration.fit import FormFit
from calibration.fit.even_experts import touched_evenly
from calibration.fit.expert_gates import keep_sound_experts
from calibration.fit.experts import moe_class
from calibration.fit.form_fit import usual_constants
from calibration.fit.skewed_experts import skewed_calls
from simulator.hardware.catalog import load_hardware

H100 = load_hardware("h100")
TOKENS = (1, 4, 16, 48, 64, 128, 256, 1024, 4096)


def mixture(experts: int = 64, chosen: int = 8, hidden: int = 4096, inner: int = 1536, shards: int = 1) -> pd.DataFrame:
    """Rows of one mixture on one rank of ``shards``, without times."""
    row = {"op": "moe", "dtype": "bf16", "source": "vllm-0.24.0", "kernel": "triton", "distribution": "balanced"}
    sizes = {"experts": experts, "topk": chosen, "k": hidden, "n": inner, "moe_tp": shards, "moe_ep": 1}
    numbers = {name: float(value) for name, value in sizes.items()}
    return pd.DataFrame([{**row, **numbers, "m": float(tokens)} for tokens in TOKENS])


def timed(rows: pd.DataFrame, **constants: object) -> pd.DataFrame:
    """With the times of the closed form."""
    spec = moe_class("bf16")
    truth = replace(usual_constants(spec), **constants)
    return rows.assign(time_us=spec.total(truth, H100, rows) * 1e6)


def test_balanced_calls_of_vllm_tables_fall_together_above_256() -> None:
    """Times of the tables: 48 tokens with 10 of 512 experts take 0.71 of the time of 64, as 364 of 512 experts do."""
    tokens, chosen = np.array([8.0, 48.0, 64.0]), np.full(3, 10.0)
    assert touched_evenly(tokens, np.full(3, 512.0), chosen).tolist() == [79.0, 364.0, 512.0]
    assert touched_evenly(tokens, np.full(3, 128.0), chosen - 2).tolist() == [64.0, 128.0, 128.0]


def test_skewed_tokens_touch_fewer_experts_and_fill_more_tiles() -> None:
    """Rows lost in rounding go to idle experts, so that up to half a row per expert no two of them meet."""
    tokens, experts, chosen = (np.array(values) for values in ([1.0, 16.0, 4096.0], [128.0] * 3, [8.0] * 3))
    calls = skewed_calls(tokens, experts, chosen)
    assert calls.touched[0] == 8.0
    assert calls.touched[1] == pytest.approx(66, abs=2)  # 57 that were drawn a row, 9 that were given one
    assert calls.touched[2] == 128.0
    assert calls.blocks(1.0) == pytest.approx(tokens * chosen, rel=0.1)
    even = calls.touched * np.ceil(tokens * chosen / calls.touched / 64)
    assert np.all(calls.blocks(64.0) >= even - 1e-9)
    assert calls.blocks(np.array([1.0, 64.0, 64.0]))[1:] == pytest.approx(calls.blocks(64.0)[1:])


def test_a_fit_finds_the_rule_by_which_tiles_were_picked() -> None:
    rows = pd.concat([mixture(experts, 8, hidden, 1536) for experts in (32, 64, 128) for hidden in (2048, 6144)])
    for rule in ("vllm-0.14", "vllm-0.16"):
        found = FormFit(moe_class("bf16"), H100).fit(timed(rows, tiles=rule, default_loss=1.4)).constants_
        assert found.tiles == rule
        assert found.default_loss == pytest.approx(1.4, rel=0.3)


def test_a_mixture_timed_faster_than_its_weights_can_be_read_was_routed_by_groups() -> None:
    honest, grouped = timed(mixture(256, 8, 7168, 2048)), timed(mixture(256, 8, 7168, 4096))
    grouped = grouped.assign(time_us=grouped["time_us"].where(grouped["m"] < 16, 0.55 * grouped["time_us"]))
    kept, dropped = keep_sound_experts(pd.concat([honest, grouped], ignore_index=True), H100)
    assert len(kept) == len(honest)
    assert set(kept["n"]) == {2048.0}
    assert [part.count for part in dropped] == [len(grouped)]
    assert "routed by groups" in dropped[0].reason


def test_a_shard_slower_than_a_wider_one_is_a_fallback() -> None:
    wide, narrow = timed(mixture(shards=2)), timed(mixture(shards=4))
    both = pd.concat([wide, narrow], ignore_index=True)
    assert keep_sound_experts(both, H100)[1] == []
    both.loc[both["moe_tp"] == 4, "time_us"] *= 3
    kept, dropped = keep_sound_experts(both, H100)
    assert set(kept["moe_tp"]) == {2.0}
    assert "wider shard" in dropped[0].reason
