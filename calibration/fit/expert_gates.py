"""Gates on tables of routed experts: mixtures whose rows cannot have run what they say.

All judge a weight shape as a whole by physics or by its own neighbours, never by a prediction.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from calibration.dropped import Dropped, split_off
from calibration.fit.even_experts import touched_evenly
from calibration.fit.experts import is_ungated
from calibration.fit.narrow_experts import drop_slow_narrow_experts
from calibration.number_formats import FORMATS
from calibration.words import words
from simulator.hardware.profile import HardwareProfile

IDLE_SHARE = 0.8
"""Time over the least time to read a mixture's touched experts, below which some of them were idle."""

FEWEST_IDLE = 3
"""Such rows from which a mixture is dropped."""

FEWEST_SHARED = 2
"""Rows of a shard inside the tokens of a wider one from which the two are compared."""

SLOWER_SHARD = 1.25
"""Median ratio to the times of a shard twice as wide or more beyond which a narrower one ran on a fallback."""

_ALIGNED = 16
_GATED_MATRICES = 3.0
_MIXTURE = ["source", "dtype", "experts", "topk", "k", "n"]


def keep_sound_experts(rows: pd.DataFrame, device: HardwareProfile) -> tuple[pd.DataFrame, list[Dropped]]:
    """Rows without the mixtures and shards that a gate objects to, and what was dropped."""
    rows, slow = drop_slow_narrow_experts(rows)
    rows, idle = split_off(
        rows, _idle(rows, device), "balanced experts timed faster than their weights can be read (routed by groups)"
    )
    rows, shards = split_off(
        rows, _slow_shards(rows), f"experts more than {SLOWER_SHARD:g} times slower than in a wider shard"
    )
    return rows, [*slow, *idle, *shards]


def _idle(rows: pd.DataFrame, device: HardwareProfile) -> npt.NDArray[np.bool_]:
    """Mixtures that reach only part of the experts an even spread reaches.

    DeepSeek-V3's own router keeps 4 of 8 groups of experts: tables that went through it under even logits touch half
    of the experts, most rows on a few. Judged where reading weights is all there is: no more than 8 rows an expert, and
    weights several times the last-level cache, which does not keep them from call to call.
    """
    moe = rows[(rows["op"] == "moe") & (rows["distribution"] == "balanced") & (rows["moe_ep"].fillna(1.0) == 1)]
    moe = moe[moe["dtype"].isin(list(FORMATS)) & ~is_ungated(moe)]
    tokens, experts, chosen, hidden, width = (
        moe[name].to_numpy(dtype=np.float64) for name in ("m", "experts", "topk", "k", "n")
    )
    touched = touched_evenly(tokens, experts, chosen)
    per_weight = np.array([FORMATS[dtype].weight_bytes for dtype in moe["dtype"]])
    nbytes = touched * _GATED_MATRICES * hidden * width / moe["moe_tp"].fillna(1.0).to_numpy() * per_weight
    judged = (touched == experts) & (tokens * chosen <= 8 * experts) & (nbytes > 4 * device.l2_bytes)
    share = moe["time_us"] * 1e-6 * device.memory_bytes_per_s / nbytes
    too_fast = moe[judged & (share < IDLE_SHARE).to_numpy()]
    counts = too_fast.groupby([words(too_fast, name) for name in _MIXTURE]).size()
    return _members(rows, _MIXTURE, counts[counts >= FEWEST_IDLE].index)


def _slow_shards(rows: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Aligned shards of a mixture slower than wider ones (times between wider shards' rows are interpolated)."""
    moe = rows[(rows["op"] == "moe") & (rows["moe_ep"].fillna(1.0) == 1)]
    bad = np.zeros(len(rows), dtype=bool)
    family = [words(moe, name) for name in (*_MIXTURE, "kernel", "distribution")]
    places = pd.Series(np.flatnonzero(rows.index.isin(moe.index)), index=moe.index)
    for _, mixture in moe[["m", "n", "moe_tp", "time_us"]].groupby(family):
        if mixture["moe_tp"].nunique() < 2:
            continue
        shards = {float(part["moe_tp"].iloc[0]): part.sort_values("m") for _, part in mixture.groupby("moe_tp")}
        for tp, shard in shards.items():
            if (shard["n"].iloc[0] / tp) % _ALIGNED:
                continue
            ratios = [_ratios(shard, wider) for other, wider in shards.items() if other < tp]
            if any(len(ratio) >= FEWEST_SHARED and np.median(ratio) > SLOWER_SHARD for ratio in ratios):
                bad[places[shard.index]] = True
    return bad


def _ratios(shard: pd.DataFrame, wider: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Times over those of a wider shard, at the tokens between its least and most."""
    inside = shard[shard["m"].between(wider["m"].min(), wider["m"].max())]
    there = np.interp(np.log(inside["m"]), np.log(wider["m"]), np.log(wider["time_us"]))
    return np.asarray(inside["time_us"] / np.exp(there), dtype=np.float64)


def _members(rows: pd.DataFrame, columns: list[str], bad: pd.Index) -> npt.NDArray[np.bool_]:
    found = (rows["op"] == "moe").to_numpy(copy=True)
    keys = pd.MultiIndex.from_arrays([words(rows[found], name) for name in columns])
    found[found] = keys.isin(bad)
    return np.asarray(found)
