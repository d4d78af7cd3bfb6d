"""Seconds of one operator: dispatch from the shape of its work to the kernel class of the device.

A new shape registers with ``kernel_seconds`` and ``kernel_fit``.
"""

from __future__ import annotations

from dataclasses import replace
from functools import singledispatch
from typing import Any

import numpy as np

from simulator.cost import kernels
from simulator.cost.all_reduce import all_reduce_class, all_reduce_fit, all_reduce_seconds
from simulator.cost.attention_forms import DecodeAttentionForm
from simulator.cost.decode_overlap import hidden_share
from simulator.cost.deployment import Deployment
from simulator.cost.engine_multiplier import engine_multiplier
from simulator.cost.exact_times import with_exact
from simulator.cost.factor_grid import FactorGrid
from simulator.cost.latent_form import LatentDecodeForm
from simulator.cost.prefill_form import PrefillAttentionForm
from simulator.hardware.fits import Fitted, fit_for
from simulator.models.dtypes import BYTES_PER_ELEMENT
from simulator.models.quantization import bytes_per_weight
from simulator.operators.layers import distinct_experts
from simulator.operators.work import (
    AllReduce,
    DecodeAttention,
    Experts,
    Gemm,
    LatentDecode,
    PrefillAttention,
    Stream,
    Work,
)

Sizes = Any

_UNTIMED_FORM_ERROR = 2.0
"""Factor on the errors of constants that serve a kernel class without timings of its own (latent attention)."""


def operator_seconds(work: Work, deployment: Deployment) -> Sizes:
    """Seconds one operator takes in a step, all its runs (``work.count``) together."""
    return work.count * kernel_seconds(work.shape, work, deployment)


@singledispatch
def kernel_seconds(shape: object, work: Work, deployment: Deployment) -> Sizes:
    """Seconds of one run of an operator with this shape."""
    raise NotImplementedError(f"no kernel class for {type(shape).__name__}")


@singledispatch
def kernel_fit(shape: object, deployment: Deployment) -> Fitted[Any]:
    """The constants that time this shape, with their origin."""
    raise NotImplementedError(f"no kernel class for {type(shape).__name__}")


@singledispatch
def kernel_class(shape: object, deployment: Deployment) -> str:
    """The kernel class that times this shape: a field of ``KernelFits``."""
    raise NotImplementedError(f"no kernel class for {type(shape).__name__}")


@kernel_seconds.register
def _(shape: Gemm, work: Work, deployment: Deployment) -> Sizes:
    def closed(rows: Sizes) -> Sizes:
        return kernels.gemm_seconds(
            fit_for(deployment.fits.gemm, shape.math_dtype).constants,
            deployment.hardware,
            rows,
            shape.n,
            shape.k,
            math_dtype=shape.math_dtype,
            bytes_per_weight=shape.bytes_per_weight,
            bytes_per_activation=shape.bytes_per_activation,
            bytes_per_output=shape.bytes_per_output,
        )

    seconds = closed(shape.m)
    multiplier = _multiplier(deployment, "gemm", shape.math_dtype)
    if as_timed(shape):
        factors = deployment.corrections.rows("gemm", shape.math_dtype, (shape.n, shape.k), closed)
        if factors is not None:
            least_s = _weights_from_memory_s(shape, work, deployment) / multiplier
            seconds = np.maximum(seconds * factors.at(shape.m), least_s)
        seconds = np.maximum(seconds, _sustained_math_s(shape, deployment) / multiplier)
        seconds = _or_measured(shape, seconds, deployment)
    return multiplier * seconds


def _multiplier(deployment: Deployment, part: str, dtype: str) -> float:
    return engine_multiplier(deployment.engine, deployment.fits, part, dtype)


def _weights_from_memory_s(shape: Gemm, work: Work, deployment: Deployment) -> float:
    """Least seconds to read the weights of one run, at the data sheet's bandwidth; 0 where they may stay in the cache.

    Tables are timed on one matrix again and again, which a large last-level cache keeps (96 MiB on L40S). In a step the
    other layers' matrices pass between two uses: where these alone exceed the cache, every run reads from memory.
    """
    nbytes = float(shape.n * shape.k * shape.bytes_per_weight)
    device = deployment.hardware
    return nbytes / device.memory_bytes_per_s if work.count * nbytes > device.l2_bytes else 0.0


def _sustained_math_s(shape: Gemm, deployment: Deployment) -> Sizes:
    """Least seconds to multiply at the rate the device keeps up through a step; 0 where that is not known."""
    sustained = deployment.fits.sustained_math
    if sustained is None:
        return 0.0
    rate = sustained.constants.peak_share * deployment.hardware.peak(shape.math_dtype)
    return 2.0 * shape.m * shape.n * shape.k / rate


