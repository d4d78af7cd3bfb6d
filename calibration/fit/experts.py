"""Routed experts as kernel classes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from calibration.fit.kernel_class import Floats, KernelClass, columns
from calibration.fit.skewed_experts import touched_by_power_law
from simulator.cost import kernels
from simulator.hardware.fits import MoEFit
from simulator.hardware.profile import HardwareProfile

_BYTES = {
    "bf16": 2.0, "fp8": 1.0, "fp8_block": 1.0, "nvfp4": 0.5625, "int4_wo": 0.515625, "w4a16_mxfp4": 0.53125,
}  # fmt: skip
_MATH = {"fp8_block": "fp8", "nvfp4": "fp4", "int4_wo": "bf16", "w4a16_mxfp4": "bf16"}
_ACTIVATION_BYTES = 2.0
_SKEWED = "power_law_1.01"

_UNGATED = {(512, 22, 2048, 5120), (512, 22, 1024, 2688), (512, 22, 8192, 5120), (128, 6, 2688, 1856)}
"""Experts, experts per token, hidden and inner size of the Nemotron-H mixtures, whose experts are squared-ReLU blocks
of two matrices instead of three. aiconfigurator's collector for vLLM 0.24 times them so (two thirds of the bytes in
time); older sources timed gated blocks of the same sizes."""

_UNGATED_SOURCE = "vllm-0.24"


def moe_class(dtype: str) -> KernelClass:
    """Experts with tokens spread evenly (or nearly, where no even rows were timed), without expert parallelism."""
    math_dtype, width = _MATH.get(dtype, dtype), _BYTES[dtype]

    def predict(fit: MoEFit, device: HardwareProfile, rows: pd.DataFrame) -> Floats:
        tokens, chosen = columns(rows, "m", "topk")
        seconds: Floats = kernels.moe_seconds(
            fit, device, tokens=tokens, hidden_size=columns(rows, "k")[0], intermediate_size=_inner(rows),
            num_matrices=_matrices(rows), experts_per_token=chosen,
            touched_experts=_touched(rows),
            math_dtype=math_dtype, bytes_per_weight=width, bytes_per_activation=_ACTIVATION_BYTES, repeated=True,
        )  # fmt: skip
        return seconds

    def pick(table: pd.DataFrame, device: HardwareProfile) -> pd.DataFrame:
        if not device.supports(math_dtype):
            return table.iloc[:0]
        rows = table[(table["op"] == "moe") & (table["dtype"] == dtype) & (table["moe_ep"].fillna(1.0) == 1)]
        rows = _main_library(rows[~rows["kernel"].fillna("").str.contains("nongated")])
        even = rows[rows["distribution"] == "balanced"]
        return even if len(even) else rows[rows["distribution"] == _SKEWED]

    return KernelClass(
        "moe", "fp4" if dtype == "nvfp4" else dtype, MoEFit, pick, predict, ("experts", "topk", "n", "k"),
        start=(0.7, 0.85, 25.0, 2.2, 200.0, 50.0, 1.5, 0.5, 0.3),
        low=(0.1, 0.3, 1.0, 0.7, 1.0, 0.1, 0.1, 1e-3, 1e-3),
        high=(1.1, 1.1, 300.0, 20.0, 5000.0, 300.0, 10.0, 5.0, 0.95),
        coordinates=lambda rows: (
            *columns(rows, "m", "k"), _inner(rows), *columns(rows, "experts", "topk")
        ),
        scales=(3.0, 3.0, 3.0, 3.0, 3.0), ridge=0.5,
    )  # fmt: skip


def _touched(rows: pd.DataFrame) -> Floats:
    """Distinct experts of each call, by the distribution its tokens were given."""
    tokens, experts, chosen = columns(rows, "m", "experts", "topk")
    skewed = (rows["distribution"] == _SKEWED).to_numpy()
    even = np.minimum(experts, tokens * chosen)
    return np.where(skewed, touched_by_power_law(tokens, experts, chosen), even)


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
