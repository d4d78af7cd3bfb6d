"""Seconds of the kernels of latent attention: constants of their own, or what a device has instead of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simulator.cost import kernels
from simulator.cost.absorbed_form import absorbed_seconds
from simulator.cost.deployment import Deployment
from simulator.cost.latent_form import LatentDecodeForm, latent_math
from simulator.hardware.fits import Fitted, fit_for
from simulator.hardware.kernel_constants import DecodeAttentionFit, PrefillAttentionFit
from simulator.hardware.latent_fits import LatentDecodeFit
from simulator.operators.work import HeadMatmul, LatentDecode, LatentPrefill

Sizes = Any

_UNTIMED_FORM_ERROR = 2.0
"""Factor on the errors of constants that serve a kernel class without timings of its own."""

_SHARP = 20.0
"""Exponent of a p-norm that is a maximum."""


def latent_decode_form(shape: LatentDecode, deployment: Deployment) -> LatentDecodeForm:
    """The closed form behind an absorbed decode shape, its step statistics aside."""
    return LatentDecodeForm(
        latent_decode_fit(shape, deployment).constants,
        deployment.hardware,
        heads=shape.heads,
        latent_dim=shape.latent_dim,
        rope_dim=shape.rope_dim,
        bytes_per_kv=shape.bytes_per_kv,
        math_flops=latent_math(deployment.hardware, shape.kv_dtype),
    )


def latent_decode_fit(shape: LatentDecode, deployment: Deployment) -> Fitted[LatentDecodeFit]:
    """Its constants; without timings, those of the device's decode attention, and of its prefill attention for math."""
    fits = deployment.fits
    if fits.latent_decode:
        return fit_for(fits.latent_decode, shape.kv_dtype)
    decode = fit_for(fits.decode_attention, shape.kv_dtype)
    device = deployment.hardware
    share = fit_for(fits.prefill_attention, shape.kv_dtype).constants.math_share
    share *= device.peak(shape.math_dtype) / latent_math(device, shape.kv_dtype)
    return _untimed(Fitted(_as_latent(decode.constants, share), decode.origin), "decode attention")


def _as_latent(fit: DecodeAttentionFit, math_share: float) -> LatentDecodeFit:
    return LatentDecodeFit(
        memory_share=fit.memory_share,
        math_share=math_share,
        sharpness=_SHARP,
        latency_us=fit.latency_us,
        unit_us=fit.unit_us,
        block_us=fit.block_us,
        ramp_us=fit.ramp_us,
        ramp_exponent=fit.ramp_exponent,
        split_us=fit.split_us,
        merge_us=fit.merge_us,
        query_passes=fit.query_passes,
    )


def latent_prefill_fit(shape: LatentPrefill, deployment: Deployment) -> Fitted[PrefillAttentionFit]:
    """Constants of prefill over expanded heads; without timings, those of the device's prefill attention."""
    fits = deployment.fits
    if fits.latent_prefill:
        return fit_for(fits.latent_prefill, shape.kv_dtype)
    return _untimed(fit_for(fits.prefill_attention, shape.kv_dtype), "prefill attention")


def head_matmul_fit(shape: HeadMatmul, deployment: Deployment) -> Fitted[Any]:
    """Its constants; without timings, those of one multiply of as many FLOPs and as much weight."""
    fits = deployment.fits
    if fits.absorbed_matmul:
        return fit_for(fits.absorbed_matmul, shape.math_dtype)
    return _untimed(fit_for(fits.gemm, shape.math_dtype), "matrix multiply")


def head_matmul_seconds(shape: HeadMatmul, deployment: Deployment) -> Sizes:
    """Seconds of one call."""
    fit, device = head_matmul_fit(shape, deployment).constants, deployment.hardware
    if not deployment.fits.absorbed_matmul:
        return kernels.gemm_seconds(
            fit, device, shape.m, shape.heads * shape.n, shape.k, math_dtype=shape.math_dtype,
            bytes_per_weight=shape.bytes_per_element, bytes_per_activation=shape.bytes_per_element,
        )  # fmt: skip

    def closed(rows: Sizes) -> Sizes:
        return absorbed_seconds(
            fit, device, heads=shape.heads, m=rows, n=shape.n, k=shape.k, math_dtype=shape.math_dtype,
            bytes_per_element=shape.bytes_per_element,
        )  # fmt: skip

    seconds = closed(shape.m)
    factors = deployment.corrections.rows("absorbed_matmul", shape.math_dtype, (shape.n, shape.heads), closed)
    return seconds if factors is None else seconds * factors.at(shape.m)


def _untimed(found: Fitted[Any], taken_from: str) -> Fitted[Any]:
    """Constants of another kernel class: transferred, and less to be trusted."""
    weaker = found.origin.weakened("transferred", taken_from, _UNTIMED_FORM_ERROR)
    return replace(found, origin=weaker)
