"""Element-wise kernels as one class, timed against the bytes they move.

Bytes are counted as the simulator's operators count them (``simulator/operators``): a norm is fused with its residual
add (two reads, two writes), a gated activation reads both halves, rotary embedding reads and writes queries and keys.
Servers run these right after the kernel that wrote their input, so that part of it is still in the cache and the share
of bandwidth may exceed one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from calibration.fit.kernel_class import KernelClass
from simulator.cost import kernels
from simulator.hardware.kernel_constants import StreamFit
from simulator.hardware.profile import HardwareProfile

_WIDTH = 2.0
"""Bytes per element: these kernels run in 16 bit."""

_PASSES = {"norm": 4.0, "activation": 3.0, "softmax": 2.0}
"""Crossings of memory per element of the (m, n) row."""

_BARE_KERNEL, _BARE_NORM = "torch", 2.0
"""Library whose norm stands alone, without a residual add: one read, one write."""


def stream_class() -> KernelClass:
    """Norm, activation, rotary embedding and softmax: they read, compute and write.

    Embedding look-ups and copies are left out: a step has one of each at most, they compute nothing, and on a processor
    they move a byte four to eight times as fast as eager norms do. A GPU's look-up hardly depends on its bytes.
    """
    return KernelClass(
        "stream", None, StreamFit, _rows, _predict, ("op", "n", "heads"),
        start=(0.75, 2.0), low=(0.1, 0.1), high=(6.0, 20.0),
    )  # fmt: skip


def _rows(table: pd.DataFrame, _: HardwareProfile) -> pd.DataFrame:
    rows = table[table["op"].isin([*_PASSES, "rotary"])]
    return rows.assign(n=rows["n"].fillna(0.0), heads=rows["heads"].fillna(0.0))


def _predict(fit: StreamFit, device: HardwareProfile, rows: pd.DataFrame) -> npt.NDArray[np.float64]:
    seconds: npt.NDArray[np.float64] = kernels.stream_seconds(fit, device, moved_bytes(rows))
    return seconds


def moved_bytes(rows: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Bytes each row reads and writes."""
    m, n, heads, kv_heads, dim = (
        rows[name].to_numpy(dtype=float) for name in ("m", "n", "heads", "kv_heads", "head_dim")
    )
    passes = rows["op"].map(_PASSES).to_numpy(dtype=float)
    passes = np.where((rows["op"] == "norm") & (rows["kernel"] == _BARE_KERNEL), _BARE_NORM, passes)
    rotary = (rows["op"] == "rotary").to_numpy()
    return np.where(rotary, 2.0 * m * (heads + kv_heads) * dim, passes * m * n) * _WIDTH
