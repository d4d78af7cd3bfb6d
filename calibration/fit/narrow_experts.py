"""Gate: experts in a narrow format that were timed slower than 16-bit ones of the same shape.

Half the bytes at twice the peak cannot take longer for long: such shapes ran on a fallback configuration (TensorRT-LLM
tables of Hopper hold a whole mixture that is four times slower than in 16 bit). Small margins are left alone, since
libraries differ.
"""

from __future__ import annotations

import pandas as pd

from calibration.dropped import Dropped, split_off
from calibration.fit.experts import is_ungated

SLOWER_FACTOR = 1.5
"""Median ratio to 16-bit times of the same shapes beyond which the narrow rows of a weight shape are dropped."""

LAUNCHES_US = 100.0
"""16-bit times up to which launches, of which narrow formats need more, are too much of the time to compare."""

_SHAPE = ["m", "n", "k", "experts", "topk", "moe_tp", "moe_ep", "distribution"]
_FAMILY = ["source", "kernel", "dtype", "n", "k", "experts", "topk", "moe_tp", "moe_ep"]
_NARROW = ("fp8", "fp8_block", "nvfp4")


def drop_slow_narrow_experts(rows: pd.DataFrame) -> tuple[pd.DataFrame, list[Dropped]]:
    """Rows without such weight shapes (per library, format and parallel layout), and what was dropped."""
    experts = rows[rows["op"] == "moe"]
    wide = experts[experts["dtype"] == "bf16"].groupby(_SHAPE)["time_us"].median().rename("wide_us")
    narrow = experts[experts["dtype"].isin(_NARROW)]
    if wide.empty or narrow.empty:
        return rows, []
    joined = narrow[~is_ungated(narrow)].join(wide[wide > LAUNCHES_US], on=_SHAPE, how="inner")
    ratio = (joined["time_us"] / joined["wide_us"]).groupby([joined[name] for name in _FAMILY]).median()
    slow = ratio[ratio > SLOWER_FACTOR].rename("ratio")
    if slow.empty:
        return rows, []
    bad = narrow.join(slow, on=_FAMILY, how="inner").index
    reason = f"experts in a narrow format more than {SLOWER_FACTOR:g} times slower than in bf16 (weight shape)"
    return split_off(rows, rows.index.isin(bad), reason)
