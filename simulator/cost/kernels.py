"""Kernel classes: the closed forms that turn the shape of one kernel call into seconds.

Each function takes the device's data sheet, a set of fitted constants and a shape whose sizes are floats or numpy
arrays that broadcast; it returns seconds of the same shape. These are the ``sat2`` forms of the project's cost study:
a roofline whose two legs are softened by what fitted kernels show - tile padding, partial waves, few CTAs, launch
latency. Attention stands in ``attention_forms``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from simulator.hardware.fits import (
    CustomAllReduceFit,
    GemmFit,
    MoEFit,
    NcclAllReduceFit,
    StreamFit,
)
from simulator.hardware.profile import HardwareProfile

Sizes = Any
"""A float or an array of floats; the forms are written for both."""

US = 1e-6
_TILES = (64, 128, 256)
_ALIGNED_ROWS = 16


def p_norm(a: Sizes, b: Sizes, p: float) -> Sizes:
    """``(a^p + b^p)^(1/p)``: a soft maximum of two times; a sum at p = 1."""
    return (a**p + b**p) ** (1.0 / p)


def partial_wave(units: Sizes, multiprocessors: int) -> Sizes:
    """Time lost to the last, partly filled wave: ``ceil(u)/u`` for u = units per SM."""
    per_sm = units / multiprocessors
    return np.ceil(per_sm) / per_sm


def gemm_seconds(
    fit: GemmFit,
    device: HardwareProfile,
    m: Sizes,
    n: Sizes,
    k: Sizes,
    *,
    math_dtype: str,
    bytes_per_weight: float,
    bytes_per_activation: float,
    bytes_per_output: float = 2.0,
) -> Sizes:
    """An (m x k) by (k x n) multiply.

    ``t = t0 + pn(F / (ec P) * tile loss * (1 + kh/k) * throttle, B / (em BW) * few-CTA loss; p) * alignment
    loss + quantisation pass``, with the best of nine tile shapes.
    """
    flops = 2.0 * m * n * k
    loss, ctas = _best_tile(m, n, fit.split_k, fit.wave_exponent, device.multiprocessors)
    compute = flops / (fit.math_share * device.peak(math_dtype)) * loss * (1 + fit.half_depth / k)
    compute = compute * (1 + fit.throttle_share * compute / (compute + 1e-3))
    moved = bytes_per_activation * m * k + bytes_per_weight * n * k + bytes_per_output * m * n
    few_ctas = (1 + (fit.saturating_share * device.multiprocessors / ctas) ** 4) ** 0.25
    memory = moved / (fit.memory_share * device.memory_bytes_per_s) * few_ctas
    unaligned = 1 + fit.unaligned_loss * ((m > _ALIGNED_ROWS) & (m % _ALIGNED_ROWS != 0))
    quantise = fit.quantise_passes * 3.0 * m * k / device.memory_bytes_per_s
    return fit.latency_us * US + p_norm(compute, memory, fit.sharpness) * unaligned + quantise


def _best_tile(m: Sizes, n: Sizes, split_k: float, wave_exponent: float, multiprocessors: int) -> tuple[Sizes, Sizes]:
    """Least product of padding and wave loss over the tile shapes, and the CTAs of that grid."""
    best_loss: Sizes = np.inf
    best_ctas: Sizes = 1.0
    for tile_m in _TILES:
        rows = np.ceil(m / tile_m)
        for tile_n in _TILES:
            ctas = rows * np.ceil(n / tile_n)
            padding = tile_m * tile_n * ctas / (m * n)
            loss = padding * partial_wave(ctas * split_k, multiprocessors) ** wave_exponent
            better = loss < best_loss
            best_ctas = np.where(better, ctas * split_k, best_ctas)
            best_loss = np.where(better, loss, best_loss)
    return best_loss, best_ctas


def moe_seconds(
    fit: MoEFit,
    device: HardwareProfile,
    *,
    tokens: Sizes,
    hidden_size: Sizes,
    intermediate_size: Sizes,
    num_matrices: int,
    experts_per_token: Sizes,
    touched_experts: Sizes,
    math_dtype: str,
    bytes_per_weight: float,
    bytes_per_activation: float,
) -> Sizes:
    """All routed experts of one layer: grouped GEMMs over the experts touched, whose weights alone are read.

    ``t = t0 + pn(2 W_e (T k + pad E_d) / (ec P) (1 + fh/f), (E_d W_e b_w + activations) / (em BW); p)``
    """
    rows = tokens * experts_per_token
    weights = 1.0 * num_matrices * hidden_size * intermediate_size
    flops = 2.0 * weights * (rows + fit.padding_rows * touched_experts)
    depth_loss = 1 + fit.half_depth / intermediate_size
    compute = flops / (fit.math_share * device.peak(math_dtype)) * depth_loss
    activations = rows * (2.0 * hidden_size + num_matrices * intermediate_size) * bytes_per_activation
    moved = touched_experts * weights * bytes_per_weight + activations
    memory = moved / (fit.memory_share * device.memory_bytes_per_s)
    return fit.latency_us * US + p_norm(compute, memory, fit.sharpness)


def custom_all_reduce_seconds(
    fit: CustomAllReduceFit, device: HardwareProfile, nbytes: Sizes, world_size: int
) -> Sizes:
    """All-reduce kernel over a switch: the better of one shot (everyone reads all) and two shots."""
    wire = device.group_bytes_per_s(world_size)
    one_shot = nbytes * (world_size - 1) / (fit.one_shot_share * wire)
    two_shot = fit.two_shot_us * US + 2.0 * (world_size - 1) / world_size * nbytes / (fit.two_shot_share * wire)
    return fit.latency_us * US * world_size**fit.world_exponent + np.minimum(one_shot, two_shot)


def nccl_all_reduce_seconds(fit: NcclAllReduceFit, device: HardwareProfile, nbytes: Sizes, world_size: int) -> Sizes:
    """Library all-reduce: latency and ring wire time joined by a p-norm."""
    wire = 2.0 * (world_size - 1) / world_size * nbytes / (fit.wire_share * device.group_bytes_per_s(world_size))
    return p_norm(fit.latency_us * US * world_size**fit.world_exponent, wire, fit.sharpness)


def stream_seconds(fit: StreamFit, device: HardwareProfile, nbytes: Sizes) -> Sizes:
    """An element-wise kernel that moves ``nbytes``."""
    return fit.latency_us * US + nbytes / (fit.memory_share * device.memory_bytes_per_s)
