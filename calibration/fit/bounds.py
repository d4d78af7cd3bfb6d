"""Bounds of kernel constants on processors, which the classes state for GPUs."""

from __future__ import annotations

from dataclasses import replace

from calibration.fit.kernel_class import KernelClass
from simulator.hardware.profile import HardwareProfile

CPU_WIDER = 50.0
"""Factor a processor's constants may lie outside a GPU's bounds: one core walks the units of an attention call one by
one, a call costs what several launches do, and rates are shares of what the same machine reached, not of a data
sheet."""

_SHAPES = ("sharpness", "balance_sharpness", "wave_exponent", "head_dim_exponent", "ramp_exponent")
"""Exponents: they say how a curve bends, not how fast a machine is."""

_AT_MOST = ("math_share", "cached_share")
"""No multiply beats the peak, which on a processor is the best rate measured, and no cache saves more than all traffic.
Bandwidth has no such limit: a cache may hold what a kernel reads."""


def for_device(spec: KernelClass, device: HardwareProfile) -> KernelClass:
    """The class with the bounds of the device's kind."""
    if device.kind != "cpu":
        return spec
    bounds = zip(spec.numbers, spec.low, spec.high, strict=True)
    opened = [(low, high) if name in _SHAPES else _opened(name, low, high) for name, low, high in bounds]
    return replace(spec, low=tuple(low for low, _ in opened), high=tuple(high for _, high in opened))


def _opened(name: str, low: float, high: float) -> tuple[float, float]:
    return low / CPU_WIDER, high if name in _AT_MOST else high * CPU_WIDER
