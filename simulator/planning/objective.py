"""What the best fleet has least of: dollars, devices, energy or carbon per hour; and what n replicas need at least.

Dollars and devices follow from the number of replicas alone. Energy depends on how hard they work and is measured in a
run; before that only the power of idle devices and of their hosts, times the overhead of the building, is certain.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.hardware.power import power_model
from simulator.hardware.profile import Price
from simulator.planning.replica import Replica
from simulator.planning.schema import Minimize

UNITS: dict[Minimize, str] = {"cost": "$/h", "devices": "devices", "energy": "kWh/h", "carbon": "kgCO2e/h"}


@dataclass(frozen=True)
class Terms:
    """What a device of a configuration costs an hour, used or not.

    ``price``: None = not known. ``idle_w``: least facility watts of a device, its host and overhead included; None
    where its power is not published. ``kg_per_kwh``: of the grid, mean of a day. ``embodied_kg``: per device hour.
    """

    devices: int
    price: Price | None
    idle_w: float | None
    kg_per_kwh: float
    embodied_kg: float

    @classmethod
    def of(cls, replica: Replica) -> Terms:
        """Of a replica's devices under the plan's economics."""
        rules, device = replica.rules, replica.device
        power, host = power_model(device), rules.host_power(device)
        idle = None if power is None or host is None else (power.idle_w + host.watts_per_device) * rules.pue
        return cls(
            devices=replica.configuration.tensor_parallel_size,
            price=rules.price_of(device),
            idle_w=idle,
            kg_per_kwh=sum(rules.grid.hourly) / len(rules.grid.hourly),
            embodied_kg=0.0 if rules.embodied is None else rules.embodied.kilograms(3600.0),
        )

    def usd_per_hour(self, replicas: int) -> float | None:
        """Dollars an hour of a fleet; None without a price."""
        return None if self.price is None else replicas * self.devices * self.price.usd_per_hour

    def known(self, minimize: Minimize) -> bool:
        """Whether the objective can be told at all."""
        if minimize == "cost":
            return self.price is not None
        return minimize == "devices" or self.idle_w is not None

    def at_least(self, minimize: Minimize, replicas: int, watts: float | None = None) -> float:
        """The objective of a fleet, per hour. ``watts``: of the whole facility, where they have been measured; without
        them energy and carbon are those of an idle fleet, a lower bound."""
        count = replicas * self.devices
        if minimize == "cost":
            return self.usd_per_hour(replicas) or 0.0
        if minimize == "devices":
            return float(count)
        kwh = (count * (self.idle_w or 0.0) if watts is None else watts) / 1000.0
        return kwh if minimize == "energy" else kwh * self.kg_per_kwh + count * self.embodied_kg
