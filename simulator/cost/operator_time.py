"""Seconds of one operator: dispatch from the shape of its work to the kernel class of the device.

A new shape registers with ``kernel_seconds`` and ``kernel_fit``.
"""

from __future__ import annotations

from functools import singledispatch
from typing import Any

import numpy as np

from simulator.cost import kernels
from simulator.cost.all_reduce import LIBRARY, all_reduce_class, all_reduce_fit, all_reduce_seconds
from simulator.cost.attention_forms import DecodeAttentionForm
from simulator.cost.decode_overlap import hidden_share
from simulator.cost.deployment import Deployment
from simulator.cost.engine_multiplier import engine_multiplier
from simulator.cost.exact_times import with_exact
from simulator.cost.experts_form import moe_seconds
from simulator.cost.factor_grid import FactorGrid
from simulator.cost.latent_time import (
    head_matmul_fit,
    head_matmul_seconds,
    latent_decode_fit,
    latent_decode_form,
    latent_prefill_fit,
)
from simulator.cost.prefill_form import PrefillAttentionForm
from simulator.cost.weight_formats import gemm_timing, moe_timing
from simulator.hardware.fits import Fitted, fit_for
from simulator.operators.layers import distinct_experts
from simulator.operators.work import (
    AllGather,
    AllReduce,
    DecodeAttention,
    Experts,
    Gemm,
    HeadMatmul,
    LatentDecode,
    LatentPrefill,
    PrefillAttention,
    Stream,
    Work,
)

Sizes = Any


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
    timing = gemm_timing(shape, deployment.fits)

    def closed(rows: Sizes) -> Sizes:
        return kernels.gemm_seconds(
            timing.fitted.constants,
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
    if timing.own:
        factors = deployment.corrections.rows(timing.kernel_class, timing.dtype, (shape.n, shape.k), closed)
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


@kernel_class.register
def _(shape: Gemm, deployment: Deployment) -> str:
    return gemm_timing(shape, deployment.fits).kernel_class


@kernel_fit.register
def _(shape: Gemm, deployment: Deployment) -> Fitted[Any]:
    return gemm_timing(shape, deployment.fits).fitted


@kernel_seconds.register
def _(shape: HeadMatmul, work: Work, deployment: Deployment) -> Sizes:
    return _multiplier(deployment, "gemm", shape.math_dtype) * head_matmul_seconds(shape, deployment)


@kernel_class.register
def _(shape: HeadMatmul, deployment: Deployment) -> str:
    return "absorbed_matmul"


@kernel_fit.register
def _(shape: HeadMatmul, deployment: Deployment) -> Fitted[Any]:
    return head_matmul_fit(shape, deployment)


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
    if isinstance(shape, LatentPrefill):
        return deployment.corrections.latent_prefill(shape.kv_dtype, shape.heads, form)
    return deployment.corrections.prefill(shape.kv_dtype, shape.heads, shape.kv_heads, shape.head_dim, form)


def prefill_form(shape: PrefillAttention, deployment: Deployment) -> PrefillAttentionForm:
    """The closed form behind a prefill attention shape, its step statistics aside."""
    return PrefillAttentionForm(
        kernel_fit(shape, deployment).constants,
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


@kernel_class.register
def _(shape: LatentPrefill, deployment: Deployment) -> str:
    return "latent_prefill"


@kernel_fit.register
def _(shape: LatentPrefill, deployment: Deployment) -> Fitted[Any]:
    return latent_prefill_fit(shape, deployment)


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
    """Corrections of a decode attention shape, over sequences and KV tokens per sequence."""
    multiplier = _multiplier(deployment, "decode_attention", shape.kv_dtype)
    if isinstance(shape, LatentDecode):
        return deployment.corrections.latent_decode(shape.kv_dtype, shape.heads, form, multiplier)
    overlap = hidden_share(deployment.engine.decode_overlap, deployment.hardware, deployment.fits, shape.kv_dtype)
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


@kernel_class.register
def _(shape: DecodeAttention, deployment: Deployment) -> str:
    return "decode_attention"


@kernel_class.register
def _(shape: LatentDecode, deployment: Deployment) -> str:
    return "latent_decode"


@kernel_fit.register
def _(shape: DecodeAttention, deployment: Deployment) -> Fitted[Any]:
    return fit_for(deployment.fits.decode_attention, shape.kv_dtype)


@decode_form.register
def _(shape: LatentDecode, deployment: Deployment) -> DecodeAttentionForm:
    return latent_decode_form(shape, deployment)


@kernel_fit.register
def _(shape: LatentDecode, deployment: Deployment) -> Fitted[Any]:
    return latent_decode_fit(shape, deployment)


@kernel_seconds.register
def _(shape: Experts, work: Work, deployment: Deployment) -> Sizes:
    timing = moe_timing(shape, deployment.fits)

    def closed(tokens: Sizes, touched: Sizes) -> Sizes:
        return moe_seconds(
            timing.fitted.constants,
            deployment.hardware,
            tokens=tokens,
            hidden_size=shape.hidden_size,
            intermediate_size=shape.intermediate_size,
            num_matrices=shape.num_matrices,
            num_experts=shape.num_experts,
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
    if timing.own:
        fixed = (shape.hidden_size, shape.intermediate_size, shape.num_experts, shape.experts_per_token)
        factors = deployment.corrections.rows(timing.kernel_class, timing.dtype, fixed, at_knots)
        seconds = seconds if factors is None else seconds * factors.at(shape.tokens)
    return _multiplier(deployment, "moe", shape.math_dtype) * seconds


@kernel_class.register
def _(shape: Experts, deployment: Deployment) -> str:
    return moe_timing(shape, deployment.fits).kernel_class


@kernel_fit.register
def _(shape: Experts, deployment: Deployment) -> Fitted[Any]:
    return moe_timing(shape, deployment.fits).fitted


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


@kernel_seconds.register
def _(shape: AllGather, work: Work, deployment: Deployment) -> Sizes:
    return deployment.collectives.library_seconds("all_gather", shape.nbytes, shape.world_size)


@kernel_class.register
def _(shape: AllGather, deployment: Deployment) -> str:
    return LIBRARY


@kernel_fit.register
def _(shape: AllGather, deployment: Deployment) -> Fitted[Any]:
    return deployment.collectives.library_fit("all_gather", shape.world_size)
