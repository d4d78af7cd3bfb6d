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


def for_device(spec: KernelClass, device: HardwareProfile) -> KernelClass:
    """The class with the bounds of the device's kind."""
    if device.kind != "cpu":
        return spec
    factors = [1.0 if name in _SHAPES else CPU_WIDER for name in spec.numbers]
    return replace(
        spec,
        low=tuple(value / factor for value, factor in zip(spec.low, factors, strict=True)),
        high=tuple(value * factor for value, factor in zip(spec.high, factors, strict=True)),
    )
