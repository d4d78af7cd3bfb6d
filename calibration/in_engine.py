"""Rows timed inside a running engine beside rows of the same kernels timed alone.

Two ways to time one kernel of one board do not agree: alone it finds its activations in the cache and the clock of an
idle device, and is repeated until both are as good as they get. What a simulated step needs is the time among other
kernels.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from calibration.fit import KernelClass
from calibration.fit.layered import LayeredModel
from calibration.words import words
from simulator.hardware.profile import HardwareProfile

_ENGINE_PROFILERS = "vllm0.19-layerwise"
FEWEST_ROWS = 64
"""Rows from which a class can be fitted; with as few, errors are about twice those of a full table."""

ATTENTION = {"prefill_attention": "attn_prefill", "decode_attention": "attn_decode"}
"""Classes whose rows of an engine go alone where there are enough: every layer has its own KV there, while kernels
repeated on one buffer find it in the cache."""


def timed_in_engine(rows: pd.DataFrame) -> pd.Series:
    """(rows,) whether a row was timed inside a running engine."""
    return words(rows, "kernel").str.startswith(_ENGINE_PROFILERS)


def speaks_for_the_engine(rows: pd.DataFrame) -> bool:
    """Whether rows of a class are of an engine, or were brought to its times."""
    return int(timed_in_engine(rows).sum()) >= FEWEST_ROWS


def attention_in_engine(spec: KernelClass, rows: pd.DataFrame) -> pd.DataFrame | None:
    """A device's rows of an attention class timed inside an engine; None for other classes and with too few of them."""
    in_engine = rows[timed_in_engine(rows)]
    found = in_engine[(in_engine["op"] == ATTENTION.get(spec.key)) & (in_engine["kv_dtype"] == spec.dtype)]
    return found if len(found) >= FEWEST_ROWS else None


def brought_together(spec: KernelClass, device: HardwareProfile, rows: pd.DataFrame) -> pd.DataFrame:
    """A class's rows with those timed alone slowed down (or sped up) to the engine's: by one factor, the median of the
    engine's rows over what a model of the others predicts for their shapes. As they are where one kind is missing."""
    inside = timed_in_engine(rows)
    alone, engine = rows[~inside], rows[inside]
    if len(engine) < FEWEST_ROWS or len(alone) < FEWEST_ROWS:
        return rows
    predicted_us = 1e6 * LayeredModel(spec, device).fit(alone).predict(engine, exact=False)
    factor = float(np.median(engine["time_us"].to_numpy(dtype=np.float64) / predicted_us))
    print(f"{device.name:16} {spec.key} {spec.dtype}: rows timed alone times {factor:.3f}, as inside the engine")
    return pd.concat([engine, alone.assign(time_us=alone["time_us"] * factor)], ignore_index=True)
