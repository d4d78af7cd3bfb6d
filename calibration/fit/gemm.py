"""Matrix multiplies as kernel classes.

Rows of 8- and 4-bit formats were timed with the quantisation of their activations in front; it is a kernel of its own
(``kernels.quantise_seconds``), fitted along and kept apart. The tables show it plainly: at n = 256 the time beyond a
16-bit multiply follows m and steps of 2048 in k, not the multiply.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from calibration.fit.kernel_class import Floats, KernelClass, columns
from simulator.cost import kernels
from simulator.hardware.kernel_constants import TILE_RULES, GemmFit
from simulator.hardware.profile import HardwareProfile

_BYTES = {"bf16": 2.0, "fp16": 2.0, "fp32": 4.0, "fp8": 1.0, "fp8_block": 1.0, "int8": 1.0, "nvfp4": 0.5625}
"""Bytes per element, scales of 16-element blocks included."""

_MATH = {"fp8_block": "fp8", "nvfp4": "fp4"}
"""Format of a table -> format the data sheet states a peak for."""

_NAMES = {"nvfp4": "fp4"}
"""Format of a table -> format the simulator asks for."""

_LIMITS: Mapping[str, tuple[float, float, float]] = {
    "math_share": (0.9, 0.3, 1.1),
    "memory_share": (0.85, 0.4, 1.1),
    "latency_us": (3.5, 0.3, 20.0),
    "sharpness": (2.5, 0.8, 20.0),
    "wave_exponent": (0.4, 0.01, 1.2),
    "half_depth": (120.0, 1.0, 3000.0),
    "saturating_share": (0.15, 0.01, 1.0),
    "split_us": (3.0, 0.1, 50.0),
    "lone_speed": (1.5, 1.0, 4.0),
    "throttle_share": (0.2, 1e-3, 2.0),
    "edge_rows": (5.0, 0.01, 200.0),
    "step_ns": (100.0, 1.0, 1000.0),
    "cached_share": (0.1, 1e-3, 0.95),
}
_QUANTISE: Mapping[str, tuple[float, float, float]] = {
    "quantise_us": (1.5, 1.0, 2.5),
    "quantise_row_ns": (1.0, 1e-3, 10.0),
    "quantise_passes": (1.0, 0.05, 5.0),
}
"""Constant -> usual value, bounds. A launch in a graph takes 1 to 2.5 us; rows cannot tell it from the multiply's."""

_NO_QUANTISE = dict.fromkeys(_QUANTISE, (1e-9, 1e-10, 1e-8))


_WEIGHT_COPIES = {"fp8_block": 1, "nvfp4": 1}
_MOST_COPIES = 6
"""Weights that aiconfigurator's tables multiply with in turn: one for formats scaled by blocks,
else six (collector/vllm/collect_gemm.py). On L40S (96 MiB of L2) matrices up to 16 MB are still read from the
cache, in half the time."""


def gemm_class(dtype: str) -> KernelClass:
    """Multiplies in one format. Only narrow ones run on kernels whose tiles may follow a fixed rule."""
    narrow = _BYTES[dtype] < 2.0
    limits = {**_LIMITS, **(_QUANTISE if narrow else _NO_QUANTISE)}
    math_dtype, width = _MATH.get(dtype, dtype), _BYTES[dtype]

    def predict(fit: GemmFit, device: HardwareProfile, rows: pd.DataFrame) -> Floats:
        m, n, k = columns(rows, "m", "n", "k")
        turn = _WEIGHT_COPIES.get(dtype, _MOST_COPIES) * width * n * k + width * m * k + 2.0 * m * n
        seconds: Floats = kernels.gemm_seconds(
            fit, device, m, n, k, math_dtype=math_dtype, bytes_per_weight=width, bytes_per_activation=width,
            working_set=turn,
        )  # fmt: skip
        return seconds

    def quantise(fit: GemmFit, device: HardwareProfile, rows: pd.DataFrame) -> Floats:
        m, k = columns(rows, "m", "k")
        seconds: Floats = kernels.quantise_seconds(fit, device, m, k)
        return seconds

    def pick(table: pd.DataFrame, device: HardwareProfile) -> pd.DataFrame:
        if not device.supports(math_dtype):
            return table.iloc[:0]
        return table[(table["op"] == "gemm") & (table["dtype"] == dtype)]

    start, low, high = np.array(list(limits.values())).T.tolist()
    return KernelClass(
        "gemm", _NAMES.get(dtype, dtype), GemmFit, pick, predict, ("n", "k"), start, low, high,
        apart=quantise if narrow else None,
        coordinates=lambda rows: columns(rows, "m", "n", "k"), scales=(2.0, 2.0, 2.0), centres=700,
        choices={"tiles": TILE_RULES if narrow else TILE_RULES[:1]},
    )  # fmt: skip
