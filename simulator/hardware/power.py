"""PowerModel: watts of one accelerator from how much of its math, memory and network a step uses.

    P = P_standby + (P_max - P_standby) * clip(w_c * u_c**g * f**2.5 + w_m * u_m + w_n * u_n, 0, 1)

(TECHNIQUES section 15; u = achieved / peak over the step, f = clock / full clock, g = 1/2.) Two things differ from its
plain form, because measured cards show them: a card that holds a context stays at a higher *standby* power than the
idle one for a while after its last kernel, and power rises with the math rate like a root, not a straight line: H100
decode draws 300 W at batch 1, 510 W at 32 and 590 W at 128, prefill the full 700 W. docs/energy.md lists the
measurements.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.hardware.profile import HardwareProfile, PowerWeights

CLOCK_EXPONENT = 2.5
"""Power of math over its clock: between f**2 and f**3, as voltage follows the clock."""

HBM_WEIGHTS = PowerWeights(1.74, 0.35, 0.2, "transferred from H100 SXM, error about 30 %: docs/energy.md")
"""Of H100, a fit of ``calibration.power_points``; the network weight is assumed, as no measurement isolates it."""

GDDR_WEIGHTS = PowerWeights(0.5, 1.2, 0.2, "transferred from RTX A6000, error about 30 %: docs/energy.md")
"""Of RTX A6000. GDDR draws more per byte: reading weights alone takes an RTX A6000 to its limit."""

MATH_EXPONENT = 0.5

_IDLE_SHARE, _STANDBY_SHARE = 0.10, 0.17
"""Share of rated power where nothing is published: 0.09 to 0.15 idle; H100 0.164 and B200 0.19 on standby."""


@dataclass(frozen=True)
class PowerModel:
    """Watts of one accelerator.

    ``max_w``: most it draws (rated power, or a lower cap). ``full_w``: rated power, the scale of the weights.
    ``standby_w``: context loaded, no kernel running, for ``standby_s`` seconds after the last one (None = as long as
    the engine lives); ``idle_w`` after that and before the first. ``clock``: math clock over the full one.
    ``assumed``: which of its numbers nobody published, in words.
    """

    full_w: float
    max_w: float
    idle_w: float
    standby_w: float
    standby_s: float | None
    weights: PowerWeights
    clock: float = 1.0
    assumed: tuple[str, ...] = ()

    def watts(self, math: Any, memory: Any, network: Any = 0.0) -> npt.NDArray[np.float64]:
        """Power while a step runs, from achieved / peak of math (at the present clock), memory and network (0..1)."""
        weights = self.weights
        load = weights.math * np.power(np.maximum(math, 0.0), MATH_EXPONENT) * self.clock**CLOCK_EXPONENT
        load = np.clip(load + weights.memory * memory + weights.network * network, 0.0, 1.0)
        drawn = self.standby_w + (self.full_w - self.standby_w) * load
        return np.minimum(drawn, self.max_w)


def power_model(device: HardwareProfile) -> PowerModel | None:
    """The model of a device as it is run (``device.power_cap_w``); None when its rated power is not published."""
    full = device.tdp_w
    if full is None:
        return None
    assumed = []
    idle, standby = device.idle_w, device.standby_w
    if idle is None:
        idle = _IDLE_SHARE * full if standby is None else standby
        assumed.append(f"idle power {idle:.0f} W")
    if standby is None:
        standby = max(idle, _STANDBY_SHARE * full)
        assumed.append(f"standby power {standby:.0f} W")
    weights = device.power_weights
    if weights is None:
        weights = default_weights(device)
        assumed.append(f"weights {weights.source.split(',')[0]}")
    return PowerModel(
        full_w=full,
        max_w=full if device.power_cap_w is None else device.power_cap_w,
        idle_w=idle,
        standby_w=standby,
        standby_s=device.standby_s,
        weights=weights,
        clock=device.clock_ratio,
        assumed=tuple(assumed),
    )


def default_weights(device: HardwareProfile) -> PowerWeights:
    """Weights of the device's kind of memory, which is what they differ by most."""
    return GDDR_WEIGHTS if device.memory_kind.startswith("GDDR") else HBM_WEIGHTS
