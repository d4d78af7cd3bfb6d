"""Kernel classes: the closed forms that turn the shape of one kernel call into seconds.

Each function takes the device's data sheet, a set of fitted constants and a shape whose sizes are floats or numpy
arrays that broadcast; it returns seconds of the same shape. These are the ``sat2`` forms of the project's cost study:
a roofline whose two legs are softened by what fitted kernels show - tile padding, partial waves, few CTAs, launch
latency. Attention stands in ``attention_forms``, experts in ``experts_form``, all-reduce in
``simulator.links.all_reduce``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from simulator.cost.tiles import tiled_seconds
from simulator.hardware.kernel_constants import GemmFit, StreamFit
from simulator.hardware.profile import HardwareProfile

Sizes = Any
"""A float or an array of floats; the forms are written for both."""

US = 1e-6
_QUANTISE_CHUNK = 2048
"""Elements the threads of one CTA quantise at a time: 256 threads, 16 bytes each."""


def p_norm(a: Sizes, b: Sizes, p: float) -> Sizes:
    """``(a^p + b^p)^(1/p)``: a soft maximum of two times; a sum at p = 1."""
    return (a**p + b**p) ** (1.0 / p)


def from_memory(cached_share: Sizes, working_set: Sizes, l2_bytes: float, *, steepness: float = 6.0) -> Sizes:
    """Share of a kernel's traffic that crosses memory when ``working_set`` bytes pass between two uses of its operands.

    ``1 - cached_share / (1 + (working set / L2)^steepness)``: a cache that replaces what is oldest keeps all of a set
    that is used in turn, or nothing.
    """
    return 1.0 - cached_share / (1.0 + (working_set / l2_bytes) ** steepness)


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
    working_set: Sizes = np.inf,
) -> Sizes:
    """An (m x k) by (k x n) multiply of operands already in their format.

    ``working_set``: bytes that pass between two uses of the weights; in a step those of all layers, in tables that
    repeat a call little more than its own (``from_memory``).

    ``t = t0 + pn(tiles * throttle, B / (em BW) * few-CTA loss; p)`` with ``tiles`` of ``tiled_seconds``
    """
    compute, ctas = tiled_seconds(fit, device, m, n, k, math_dtype=math_dtype)
    compute = compute * (1 + fit.throttle_share * compute / (compute + 1e-3))
    moved = bytes_per_activation * m * k + bytes_per_weight * n * k + bytes_per_output * m * n
    few_ctas = (1 + (fit.saturating_share * device.multiprocessors / ctas) ** 4) ** 0.25
    moved = moved * from_memory(fit.cached_share, working_set, device.l2_bytes)
    memory = moved / (fit.memory_share * device.memory_bytes_per_s) * few_ctas
    return fit.latency_us * US + p_norm(compute, memory, fit.sharpness)


def quantise_seconds(fit: GemmFit, device: HardwareProfile, m: Sizes, k: Sizes) -> Sizes:
    """The kernel that quantises (m x k) activations before a multiply, where an engine runs it by itself; engines that
    fuse it into the norm or activation before do not pay it. Zero for constants of 16-bit formats.

    ``t = launch + m (row + passes * 3 bytes * k / BW)`` with k in whole chunks of 2048: one CTA quantises one row.
    """
    chunks = np.ceil(k / _QUANTISE_CHUNK) * _QUANTISE_CHUNK
    row = fit.quantise_row_ns * 1e-9 + fit.quantise_passes * 3.0 * chunks / device.memory_bytes_per_s
    return fit.quantise_us * US + m * row


def stream_seconds(fit: StreamFit, device: HardwareProfile, nbytes: Sizes) -> Sizes:
    """An element-wise kernel that moves ``nbytes``.

    Rows of a few megabytes live in the last-level cache, so that their share of the memory's bandwidth may exceed 1;
    what the cache cannot hold comes at the memory's own rate.
    """
    bandwidth = device.memory_bytes_per_s
    moving = np.maximum(nbytes / (fit.memory_share * bandwidth), (nbytes - device.l2_bytes) / bandwidth)
    return fit.latency_us * US + moving
