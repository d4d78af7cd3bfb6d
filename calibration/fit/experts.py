"""Routed experts as kernel classes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from calibration.fit.even_experts import touched_evenly
from calibration.fit.kernel_class import Floats, KernelClass, columns
from calibration.fit.skewed_experts import skewed_calls
from simulator.cost.experts_form import moe_seconds
from simulator.hardware.kernel_constants import MoEFit
from simulator.hardware.profile import HardwareProfile

_BYTES = {
    "bf16": 2.0, "fp8": 1.0, "fp8_block": 1.0, "nvfp4": 0.5625, "int4_wo": 0.515625, "w4a16_mxfp4": 0.53125,
}  # fmt: skip
_MATH = {"fp8_block": "fp8", "nvfp4": "fp4", "int4_wo": "bf16", "w4a16_mxfp4": "bf16"}
_ACTIVATION_BYTES = 2.0
_SKEWED = "power_law_1.01"
_INNER, _MATRICES, _TOUCHED = "inner size of a shard", "matrices", "touched experts"

_UNGATED = {(512, 22, 2048, 5120), (512, 22, 1024, 2688), (512, 22, 8192, 5120), (128, 6, 2688, 1856)}
"""Experts, experts per token, hidden and inner size of the Nemotron-H mixtures, whose experts are squared-ReLU blocks
of two matrices instead of three. aiconfigurator's collector for vLLM 0.24 times them so (two thirds of the bytes in
time); older sources timed gated blocks of the same sizes."""

_UNGATED_SOURCE = "vllm-0.24"


_LIMITS: Mapping[str, tuple[float, float, float]] = {
    "math_share": (0.8, 0.1, 1.1),
    "memory_share": (0.9, 0.3, 1.1),
    "latency_us": (20.0, 1.0, 300.0),
    "sort_us": (6.0, 0.5, 100.0),
    "sharpness": (3.0, 1.0, 20.0),
    "step_ns": (60.0, 1.0, 2000.0),
    "edge_rows": (20.0, 0.1, 300.0),
    "tile_ns": (600.0, 10.0, 10000.0),
    "row_passes": (1.7, 0.05, 10.0),
    "token_passes": (5.0, 0.05, 50.0),
    "cached_share": (0.6, 1e-3, 0.97),
    "default_loss": (1.15, 0.9, 3.0),
    "gather_loss": (0.2, 1e-3, 3.0),
    "unaligned_loss": (1.0, 1e-2, 30.0),
    "spill_loss": (0.3, 1e-3, 3.0),
}
"""Constant -> usual value, bounds."""

_TILES = {
    "fp8_block": ("vllm-block", "trtllm-gen", "best"),
    "nvfp4": ("trtllm-gen", "best"),
}
_SIXTEEN_OR_EIGHT_BIT_TILES = ("vllm-0.16", "vllm-0.14", "trtllm-gen", "best")
"""Rules of tiles tried, by what a library may run the format with."""


def moe_class(dtype: str) -> KernelClass:
    """Experts with tokens spread evenly (or nearly, where no even rows were timed), without expert parallelism."""
    math_dtype, width = _MATH.get(dtype, dtype), _BYTES[dtype]

    def predict(fit: MoEFit, device: HardwareProfile, rows: pd.DataFrame) -> Floats:
        rows = rows if _TOUCHED in rows else _with_sizes(rows)
        tokens, hidden, experts, chosen = columns(rows, "m", "k", "experts", "topk")
        inner, matrices, touched = columns(rows, _INNER, _MATRICES, _TOUCHED)
        skewed = rows["distribution"].iloc[0] == _SKEWED
        seconds: Floats = moe_seconds(
            fit, device, tokens=tokens, hidden_size=hidden, intermediate_size=inner, num_matrices=matrices,
            num_experts=experts, experts_per_token=chosen, touched_experts=touched,
            math_dtype=math_dtype, bytes_per_weight=width, bytes_per_activation=_ACTIVATION_BYTES, repeated=True,
            blocks_of=skewed_calls(tokens, experts, chosen).blocks if skewed else None,
        )  # fmt: skip
        return seconds

    def pick(table: pd.DataFrame, device: HardwareProfile) -> pd.DataFrame:
        if not device.supports(math_dtype):
            return table.iloc[:0]
        rows = table[(table["op"] == "moe") & (table["dtype"] == dtype) & (table["moe_ep"].fillna(1.0) == 1)]
        rows = _main_library(rows[~rows["kernel"].fillna("").str.contains("nongated")])
        even = rows[rows["distribution"] == "balanced"]
        return _with_sizes(even if len(even) else rows[rows["distribution"] == _SKEWED])

    start, low, high = np.array(list(_LIMITS.values())).T.tolist()
    return KernelClass(
        "moe", "fp4" if dtype == "nvfp4" else dtype, MoEFit, pick, predict, ("experts", "topk", "n", "k"),
        start, low, high,
        coordinates=lambda rows: (
            *columns(rows, "m", "k"), _inner(rows), *columns(rows, "experts", "topk")
        ),
        scales=(3.0, 3.0, 3.0, 3.0, 3.0), ridge=0.5,
        choices={"tiles": _TILES.get(dtype, _SIXTEEN_OR_EIGHT_BIT_TILES)},
    )  # fmt: skip


def _with_sizes(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of one distribution of tokens, with what the form asks of each that is no column of the schema."""
    return rows.assign(**{_INNER: _inner(rows), _MATRICES: _matrices(rows), _TOUCHED: _touched(rows)})


def _touched(rows: pd.DataFrame) -> Floats:
    """Distinct experts of each call, by the distribution its tokens were given."""
    tokens, experts, chosen = columns(rows, "m", "experts", "topk")
    if (rows["distribution"] == _SKEWED).any():
        return skewed_calls(tokens, experts, chosen).touched
    drawn_by_vllm = rows["source"].fillna("").str.contains("vllm").to_numpy()
    even = np.minimum(experts, tokens * chosen)
    return np.where(drawn_by_vllm, touched_evenly(tokens, experts, chosen), even)


def _main_library(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of the library with most of them: an engine uses one, and libraries differ by up to two."""
    named = rows["kernel"].fillna("")
    return rows[named == named.value_counts().index[0]] if len(rows) else rows


def _inner(rows: pd.DataFrame) -> Floats:
    """Inner width of one rank's share of an expert."""
    return columns(rows, "n")[0] / rows["moe_tp"].fillna(1.0).to_numpy(dtype=np.float64)


def is_ungated(rows: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Rows of the sizes of mixtures without gates, however they were timed."""
    shapes = zip(*(column.astype(int) for column in columns(rows, "experts", "topk", "k", "n")), strict=True)
    return np.array([shape in _UNGATED for shape in shapes], dtype=bool)


def _matrices(rows: pd.DataFrame) -> Floats:
    recent = rows["source"].fillna("").str.contains(_UNGATED_SOURCE).to_numpy()
    return np.where(is_ungated(rows) & recent, 2.0, 3.0)
