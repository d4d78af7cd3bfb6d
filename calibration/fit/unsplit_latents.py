"""Gate: decode kernels over latents that leave the device idle on long contexts.

One sequence's latents are one KV head: a kernel that does not split them walks through a long context on a single
multiprocessor (TensorRT-LLM on A100, L40S and RTX PRO 6000: 0.5 to 2 % of the bandwidth, 30 ns a token). Engines split
(FlashMLA, FlashAttention-3, FlashInfer, Triton), so such rows say nothing about them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from calibration.dropped import Dropped, split_off
from calibration.least_time import least_time_us
from calibration.words import words
from simulator.hardware.profile import HardwareProfile

LEAST_SHARE = 0.05
"""Share of the bandwidth that one long context reaches at least (8 % and more where kernels split)."""

LONG_TOKENS = 32768
_LIBRARY = ("source", "kernel", "kv_dtype")


def drop_unsplit_latents(rows: pd.DataFrame, device: HardwareProfile) -> tuple[pd.DataFrame, list[Dropped]]:
    """Rows without the decode rows of such libraries, and what was dropped."""
    decode = rows["op"] == "mla_decode"
    lone = rows[decode & (rows["batch"] == 1) & (rows["kv_len"] >= LONG_TOKENS)]
    if lone.empty:
        return rows, []
    library = pd.Series(list(zip(*(words(rows, name) for name in _LIBRARY), strict=True)), index=rows.index)
    reached = least_time_us(lone, device, cache_speed_up=1.0) / lone["time_us"].to_numpy(dtype=np.float64)
    median = pd.Series(reached, index=lone.index).groupby(library[lone.index]).median()
    idle = set(median[median < LEAST_SHARE].index)
    bad = decode & library.map(lambda name: name in idle).astype(bool)
    return split_off(rows, bad.to_numpy(dtype=bool), "decode over latents that leaves the device idle on long contexts")