def _or_measured(shape: object, seconds: Sizes, deployment: Deployment) -> Sizes:
    """The measured seconds where exactly this call was measured."""
    exact = deployment.fits.exact
    return seconds if exact is None else with_exact(shape, seconds, exact)


def as_timed(shape: Gemm | Experts) -> bool:
    """Whether the weights are stored in the format multiplied in, as in the timed kernels (not weight-only)."""
    # 4-bit multipliers are timed on weights with their scales; bytes are 9/16 then, not a half.
    timed = bytes_per_weight("nvfp4") if shape.math_dtype == "fp4" else BYTES_PER_ELEMENT.get(shape.math_dtype)
    return shape.bytes_per_weight == timed


@kernel_class.register
def _(shape: Gemm, deployment: Deployment) -> str:
    return "gemm"


@kernel_fit.register
def _(shape: Gemm, deployment: Deployment) -> Fitted[Any]:
    return fit_for(deployment.fits.gemm, shape.math_dtype)


@kernel_seconds.register
def _(shape: PrefillAttention, work: Work, deployment: Deployment) -> Sizes:
    form = prefill_form(shape, deployment)
    seconds = form.seconds(shape.sequences, shape.tokens, shape.pairs, shape.kv_tokens, shape.tiles)
    factors = prefill_factors(shape, form, deployment)
    if factors is not None:
        seconds = seconds * factors.at(shape.sequences, shape.tokens / shape.sequences, shape.kv_tokens / shape.tokens)
    return _multiplier(deployment, "prefill_attention", shape.kv_dtype) * _or_measured(shape, seconds, deployment)


def prefill_factors(shape: PrefillAttention, form: PrefillAttentionForm, deployment: Deployment) -> FactorGrid | None:
    """Corrections of a prefill attention shape: over sequences, new tokens per sequence, KV tokens per new token."""
    return deployment.corrections.prefill(shape.kv_dtype, shape.heads, shape.kv_heads, shape.head_dim, form)


def prefill_form(shape: PrefillAttention, deployment: Deployment) -> PrefillAttentionForm:
    """The closed form behind a prefill attention shape, its step statistics aside."""
    return PrefillAttentionForm(
        fit_for(deployment.fits.prefill_attention, shape.kv_dtype).constants,
        deployment.hardware,
        heads=shape.heads,
        kv_heads=shape.kv_heads,
        head_dim=shape.head_dim,
        math_dtype=shape.math_dtype,
        bytes_per_kv=shape.bytes_per_kv,
    )


@kernel_class.register
def _(shape: PrefillAttention, deployment: Deployment) -> str:
    return "prefill_attention"


@kernel_fit.register
def _(shape: PrefillAttention, deployment: Deployment) -> Fitted[Any]:
    return fit_for(deployment.fits.prefill_attention, shape.kv_dtype)


@kernel_seconds.register(DecodeAttention)
@kernel_seconds.register(LatentDecode)
def _(shape: DecodeAttention | LatentDecode, work: Work, deployment: Deployment) -> Sizes:
    form = decode_form(shape, deployment)
    seconds = form.seconds(shape.sequences, shape.queries, shape.kv_tokens)
    factors = decode_factors(shape, form, deployment)
    if factors is not None:
        seconds = seconds * factors.at(shape.sequences, shape.kv_tokens / shape.sequences)
    return _multiplier(deployment, "decode_attention", shape.kv_dtype) * _or_measured(shape, seconds, deployment)


def decode_factors(
    shape: DecodeAttention | LatentDecode, form: DecodeAttentionForm, deployment: Deployment
) -> FactorGrid | None:
    """Corrections of a decode attention shape, over sequences and KV tokens per sequence; none for latents."""
    if isinstance(shape, LatentDecode):
        return None
    overlap = hidden_share(deployment.engine.decode_overlap, deployment.hardware, deployment.fits, shape.kv_dtype)
    multiplier = _multiplier(deployment, "decode_attention", shape.kv_dtype)
    return deployment.corrections.decode(
        shape.kv_dtype, shape.heads, shape.kv_heads, shape.head_dim, form, multiplier, overlap
    )


@singledispatch
def decode_form(shape: object, deployment: Deployment) -> DecodeAttentionForm:
    """The closed form behind a decode attention shape, its step statistics aside."""
    raise NotImplementedError(f"no decode attention form for {type(shape).__name__}")


