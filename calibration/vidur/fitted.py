"""Our cost model with its constants fitted to Vidur's A100 kernels: the same profiles, closed forms instead of forests.

The forms are those of ``simulator/cost``. What Vidur adds to its kernels is an engine profile here: 20 us of host time
for each all-reduce, 10 % on decode attention, token counts padded to multiples of 8, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from calibration.fit import KernelClass, Result, fit_class, kernel_classes
from calibration.vidur.iteration import Rules
from simulator.cost import kernels
from simulator.cost.deployment import Deployment
from simulator.cost.engine_profile import EngineProfile
from simulator.hardware.fits import Fitted, KernelFits, load_fits
from simulator.hardware.kernel_constants import StreamFit
from simulator.hardware.origin import Origin
from simulator.hardware.profile import HardwareProfile
from simulator.models.spec import ModelSpec

ROWS_PER_CLASS = 2000
"""Rows drawn from each class; more do not change the errors' first digit."""

LARGEST_STEP = 8192
_HELD_OUT = {
    "gemm": ("n", "k"),
    "prefill_attention": ("q_len",),
    "decode_attention": ("batch",),
    "nccl_all_reduce": ("bytes",),
    "stream": ("op", "n", "heads"),
}
"""What is held out together; Vidur timed attention for one head shape only, so chunks and batches are."""


@dataclass(frozen=True)
class FittedKernels:
    """``fits``: constants for our cost model; ``results``: kernel class -> constants, rows and held-out errors."""

    fits: KernelFits
    results: Mapping[str, Result]


def fit_kernels(rows: pd.DataFrame, device: HardwareProfile) -> FittedKernels:
    """Fit every class that Vidur's iterations use to imported rows of one device."""
    table = rows.assign(dtype=rows["dtype"].replace("fp16", "bf16"), kv_dtype=rows["kv_dtype"].replace("fp16", "bf16"))
    table.loc[table["op"] == "nccl_all_reduce", "dtype"] = "fp16"
    results: dict[str, Result] = {}
    for spec in _classes():
        sample = spec.rows(table, device)
        found = fit_class(spec, device, sample.sample(min(ROWS_PER_CLASS, len(sample)), random_state=0))
        if found is not None:
            results[spec.key] = found
    return FittedKernels(_kernel_fits(device, results), results)


def _classes() -> list[KernelClass]:
    """The classes of ``calibration.fit`` that Vidur timed, in 16 bit, and element-wise kernels."""
    theirs = set(_HELD_OUT) - {"stream"}
    known = [spec for spec in kernel_classes() if spec.key in theirs and spec.dtype in ("bf16", None)]
    return [replace(spec, held_out=_HELD_OUT[spec.key]) for spec in [*known, _stream_class()]]


def _stream_class() -> KernelClass:
    """Norm, gated activation and rotary embedding: latency plus bytes over bandwidth."""

    def predict(fit: StreamFit, device: HardwareProfile, rows: pd.DataFrame) -> np.ndarray:
        seconds: np.ndarray = kernels.stream_seconds(fit, device, _moved_bytes(rows))
        return seconds

    def pick(table: pd.DataFrame, _: HardwareProfile) -> pd.DataFrame:
        return table[table["op"].isin(("norm", "activation", "rotary"))].fillna({"n": 0, "heads": 0, "kv_heads": 0})

    return KernelClass(
        "stream", None, StreamFit, pick, predict, _HELD_OUT["stream"],
        start=(0.75, 2.0), low=(0.1, 0.1), high=(1.5, 50.0),
    )  # fmt: skip


def _moved_bytes(rows: pd.DataFrame) -> np.ndarray:
    """Norm: row in, row out. Gated activation: two rows in, one out. Rotary: query and key in and out."""
    passes = rows["op"].map({"norm": 2.0, "activation": 3.0, "rotary": 2.0}).to_numpy(dtype=float)
    rotated = (rows["heads"] + rows["kv_heads"]) * rows["head_dim"].fillna(0)
    width = np.where(rows["op"] == "rotary", rotated, rows["n"]).astype(float)
    moved: np.ndarray = 2.0 * passes * rows["m"].to_numpy(dtype=float) * width
    return moved


def _kernel_fits(device: HardwareProfile, results: Mapping[str, Result]) -> KernelFits:
    """The device's own constants with Vidur's in the place of every class it timed; its corrections belong to its own
    constants and are left out."""
    fits: dict[str, Any] = {}
    for key, result in results.items():
        origin = Origin("fitted", f"Vidur's profiles: {result.source}", result.rows, result.median_error,
                        result.p90_error)  # fmt: skip
        fitted = Fitted(result.constants, origin)
        fits[key] = fitted if key in ("nccl_all_reduce", "stream") else {"bf16": fitted}
    return replace(load_fits(device), residuals={}, mixed_attention={}, sustained_math=None, **fits)


def vidur_engine(rules: Rules) -> EngineProfile:
    """Vidur's host terms as an engine profile. The overhead of decoding several sequences is charged to one as well."""
    return EngineProfile(
        name="vidur",
        async_scheduling=False,
        reserved_bytes=0.0,
        api_delivery_s=0.0,
        per_step_s=0.0,
        per_layer_s=0.0,
        per_layer_prefill_s=0.0,
        per_admitted_s=0.0,
        sampler_step_s=0.0,
        sampler_row_s_per_word=0.0,
        gemm_multiplier=1.0,
        prefill_attention_multiplier=1.0,
        decode_attention_multiplier=rules.batching_overhead,
        all_reduce_multiplier=1.0,
        all_reduce_extra_s=rules.launch_us * 1e-6,
        moe_multiplier=1.0,
        expert_coverage=1.0,
        cuda_graph_sizes=tuple(range(rules.token_grain, LARGEST_STEP + 1, rules.token_grain)),
        source="microsoft/vidur's predictor, read November 2026",
        custom_all_reduce=False,
    )


def vidur_deployment(
    model: ModelSpec, device: HardwareProfile, fits: KernelFits, *, tensor_parallel_size: int
) -> Deployment:
    """Our cost model on Vidur's kernels and host terms."""
    return Deployment.of(
        model, device, tensor_parallel_size=tensor_parallel_size, engine=vidur_engine(Rules()), fits=fits
    )
