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
from simulator.hardware.fits import StreamFit
from simulator.hardware.profile import HardwareProfile

_WIDTH = 2.0
"""Bytes per element: these kernels run in 16 bit."""

_PASSES = {"norm": 4.0, "activation": 3.0, "softmax": 2.0, "embedding": 2.0}
"""Crossings of memory per element of the (m, n) row."""

_BARE_KERNEL, _BARE_NORM = "torch", 2.0
"""Library whose norm stands alone, without a residual add: one read, one write."""

_ONLY_BARE = ("softmax", "embedding", "copy_d2d")
"""Classes taken from the project's own harness alone, which times every one of them. Inside a running engine an
embedding look-up is a gather, once per step, whose time hardly depends on its bytes."""


def stream_class() -> KernelClass:
    """Norm, activation, rotary embedding, softmax, embedding look-up and copy within the device's memory."""
    return KernelClass(
        "stream", None, StreamFit, _rows, _predict, ("op", "n", "heads", "bytes"),
        start=(0.75, 2.0), low=(0.1, 0.1), high=(6.0, 20.0),
    )  # fmt: skip


def _rows(table: pd.DataFrame, _: HardwareProfile) -> pd.DataFrame:
    engine = table["op"].isin(["norm", "activation", "rotary"])
    bare = table["op"].isin(_ONLY_BARE) & (table["kernel"] == _BARE_KERNEL)
    rows = table[engine | bare]
    return rows.assign(**{name: rows[name].astype(float).fillna(0.0) for name in ("n", "heads", "bytes")})


def _predict(fit: StreamFit, device: HardwareProfile, rows: pd.DataFrame) -> npt.NDArray[np.float64]:
    seconds: npt.NDArray[np.float64] = kernels.stream_seconds(fit, device, moved_bytes(rows))
    return seconds


def moved_bytes(rows: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Bytes each row reads and writes."""
    m, n, heads, kv_heads, dim, copied = (
        rows[name].to_numpy(dtype=float) for name in ("m", "n", "heads", "kv_heads", "head_dim", "bytes")
    )
    op = rows["op"].to_numpy(dtype=object)
    passes = rows["op"].map(_PASSES).to_numpy(dtype=float)
    passes = np.where((op == "norm") & (rows["kernel"] == _BARE_KERNEL), _BARE_NORM, passes)
    wide = np.where(op == "rotary", 2.0 * m * (heads + kv_heads) * dim, passes * m * n) * _WIDTH
    return np.where(op == "copy_d2d", 2.0 * copied, wide)
