"""A power cap or a locked clock: the math units slow down, memory and links keep their speed.

Under a cap the clock drops until full math fits under it.

Power of math goes with ``f**2.5``, its rate with ``f`` (TECHNIQUES section 15). So a cap slows prefill, and decode,
which waits for memory, hardly at all: what Splitwise measured on H100.
"""

from __future__ import annotations

from dataclasses import replace

from simulator.errors import InputError
from simulator.hardware.power import CLOCK_EXPONENT, power_model
from simulator.hardware.profile import HardwareProfile


def capped(device: HardwareProfile, cap_w: float, *, path: str = "power_cap_w") -> HardwareProfile:
    """The device under a cap of ``cap_w`` watts: peaks times the clock that is left, and the cap for its power model.

    One clock for the whole run: at which math that is always busy draws the cap, or a slower one it is locked to.

    Raises ``InputError`` (dotted ``path``) for a cap outside the device's range, or a device whose power is not known.
    """
    model = power_model(device)
    if model is None:
        raise InputError(
            f"cannot be applied: the rated power of {device.name} is not published; state economics.power.max_w",
            path=path,
            value=cap_w,
        )
    if not model.standby_w < cap_w <= model.full_w:
        raise InputError(
            f"must be above the standby power of {device.name}, {model.standby_w:.0f} W, and at most its rated "
            f"{model.full_w:.0f} W",
            path=path,
            value=cap_w,
        )
    clock = ((cap_w - model.standby_w) / (model.full_w - model.standby_w)) ** (1 / CLOCK_EXPONENT)
    return replace(locked(device, min(clock, device.clock_ratio)), power_cap_w=cap_w)


def locked(device: HardwareProfile, clock_ratio: float) -> HardwareProfile:
    """The device with its math clock at ``clock_ratio`` (0..1) of its full one (``nvidia-smi --lock-gpu-clocks``)."""
    change = clock_ratio / device.clock_ratio
    peaks = {dtype: change * peak for dtype, peak in device.peak_flops.items()}
    return replace(device, peak_flops=peaks, clock_ratio=clock_ratio)
