"""Weight-only formats as kernel classes: 16-bit multiplies by weights of 4 or 8 bits, widened in the kernel.

The forms are those of plain multiplies and experts with the bytes of the narrow weights; that widening them keeps the
multipliers waiting shows as a lower share of the peak. Constants are kept apart from those of 16-bit weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from calibration.fit.experts import moe_class
from calibration.fit.gemm import gemm_class
from calibration.fit.kernel_class import Floats, KernelClass, columns
from calibration.fit.narrow_experts import SLOWER_FACTOR
from calibration.words import words
from simulator.cost import kernels
from simulator.hardware.kernel_constants import GemmFit
from simulator.hardware.profile import HardwareProfile


@dataclass(frozen=True)
class _Stored:
    """``table``: the format's name in tables; ``weight_bytes``: per weight, 16-bit scales of groups of 128 included."""

    table: str
    weight_bytes: float


_DENSE: Mapping[str, _Stored] = {"int4": _Stored("int4_wo", 0.515625), "int8": _Stored("int8_wo", 1.0)}
_EXPERTS = {"int4": "int4_wo", "mxfp4": "w4a16_mxfp4"}

_SPLIT_SHAPE = ("experts", "topk", "n", "k", "moe_tp")
_ENGINE, _ENGINE_WEIGHT = "vllm", 2.0


def weight_only_gemm_class(weights: str) -> KernelClass:
    """Dense layers of AWQ and GPTQ checkpoints (``int4``) and 8-bit weight-only ones."""
    stored = _DENSE[weights]

    def predict(fit: GemmFit, device: HardwareProfile, rows: pd.DataFrame) -> Floats:
        m, n, k = columns(rows, "m", "n", "k")
        seconds: Floats = kernels.gemm_seconds(
            fit, device, m, n, k, math_dtype=device.sixteen_bit(), bytes_per_weight=stored.weight_bytes,
            bytes_per_activation=2.0, working_set=stored.weight_bytes * n * k + 2.0 * m * (k + n),
        )  # fmt: skip
        return seconds

    def pick(table: pd.DataFrame, _: HardwareProfile) -> pd.DataFrame:
        return table[(table["op"] == "gemm") & (table["dtype"] == stored.table)]

    return replace(gemm_class("bf16"), key="weight_only_gemm", dtype=weights, rows=pick, predict=predict)


def weight_only_moe_class(weights: str) -> KernelClass:
    """Experts of 4-bit checkpoints multiplied in 16 bit: Marlin, Triton or TensorRT-LLM kernels.

    Tables of one or two models split them over several ranks; a split is held out as a shape of its own.
    """
    plain = moe_class(_EXPERTS[weights])

    def pick(table: pd.DataFrame, device: HardwareProfile) -> pd.DataFrame:
        alone = table[(table["op"] == "moe") & (table["dtype"] == _EXPERTS[weights])]
        return plain.rows(_widest_library(alone[alone["moe_ep"].fillna(1.0) == 1]), device)

    return replace(plain, key="weight_only_moe", dtype=weights, rows=pick, held_out=_SPLIT_SHAPE)


def _widest_library(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of the healthy build with most expert shapes; vLLM's where no other has more than twice as many."""
    if rows.empty:
        return rows
    build = words(rows, "source") + " " + words(rows, "kernel")
    healthy = _healthy(rows, build)
    counts = {
        name: len(part[list(_SPLIT_SHAPE)].drop_duplicates()) for name, part in rows[healthy].groupby(build[healthy])
    }
    widest = max(counts, key=lambda name: counts[name] * (_ENGINE_WEIGHT if _ENGINE in name else 1.0))
    return rows[build == widest]


def _healthy(rows: pd.DataFrame, build: pd.Series) -> pd.Series:
    """Rows of builds about as fast as the best one on the shapes they share. vLLM 0.19's int4 experts of H200 and B200
    take up to six times as long as 0.24's, and longer than 16-bit ones of the same shape."""
    shape = rows.groupby([*_SPLIT_SHAPE, "m", "distribution"], dropna=False).ngroup()
    slower = rows["time_us"] / rows["time_us"].groupby(shape).transform("min")
    shared = build.groupby(shape).transform("nunique") > 1
    ratio = slower[shared].groupby(build[shared]).median()
    return ~build.isin(ratio[ratio > SLOWER_FACTOR].index)
