"""All-reduce kernels whose constants a device's ``KernelFits`` hold: the library's as one curve, and the engine's own.

The engine's kernel is ``CustomAllreduce`` of vLLM and SGLang: one shot or two, by the size of the buffer and not by
which is faster; newer builds hand the larger ones to torch's kernels on symmetric memory (``algorithms.SHOTS``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.hardware.kernel_constants import CustomAllReduceFit, NcclAllReduceFit
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


_KIB, _MIB = 2**10, 2**20

_ONE_SHOT_BELOW: Mapping[int, float] = {2: np.inf, 4: 512 * _KIB, 8: 256 * _KIB}
"""Largest group -> bytes from which it takes two shots (vLLM ``csrc/custom_all_reduce.cuh``, 0.4 to 0.24)."""

_SYMMETRIC_FROM: Mapping[str, Mapping[int, float]] = {
    "hopper": {2: 64 * _MIB, 4: 32 * _MIB, 6: 512 * _KIB, 8: 256 * _KIB},
    "blackwell": {2: 2 * _MIB, 4: 2 * _MIB, 6: _MIB, 8: _MIB},
}
"""Architecture -> group -> bytes from which symmetric memory serves, where it is in use (vLLM 0.11 to 0.24,
``CUSTOM_ALL_REDUCE_MAX_SIZES`` of ``all_reduce_utils.py``)."""


def has_own_kernel(link: Link, ranks: int) -> bool:
    """Whether engines bring a kernel of their own, by vLLM's rule (``custom_all_reduce.py``, 0.4 to 0.28): every two
    ranks are linked directly, or two ranks reach each other's memory over the host bus."""
    if link.topology in ("switch", "mesh"):
        return True
    return ranks == 2 and not link.staged_in_host_memory(ranks)


def shot_seconds(fit: CustomAllReduceFit, shot: str, wire_s: Sizes, ranks: Sizes) -> Sizes:
    """One of the engine's kernels: ``t0 n^x`` and the wire time, beside one shot with another synchronisation.

    ``wire_s``: seconds at nominal bandwidth.
    """
    latency = fit.latency_us * _US * ranks**fit.world_exponent
    if shot == "one_shot":
        return latency + wire_s / fit.one_shot_share
    if shot == "two_shot":
        return latency + fit.two_shot_us * _US + wire_s / fit.two_shot_share
    return latency + fit.symmetric_us * _US + wire_s / fit.symmetric_share


def runs_shot(
    fit: CustomAllReduceFit, device: HardwareProfile, shot: str, nbytes: Sizes, ranks: Sizes
) -> npt.NDArray[np.bool_]:
    """Whether the engine reduces buffers of this size with this one of its kernels."""
    nbytes, ranks = np.broadcast_arrays(nbytes, ranks)
    symmetric = np.zeros(nbytes.shape, dtype=bool)
    if fit.large == "symmetric_memory":
        for group, least in _SYMMETRIC_FROM.get(device.architecture, {}).items():
            symmetric |= (ranks == group) & (nbytes >= least)
    if shot == "symmetric_memory":
        return symmetric
    limits = [ranks <= group for group in _ONE_SHOT_BELOW]
    one_shot = nbytes < np.select(limits, list(_ONE_SHOT_BELOW.values()), default=0.0)
    return np.asarray(~symmetric & (one_shot if shot == "one_shot" else ~one_shot))


def own_all_reduce_seconds(fit: CustomAllReduceFit, device: HardwareProfile, nbytes: Sizes, world_size: Sizes) -> Sizes:
    """Engine's kernels over a switch. ``nbytes``: the vector reduced."""
    wire = nbytes / device.group_bytes_per_s(world_size)
    return np.select(
        [runs_shot(fit, device, shot.name, nbytes, world_size) for shot in SHOTS],
        [shot_seconds(fit, shot.name, shot.passes(world_size) * wire, world_size) for shot in SHOTS],
    )


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
