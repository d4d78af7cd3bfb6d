"""Which layer of the cost model speaks for an operator, and how wrong it was on shapes held out of the fit."""

from __future__ import annotations

from functools import singledispatch

from simulator.cost.deployment import Deployment
from simulator.cost.exact_times import is_exact
from simulator.cost.operator_time import kernel_class, kernel_fit
from simulator.cost.weight_formats import gemm_timing, moe_timing
from simulator.hardware.exact_rows import ExactRows
from simulator.hardware.origin import NORMAL_90_PER_MEDIAN, Origin
from simulator.operators.work import (
    AllReduce,
    DecodeAttention,
    Experts,
    Gemm,
    HeadMatmul,
    LatentDecode,
    LatentPrefill,
    PrefillAttention,
    Shape,
)

ResidualShape = tuple[str, tuple[float, ...]]
"""Number format, and coordinates as in ``residuals.COORDINATES``."""


def kernel_origin(shape: Shape, deployment: Deployment) -> Origin:
    """The origin of the constants that time this shape; that of the correction where it acts (``L2``), of the measured
    row where there is one (``L3``)."""
    origin, exact = kernel_fit(shape, deployment).origin, deployment.fits.exact
    place = residual_shape(shape, deployment)
    if place is not None and exact is not None and is_exact(shape, exact):
        return _measured(exact)
    if place is None:
        return origin
    dtype, coordinates = place
    speaks = deployment.corrections.speaks(kernel_class(shape, deployment), dtype, coordinates)
    return origin.corrected() if speaks else origin


def _measured(exact: ExactRows) -> Origin:
    spread = exact.spread
    return Origin("measured", "measured rows of the user", 1, spread, spread * NORMAL_90_PER_MEDIAN, layer="L3")


@singledispatch
def residual_shape(shape: object, deployment: Deployment) -> ResidualShape | None:
    """Where a shape lies among those of its kernel class's residual; None when it has none."""
    return None


@residual_shape.register
def _(shape: Gemm, deployment: Deployment) -> ResidualShape | None:
    timing = gemm_timing(shape, deployment.fits)
    return (timing.dtype, (shape.m, shape.n, shape.k)) if timing.own else None


@residual_shape.register
def _(shape: HeadMatmul, deployment: Deployment) -> ResidualShape | None:
    return shape.math_dtype, (shape.m, shape.n, shape.heads)


@residual_shape.register
def _(shape: Experts, deployment: Deployment) -> ResidualShape | None:
    timing = moe_timing(shape, deployment.fits)
    sizes = (shape.tokens, shape.hidden_size, shape.intermediate_size, shape.num_experts, shape.experts_per_token)
    return (timing.dtype, sizes) if timing.own else None


@residual_shape.register
def _(shape: PrefillAttention, deployment: Deployment) -> ResidualShape | None:
    new, kv = shape.tokens / shape.sequences, shape.kv_tokens / shape.sequences
    return shape.kv_dtype, (shape.sequences, new, kv, shape.heads, shape.kv_heads, shape.head_dim)


@residual_shape.register
def _(shape: LatentPrefill, deployment: Deployment) -> ResidualShape | None:
    new, kv = shape.tokens / shape.sequences, shape.kv_tokens / shape.sequences
    return shape.kv_dtype, (shape.sequences, new, kv, shape.heads)


@residual_shape.register
def _(shape: LatentDecode, deployment: Deployment) -> ResidualShape | None:
    return shape.kv_dtype, (shape.sequences, shape.kv_tokens / shape.sequences, shape.heads)


@residual_shape.register
def _(shape: DecodeAttention, deployment: Deployment) -> ResidualShape | None:
    kv = shape.kv_tokens / shape.sequences
    return shape.kv_dtype, (shape.sequences, kv, shape.heads, shape.kv_heads, shape.head_dim)


@residual_shape.register
def _(shape: AllReduce, deployment: Deployment) -> ResidualShape | None:
    return "", (shape.nbytes, shape.world_size)
