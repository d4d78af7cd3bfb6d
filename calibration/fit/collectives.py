"""All-reduce kernels as kernel classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from calibration.fit.kernel_class import Floats, KernelClass, columns
from simulator.hardware.kernel_constants import (
    CUSTOM_ALL_REDUCE_BYTES,
    LARGE_REDUCTIONS,
    CustomAllReduceFit,
    NcclAllReduceFit,
)
from simulator.hardware.profile import HardwareProfile
from simulator.links.all_reduce import library_all_reduce_seconds, own_all_reduce_seconds

_GRAPH_KERNEL = "vLLM_custom_graph"
_SCALES = (1.5, 1.5)


def custom_all_reduce_class() -> KernelClass:
    """vLLM's own kernel, captured in a graph.

    The tables hold what vLLM does at every size and group. It hands larger buffers to NCCL, and without NVLink among
    all ranks its kernel serves two: rows beyond either limit are of another kernel.
    """

    def pick(table: pd.DataFrame, device: HardwareProfile) -> pd.DataFrame:
        rows = table[(table["op"] == "allreduce_custom") & (table["kernel"] == _GRAPH_KERNEL)]
        rows = rows[rows["bytes"] < CUSTOM_ALL_REDUCE_BYTES]
        return rows if device.link.topology == "switch" else rows[rows["world_size"] == 2]

    return KernelClass(
        "custom_all_reduce", None, CustomAllReduceFit, pick,
        _predict(own_all_reduce_seconds), ("bytes",),
        start=(4.0, 0.1, 0.6, 4.0, 0.7, 8.0, 0.5), low=(0.5, 1e-3, 0.05, 0.1, 0.05, 0.1, 0.05),
        high=(30.0, 1.5, 1.2, 60.0, 1.2, 60.0, 1.2), choices={"large": LARGE_REDUCTIONS},
        coordinates=lambda rows: columns(rows, "bytes", "world_size"), scales=_SCALES,
    )  # fmt: skip


def nccl_all_reduce_class() -> KernelClass:
    """The library's all-reduce."""
    return KernelClass(
        "nccl_all_reduce", None, NcclAllReduceFit,
        lambda table, _: table[(table["op"] == "nccl_all_reduce") & table["dtype"].isin(["fp16", "bf16"])],
        _predict(library_all_reduce_seconds), ("bytes",),
        start=(5.0, 0.5, 0.7, 0.9, 0.05), low=(0.5, 1e-3, 0.05, 0.2, 1e-3), high=(60.0, 1.5, 1.2, 5.0, 3.0),
        coordinates=lambda rows: columns(rows, "bytes", "world_size"), scales=_SCALES,
    )  # fmt: skip


def _predict(form: Callable[..., Any]) -> Callable[[Any, HardwareProfile, pd.DataFrame], Floats]:
    def predict(fit: Any, device: HardwareProfile, rows: pd.DataFrame) -> Floats:
        seconds: Floats = form(fit, device, *columns(rows, "bytes", "world_size"))
        return seconds

    return predict
