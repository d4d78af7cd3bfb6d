"""Fabric: every link of some equal nodes, and the routes transfers take over them.

Capacities are what large transfers reach (nominal times the share of the kind, ``calibration/links/transfers.yaml``).
"""

from __future__ import annotations

from typing import NamedTuple

from simulator.errors import InputError
from simulator.hardware.node import NodeSpec
from simulator.hardware.profile import HardwareProfile
from simulator.links.curve import link_of_kind
from simulator.links.fair_network import FairNetwork
from simulator.links.shared_link import Hop, Route, SharedLink, backwards
from simulator.links.wiring import WIRINGS

_LINK_KIND = {"tpu": "ici", "trainium": "neuronlink", "gaudi": "ethernet", "cpu": "pcie"}


class Place(NamedTuple):
    """An accelerator: the number of its node and its own number there."""

    node: int
    accelerator: int


def link_kind(hardware: HardwareProfile) -> str:
    """What joins accelerators of this sort (``shared_link.KINDS``)."""
    if hardware.kind != "gpu":
        return _LINK_KIND[hardware.kind]
    return "xgmi" if hardware.architecture.startswith("cdna") else "nvlink"


class Fabric:
    """Links of ``nodes`` equal nodes.

    ``host_memory_bytes_per_s``: nominal, reads and writes together; None = never the limit. ``nvme_bytes_per_s``:
    nominal, of a node's drives together; None = there are none. Adapters are those of the node; a pod without adapters
    of its own has one share of ``hardware.network`` per accelerator, if that is known.
    """

    def __init__(
        self,
        node: NodeSpec,
        nodes: int = 1,
        *,
        host_memory_bytes_per_s: float | None = None,
        nvme_bytes_per_s: float | None = None,
    ) -> None:
        if nodes < 1:
            raise InputError("must be a whole number >= 1", path="nodes", value=nodes)
        self.node = node
        self.nodes = nodes
        self._has_memory = host_memory_bytes_per_s is not None
        self._has_nvme = nvme_bytes_per_s is not None
        hardware = node.hardware
        build = WIRINGS[node.link.topology]
        self._wirings = [build(node.link, node.count, link_kind(hardware), f"node{i}.link") for i in range(nodes)]
        self._adapters, adapter_bytes_per_s = self._adapters_of(node)
        self.links: list[SharedLink] = []
        for i, wiring in enumerate(self._wirings):
            self.links += wiring.links
            self.links += [
                link_of_kind(_pcie(Place(i, a)), "pcie", hardware.host_bytes_per_s) for a in range(node.count)
            ]
            if host_memory_bytes_per_s is not None:
                self.links.append(link_of_kind(f"node{i}.host_memory", "host_memory", host_memory_bytes_per_s))
            if nvme_bytes_per_s is not None:
                self.links.append(link_of_kind(f"node{i}.nvme", "nvme", nvme_bytes_per_s))
            self.links += [
                link_of_kind(f"node{i}.nic{a}", "nic", adapter_bytes_per_s, ends=2) for a in range(self._adapters)
            ]

    def network(self) -> FairNetwork:
        """A network of these links with nothing on it."""
        return FairNetwork(self.links)

    def between(self, source: Place, target: Place) -> Route:
        """From accelerator to accelerator: the accelerators' link, else the host bus, or the adapters of two nodes.

        Adapters move accelerator memory themselves (GPUDirect): over the bus to the adapter, not through host memory.
        """
        self._check(source)
        self._check(target)
        if source == target:
            raise InputError("source and target are the same accelerator", value=tuple(source))
        if source.node == target.node:
            direct = self._wirings[source.node].route(source.accelerator, target.accelerator)
            return direct or (Hop(_pcie(source)), Hop(_pcie(target), False))
        return (
            Hop(_pcie(source)),
            Hop(self._adapter(source)),
            Hop(self._adapter(target), False),
            Hop(_pcie(target), False),
        )

    def to_host(self, source: Place) -> Route:
        """From an accelerator into the memory of its host."""
        self._check(source)
        return (Hop(_pcie(source)), *self._memory(source.node))

    def from_host(self, target: Place) -> Route:
        """From the memory of the host into an accelerator."""
        return backwards(self.to_host(target))

    def to_storage(self, node: int) -> Route:
        """From host memory to the node's drives; ``InputError`` when none are described."""
        if not self._has_nvme:
            raise InputError("the nodes have no NVMe bandwidth; give nvme_bytes_per_s", path="nvme_bytes_per_s")
        return (*backwards(self._memory(node)), Hop(f"node{node}.nvme"))

    def from_storage(self, node: int) -> Route:
        """From the node's drives into host memory."""
        return backwards(self.to_storage(node))

    def between_hosts(self, source: int, target: int) -> Route:
        """From host memory to host memory over the first adapters of two nodes."""
        out, back = self._adapter(Place(source, 0)), self._adapter(Place(target, 0))
        return (*backwards(self._memory(source)), Hop(out), Hop(back, False), *self._memory(target))

    def _memory(self, node: int) -> Route:
        return (Hop(f"node{node}.host_memory"),) if self._has_memory else ()

    def _adapter(self, place: Place) -> str:
        if not self._adapters:
            raise InputError(f"the network of {self.node.name} is not known", path="node", value=self.node.name)
        return f"node{place.node}.nic{place.accelerator * self._adapters // self.node.count}"

    def _check(self, place: Place) -> None:
        if not (0 <= place.node < self.nodes and 0 <= place.accelerator < self.node.count):
            raise InputError(
                f"no such accelerator; there are {self.nodes} nodes of {self.node.count}", value=tuple(place)
            )

    @staticmethod
    def _adapters_of(node: NodeSpec) -> tuple[int, float]:
        """Number of adapters of a node, and bytes/s of each."""
        if node.nics is not None:
            return node.nics.count, node.nics.bytes_per_s
        network = node.hardware.network
        return (node.count, network.bytes_per_s) if network is not None else (0, 0.0)


def _pcie(place: Place) -> str:
    return f"node{place.node}.pcie{place.accelerator}"
