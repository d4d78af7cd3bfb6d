"""All-reduce kernels whose constants a device's ``KernelFits`` hold: the library's as one curve, and the engine's own.

The engine's kernel is ``CustomAllreduce`` of vLLM and SGLang: one shot or two (``algorithms.SHOTS``).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from simulator.hardware.fits import CustomAllReduceFit, NcclAllReduceFit
from simulator.hardware.link import Link
from simulator.hardware.profile import HardwareProfile
from simulator.links.algorithms import SHOTS

Sizes = Any
"""A float or an array of floats."""

_US = 1e-6

THROUGH_HOST_SHARE = 0.9
"""Of half the rate of peer access, what the library reaches when it stages in host memory. One box of RTX PRO 6000
timed both ways (NCCL in CUDA graphs, two ranks, published with LLMServingSim, September 2026): 149 and 71 us at
2.2 MB, 1309 and 587 us at 21 MB."""


def has_own_kernel(link: Link, ranks: int) -> bool:
    """Whether engines bring a kernel of their own, by vLLM's rule (``custom_all_reduce.py``, 0.4 to 0.28): every two
    ranks are linked directly, or two ranks reach each other's memory over the host bus."""
    if link.topology in ("switch", "mesh"):
        return True
    return ranks == 2 and not link.staged_in_host_memory(ranks)


def shot_seconds(fit: CustomAllReduceFit, shot: str, wire_s: Sizes, ranks: Sizes) -> Sizes:
    """Engine's kernel in one shot or two: ``t0 n^x`` and the wire time, for two shots with another synchronisation.

    ``wire_s``: seconds at nominal bandwidth.
    """
    latency = fit.latency_us * _US * ranks**fit.world_exponent
    if shot == "one_shot":
        return latency + wire_s / fit.one_shot_share
    return latency + fit.two_shot_us * _US + wire_s / fit.two_shot_share


def own_all_reduce_seconds(fit: CustomAllReduceFit, device: HardwareProfile, nbytes: Sizes, world_size: Sizes) -> Sizes:
    """Engine's kernel over a switch: the better of one shot and two. ``nbytes``: the vector reduced."""
    wire = nbytes / device.group_bytes_per_s(world_size)
    return np.minimum.reduce([shot_seconds(fit, a.name, a.passes(world_size) * wire, world_size) for a in SHOTS])


def library_all_reduce_seconds(
    fit: NcclAllReduceFit, device: HardwareProfile, nbytes: Sizes, world_size: Sizes
) -> Sizes:
    """Library's all-reduce, whichever algorithm it takes: latency and ring wire time joined by a p-norm.

    Ranks on one bus crowd each other. The constants are of boxes with peer access.
    """
    reached = fit.wire_share * (2.0 / world_size) ** fit.crowd_exponent * device.group_bytes_per_s(world_size)
    if device.link.staged_in_host_memory(world_size):
        reached *= THROUGH_HOST_SHARE
    wire = 2.0 * (world_size - 1) / world_size * nbytes / reached
    latency = fit.latency_us * _US * world_size**fit.world_exponent
    return (latency**fit.sharpness + wire**fit.sharpness) ** (1.0 / fit.sharpness)
