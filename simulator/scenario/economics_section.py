"""The ``economics`` section: power, overhead, price and carbon a run is counted with."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field

from simulator.energy.grid import WORLD_AVERAGE_KG_PER_KWH, WORLD_AVERAGE_SOURCE, Grid
from simulator.energy.rules import (
    DEFAULT_PUE,
    DEFAULT_PUE_SOURCE,
    EconomicsRules,
    Embodied,
    HostPower,
)
from simulator.errors import InputError
from simulator.hardware.power_cap import capped, locked
from simulator.hardware.profile import HardwareProfile
from simulator.hardware.profile import Price as DevicePrice
from simulator.scenario.section import Filled, Section

Name = Annotated[str, Field(min_length=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]


class Power(Section):
    """Watts of one device instead of those of its profile.

    Attributes
    ----------
    max_w: rated power (W).
    standby_w: weights and context loaded, nothing running (W).
    idle_w: nothing loaded (W).
    """

    max_w: Positive | None = None
    standby_w: Positive | None = None
    idle_w: Positive | None = None


class Price(Section):
    """What a device hour costs: the figure never stands without its terms, its basis and its date.

    Attributes
    ----------
    usd_per_device_hour: US dollars per device and hour.
    terms: how it is paid for.
    basis: where the figure is from.
    as_of: when it held, e.g. 2025-06.
    """

    usd_per_device_hour: Positive
    terms: Literal["on_demand", "reserved", "capacity_block", "spot", "rental", "owned"]
    basis: Name
    as_of: Name


class Carbon(Section):
    """The grid: one ``kg_per_kwh``, or ``hourly_kg_per_kwh`` of a day.

    Attributes
    ----------
    kg_per_kwh: carbon intensity (kgCO2e/kWh); None = world average.
    hourly_kg_per_kwh: the same hour by hour over a day, beginning at midnight.
    start_hour: hour of the day at which the run begins.
    source: where the figures are from.
    """

    kg_per_kwh: NotNegative | None = None
    hourly_kg_per_kwh: list[NotNegative] | None = None
    start_hour: Annotated[float, Field(ge=0, lt=24)] = 0.0
    source: Name | None = None

    def grid(self) -> Grid:
        """As the energy room takes it. Raises ``InputError`` when both kinds are given."""
        if self.hourly_kg_per_kwh is None:
            constant = WORLD_AVERAGE_KG_PER_KWH if self.kg_per_kwh is None else self.kg_per_kwh
            world = WORLD_AVERAGE_SOURCE if self.kg_per_kwh is None else "the scenario"
            return Grid((constant,), self.start_hour, self.source or world)
        if self.kg_per_kwh is not None:
            raise InputError(
                "cannot stand beside hourly_kg_per_kwh; give one of the two",
                path="economics.carbon.kg_per_kwh",
                value=self.kg_per_kwh,
            )
        return Grid(tuple(self.hourly_kg_per_kwh), self.start_hour, self.source or "the scenario")


class EmbodiedSection(Section):
    """Carbon of making a device, written off over its years in service.

    Attributes
    ----------
    kg_per_device: making one device (kgCO2e).
    lifetime_years: years in service.
    """

    kg_per_device: Positive
    lifetime_years: Positive


class Economics(Section):
    """Energy, money and carbon.

    Attributes
    ----------
    power_cap_w: limit of each device; its math slows down to keep it (W).
    clock_ratio: math clock the devices are locked to, over the full one; with a cap the slower of both counts.
    power: watts instead of the profile's.
    node: server the devices stand in (``inferplan list nodes``), for its host power in equal parts.
    host_w_per_device: the host's power per device itself, instead of ``node`` (W).
    pue: facility over server energy; None = 1.2.
    price: instead of the profile's list price.
    carbon: carbon intensity of the grid.
    embodied: carbon of making the devices; left out unless given.
    """

    power_cap_w: Positive | None = None
    clock_ratio: Annotated[float, Field(gt=0, le=1)] | None = None
    power: Filled[Power] = Power()
    node: Name | None = None
    host_w_per_device: NotNegative | None = None
    pue: Annotated[float, Field(ge=1)] | None = None
    price: Price | None = None
    carbon: Filled[Carbon] = Carbon()
    embodied: EmbodiedSection | None = None

    def rules(self) -> EconomicsRules:
        """As the energy room takes it. Raises ``InputError`` for choices that exclude each other."""
        if self.node is not None and self.host_w_per_device is not None:
            raise InputError(
                "cannot stand beside economics.node; give one of the two",
                path="economics.host_w_per_device",
                value=self.host_w_per_device,
            )
        host, price, embodied = self.host_w_per_device, self.price, self.embodied
        return EconomicsRules(
            pue=DEFAULT_PUE if self.pue is None else self.pue,
            pue_source=DEFAULT_PUE_SOURCE if self.pue is None else "the scenario",
            node=self.node,
            host=None if host is None else HostPower(host, "the scenario"),
            price=None
            if price is None
            else DevicePrice(price.usd_per_device_hour, price.terms, price.basis, price.as_of),
            grid=self.carbon.grid(),
            embodied=None if embodied is None else Embodied(embodied.kg_per_device, embodied.lifetime_years),
        )

    def applied_to(self, device: HardwareProfile) -> HardwareProfile:
        """The device with the scenario's watts, clock and cap. Raises ``InputError`` for watts out of order."""
        given = {"tdp_w": self.power.max_w, "standby_w": self.power.standby_w, "idle_w": self.power.idle_w}
        device = replace(device, **{key: watts for key, watts in given.items() if watts is not None})  # type: ignore[arg-type]
        _check_order(device, self.power)
        if self.clock_ratio is not None:
            device = locked(device, self.clock_ratio)
        if self.power_cap_w is None:
            return device
        return capped(device, self.power_cap_w, path="economics.power_cap_w")


def _check_order(device: HardwareProfile, given: Power) -> None:
    """Idle power is at most standby power, and that is below the rated power; the scenario's own figure is blamed."""
    levels = [("idle_w", device.idle_w), ("standby_w", device.standby_w), ("max_w", device.tdp_w)]
    known = [(key, watts) for key, watts in levels if watts is not None]
    for (low_key, low), (high_key, high) in pairwise(known):
        if low < high or (low == high and high_key != "max_w"):
            continue
        if getattr(given, low_key) is not None:
            rule, key, watts = f"must be below {high_key}, {high:g} W", low_key, low
        else:
            rule, key, watts = f"must be above {low_key}, {low:g} W", high_key, high
        raise InputError(f"{rule} of {device.name}", path=f"economics.power.{key}", value=watts)