@decode_form.register
def _(shape: DecodeAttention, deployment: Deployment) -> DecodeAttentionForm:
    return DecodeAttentionForm(
        fit_for(deployment.fits.decode_attention, shape.kv_dtype).constants,
        deployment.hardware,
        heads=shape.heads,
        kv_heads=shape.kv_heads,
        head_dim=shape.head_dim,
        bytes_per_kv=shape.bytes_per_kv,
    )


@kernel_class.register(DecodeAttention)
@kernel_class.register(LatentDecode)
def _(shape: DecodeAttention | LatentDecode, deployment: Deployment) -> str:
    return "decode_attention"


@kernel_fit.register
def _(shape: DecodeAttention, deployment: Deployment) -> Fitted[Any]:
    return fit_for(deployment.fits.decode_attention, shape.kv_dtype)


@decode_form.register
def _(shape: LatentDecode, deployment: Deployment) -> DecodeAttentionForm:
    return LatentDecodeForm(
        fit_for(deployment.fits.decode_attention, shape.kv_dtype).constants,
        deployment.hardware,
        heads=shape.heads,
        latent_size=shape.latent_dim + shape.rope_dim,
        flops_per_pair=shape.flops_per_pair,
        math_share=fit_for(deployment.fits.prefill_attention, shape.kv_dtype).constants.math_share,
        math_dtype=shape.math_dtype,
        bytes_per_kv=shape.bytes_per_kv,
    )


@kernel_fit.register
def _(shape: LatentDecode, deployment: Deployment) -> Fitted[Any]:
    found = fit_for(deployment.fits.decode_attention, shape.kv_dtype)
    origin = replace(
        found.origin,
        provenance="nominal" if found.origin.provenance == "nominal" else "transferred",
        source=f"{found.origin.source}; taken from decode attention",
        median_error=found.origin.median_error * _UNTIMED_FORM_ERROR,
        p90_error=found.origin.p90_error * _UNTIMED_FORM_ERROR,
    )
    return replace(found, origin=origin)


@kernel_seconds.register
def _(shape: Experts, work: Work, deployment: Deployment) -> Sizes:
    def closed(tokens: Sizes, touched: Sizes) -> Sizes:
        return kernels.moe_seconds(
            fit_for(deployment.fits.moe, shape.math_dtype).constants,
            deployment.hardware,
            tokens=tokens,
            hidden_size=shape.hidden_size,
            intermediate_size=shape.intermediate_size,
            num_matrices=shape.num_matrices,
            experts_per_token=shape.experts_per_token,
            touched_experts=touched,
            math_dtype=shape.math_dtype,
            bytes_per_weight=shape.bytes_per_weight,
            bytes_per_activation=shape.bytes_per_activation,
        )

    def at_knots(tokens: Sizes) -> Sizes:
        coverage = deployment.layout.expert_coverage
        return closed(tokens, distinct_experts(shape.num_experts, shape.experts_per_token, tokens, coverage))

    seconds = closed(shape.tokens, shape.touched_experts)
    if as_timed(shape):
        fixed = (shape.hidden_size, shape.intermediate_size, shape.num_experts, shape.experts_per_token)
        factors = deployment.corrections.rows("moe", shape.math_dtype, fixed, at_knots)
        seconds = seconds if factors is None else seconds * factors.at(shape.tokens)
    return _multiplier(deployment, "moe", shape.math_dtype) * seconds


@kernel_class.register
def _(shape: Experts, deployment: Deployment) -> str:
    return "moe"


@kernel_fit.register
def _(shape: Experts, deployment: Deployment) -> Fitted[Any]:
    return fit_for(deployment.fits.moe, shape.math_dtype)


@kernel_seconds.register
def _(shape: Stream, work: Work, deployment: Deployment) -> Sizes:
    moved = work.bytes_read + work.bytes_written
    return kernels.stream_seconds(deployment.fits.stream.constants, deployment.hardware, moved)


@kernel_class.register
def _(shape: Stream, deployment: Deployment) -> str:
    return "stream"


@kernel_fit.register
def _(shape: Stream, deployment: Deployment) -> Fitted[Any]:
    return deployment.fits.stream


@kernel_seconds.register
def _(shape: AllReduce, work: Work, deployment: Deployment) -> Sizes:
    return all_reduce_seconds(shape, deployment)


@kernel_class.register
def _(shape: AllReduce, deployment: Deployment) -> str:
    return all_reduce_class(shape, deployment)


@kernel_fit.register
def _(shape: AllReduce, deployment: Deployment) -> Fitted[Any]:
    return all_reduce_fit(shape, deployment)
