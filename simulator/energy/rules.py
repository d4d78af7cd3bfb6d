"""What energy, money and carbon are counted with: overhead around the devices, price, grid, embodied carbon."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.energy.grid import Grid
from simulator.errors import InputError
from simulator.hardware.node import NodeSpec, load_node, node_named
from simulator.hardware.profile import HardwareProfile, Price

DEFAULT_PUE = 1.2
DEFAULT_PUE_SOURCE = "assumed, within 1.1 to 1.5"
HOURS_PER_YEAR = 8766.0


@dataclass(frozen=True)
class Embodied:
    """kgCO2e of making one device (with its share of the server), written off over ``lifetime_years`` in service."""

    kg_per_device: float
    lifetime_years: float

    def kilograms(self, device_seconds: float) -> float:
        """The share of so many device seconds."""
        return self.kg_per_device * device_seconds / (self.lifetime_years * HOURS_PER_YEAR * 3600.0)


@dataclass(frozen=True)
class HostPower:
    """Watts of the server around the devices, per device, and where the figure is from."""

    watts_per_device: float
    source: str

    @classmethod
    def of_node(cls, node: NodeSpec) -> HostPower:
        """A node's host power in equal parts; unused devices of the node are someone else's."""
        return cls(node.host.power_w / node.count, f"{node.name}: {node.host.power_w:,.0f} W for {node.count} devices")


@dataclass(frozen=True)
class EconomicsRules:
    """Choices of a scenario; None = that of the device's profile, or none.

    ``pue``: facility energy over energy of the servers. ``node``: name of the node the devices stand in; None = the
    usual one. ``host``: given instead of a node's. ``price``: instead of the profile's. ``embodied``: None = left out.
    """

    pue: float = DEFAULT_PUE
    pue_source: str = DEFAULT_PUE_SOURCE
    node: str | None = None
    host: HostPower | None = None
    price: Price | None = None
    grid: Grid = field(default_factory=Grid)
    embodied: Embodied | None = None

    def host_power(self, device: HardwareProfile) -> HostPower | None:
        """Host power per device; None when no node of the device is known. ``InputError`` for an unknown node."""
        if self.host is not None:
            return self.host
        if self.node is not None:
            return HostPower.of_node(_node(self.node))
        return None if device.usual_node is None else HostPower.of_node(node_named(device.usual_node))

    def price_of(self, device: HardwareProfile) -> Price | None:
        """Price of a device hour."""
        return self.price or device.price


def _node(name: str) -> NodeSpec:
    """The node, under the scenario's own dotted path when its name is unknown."""
    try:
        return load_node(name)
    except InputError as error:
        if error.file is not None:
            raise
        raise InputError(error.problem, path="economics.node", value=name, hint=error.hint) from None
