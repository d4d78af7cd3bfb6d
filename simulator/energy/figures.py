"""From joules, seconds and tokens to the summary's figures; the same for a run and for one batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simulator.energy.assumptions import assumptions, missing
from simulator.energy.device_energy import DeviceEnergy
from simulator.energy.rules import EconomicsRules
from simulator.hardware.power import PowerModel
from simulator.hardware.profile import HardwareProfile

Figures = dict[str, Any]


@dataclass(frozen=True)
class Served:
    """What ``devices`` served in ``seconds`` from ``start_s`` of the run's clock: finished requests and their tokens.

    ``input_share``: share of the busy time that prompts take (``token_split``); None = nothing ran.
    """

    seconds: float
    devices: int
    requests: int
    input_tokens: int
    output_tokens: int
    input_share: float | None
    start_s: float = 0.0

    @property
    def device_seconds(self) -> float:
        """Seconds times devices."""
        return self.seconds * self.devices


def figures(
    device: HardwareProfile,
    power: PowerModel | None,
    rules: EconomicsRules,
    energy: DeviceEnergy | None,
    served: Served,
) -> Figures:
    """Energy, cost and carbon of what was served; None where data is missing, and ``economics.missing`` says why.

    Joules per token without ``device_`` in their name are of the facility: (devices + host) x PUE.
    """
    host, price = rules.host_power(device), rules.price_of(device)
    host_j = None if host is None else host.watts_per_device * served.device_seconds
    device_j = None if energy is None else energy.total_j
    facility_j = None if device_j is None or host_j is None else (device_j + host_j) * rules.pue
    usd = None if price is None else price.usd_per_hour * served.device_seconds / 3600.0
    tokens = served.input_tokens + served.output_tokens
    return {
        "device_energy_j": device_j,
        "device_energy_busy_j": None if energy is None else energy.busy_j,
        "device_energy_standby_j": None if energy is None else energy.standby_j,
        "device_energy_idle_j": None if energy is None else energy.idle_j,
        "host_energy_j": host_j,
        "facility_energy_j": facility_j,
        "mean_device_power_w": _per(device_j, served.device_seconds),
        "device_joules_per_output_token": _per(device_j, served.output_tokens),
        "joules_per_output_token": _per(facility_j, served.output_tokens),
        "joules_per_token": _per(facility_j, tokens),
        **_cost(usd, served),
        **_carbon(rules, energy, host_j, served),
        "economics": {
            "assumptions": assumptions(device, power, rules),
            "missing": missing(device, power, host, price),
        },
    }


def _cost(usd: float | None, served: Served) -> Figures:
    """All devices are paid for the whole time, idle or not."""
    share = served.input_share
    prompts = None if usd is None or share is None else usd * share
    outputs = None if usd is None or share is None else usd * (1.0 - share)
    return {
        "cost_usd": usd,
        "input_time_share": share,
        "usd_per_million_input_tokens": _per(prompts, served.input_tokens, 1e6),
        "usd_per_million_output_tokens": _per(outputs, served.output_tokens, 1e6),
        "usd_per_million_tokens": _per(usd, served.input_tokens + served.output_tokens, 1e6),
    }


def _carbon(rules: EconomicsRules, energy: DeviceEnergy | None, host_j: float | None, served: Served) -> Figures:
    """Operational carbon follows the grid's curve; the host draws evenly."""
    operational = None
    if energy is not None and host_j is not None:
        end_s = served.start_s + served.seconds
        per_watt = float(rules.grid.integral(end_s) - rules.grid.integral(served.start_s))
        host_kg = host_j / served.seconds * per_watt if served.seconds > 0 else 0.0
        operational = (energy.carbon_kg + host_kg) * rules.pue
    embodied = None if rules.embodied is None else rules.embodied.kilograms(served.device_seconds)
    whole = None if operational is None else operational + (embodied or 0.0)
    return {
        "carbon_operational_kg": operational,
        "carbon_embodied_kg": embodied,
        "gco2e_per_request": _per(whole, served.requests, 1e3),
    }


def _per(amount: float | None, count: float, unit: float = 1.0) -> float | None:
    return None if amount is None or not count else unit * amount / count
