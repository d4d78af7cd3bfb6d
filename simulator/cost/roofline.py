"""What limits an operator, and how close to the nominal roofline it comes."""

from __future__ import annotations

from typing import Literal

from simulator.cost.deployment import Deployment
from simulator.cost.operator_time import kernel_fit
from simulator.operators.work import AllGather, AllReduce, Stream, Work

Bound = Literal["compute", "memory", "launch", "network", "host"]

LAUNCH_BOUND_SHARE = 0.5
"""An operator is launch bound when its fixed latency makes up at least this share of its time."""


def roofline_seconds(work: Work, deployment: Deployment) -> tuple[float, float]:
    """Nominal (compute, memory) seconds of all runs of an operator: FLOPs over dense peak, bytes over bandwidth."""
    device = deployment.hardware
    compute = float(work.count * work.flops) / device.peak(math_dtype(work, deployment))
    memory = float(work.count * (work.bytes_read + work.bytes_written)) / device.memory_bytes_per_s
    return compute, memory


def math_dtype(work: Work, deployment: Deployment) -> str:
    """The format an operator multiplies in; element-wise kernels count as 32-bit math where the device has it."""
    if isinstance(work.shape, Stream | AllReduce | AllGather):
        return "fp32" if deployment.hardware.supports("fp32") else deployment.dtypes.other
    return work.shape.math_dtype


def roofline_share(work: Work, deployment: Deployment, seconds: float) -> float | None:
    """Share of the nominal roofline reached; None for collectives."""
    if isinstance(work.shape, AllReduce | AllGather) or seconds <= 0:
        return None
    return max(roofline_seconds(work, deployment)) / seconds


def bound_of(work: Work, deployment: Deployment, seconds: float) -> Bound:
    """The limit that explains most of an operator's time."""
    if isinstance(work.shape, AllReduce | AllGather):
        return "network"
    latency_s = work.count * kernel_fit(work.shape, deployment).constants.latency_us * 1e-6
    if latency_s >= LAUNCH_BOUND_SHARE * seconds:
        return "launch"
    compute, memory = roofline_seconds(work, deployment)
    return "compute" if compute > memory else "memory"
