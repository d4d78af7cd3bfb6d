"""What the figures rest on, said beside them in every summary."""

from __future__ import annotations

from typing import Any

from simulator.energy.rules import EconomicsRules, HostPower
from simulator.energy.token_split import SPLIT_RULE
from simulator.hardware.power import PowerModel
from simulator.hardware.profile import HardwareProfile, Price

Assumptions = dict[str, Any]


def assumptions(device: HardwareProfile, power: PowerModel | None, rules: EconomicsRules) -> Assumptions:
    """Power, host, PUE, price with date and terms, grid and embodied carbon, each with its source; plain data."""
    host, price, embodied = rules.host_power(device), rules.price_of(device), rules.embodied
    return {
        "power": _power(power),
        "host": None if host is None else {"watts_per_device": host.watts_per_device, "source": host.source},
        "pue": {"value": rules.pue, "source": rules.pue_source},
        "price": _price(price),
        "token_split": SPLIT_RULE,
        "grid": {
            "kg_per_kwh": list(rules.grid.hourly) if len(rules.grid.hourly) > 1 else rules.grid.hourly[0],
            "start_hour": rules.grid.start_hour,
            "source": rules.grid.source,
        },
        "embodied": None
        if embodied is None
        else {"kg_per_device": embodied.kg_per_device, "lifetime_years": embodied.lifetime_years},
    }


def _power(power: PowerModel | None) -> Assumptions | None:
    if power is None:
        return None
    return {
        "rated_w": power.full_w,
        "limit_w": power.max_w,
        "standby_w": power.standby_w,
        "standby_s": power.standby_s,
        "idle_w": power.idle_w,
        "weights": {"math": power.weights.math, "memory": power.weights.memory, "network": power.weights.network},
        "clock_ratio": power.clock,
        "source": power.weights.source,
        "assumed": list(power.assumed),
    }


def _price(price: Price | None) -> Assumptions | None:
    if price is None:
        return None
    return {
        "usd_per_device_hour": price.usd_per_hour,
        "terms": price.terms,
        "as_of": price.as_of,
        "basis": price.basis,
    }


def missing(
    device: HardwareProfile, power: PowerModel | None, host: HostPower | None, price: Price | None
) -> dict[str, str]:
    """Why a group of figures is null, by group; empty when all are there."""
    reasons: dict[str, str] = {}
    if power is None:
        reasons["energy"] = f"the rated power of {device.name} is not published; state economics.power.max_w"
        reasons["carbon"] = "needs the energy"
    elif host is None:
        reasons["facility"] = f"no server of {device.name} is known; state economics.node or host_w_per_device"
        reasons["carbon"] = "needs the energy of the server"
    if price is None:
        reasons["cost"] = f"no price of {device.name} was found; state economics.price"
    return reasons
