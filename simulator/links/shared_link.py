"""SharedLink: one wire that transfers contend for, and the hops a transfer's route is made of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

KINDS = ("nvlink", "xgmi", "ici", "neuronlink", "ethernet", "pcie", "host_memory", "nic", "nvme")
"""What a link is made of; the kind decides its transfer curve (``curve.transfer_curve``)."""

DUPLEX = ("full", "half")
"""``full``: each direction has the capacity to itself (PCIe, NVLink, NIC). ``half``: both directions share it (host
memory, NVMe)."""


@dataclass(frozen=True)
class SharedLink:
    """A link that several transfers use at once.

    Attributes
    ----------
    name: unique within a network (``node0.gpu3.pcie``).
    kind: one of ``KINDS``.
    bytes_per_s: capacity; of each direction when ``duplex`` is ``full``, of both together when ``half``.
    latency_s: time the first byte needs over this link (s).
    half_bytes: size of a single transfer that reaches half of the capacity, see ``cap_bytes_per_s``.
    """

    name: str
    kind: str
    bytes_per_s: float
    duplex: str = "full"
    latency_s: float = 0.0
    half_bytes: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"{self.name}: kind must be one of {', '.join(KINDS)}, not {self.kind!r}")
        if self.duplex not in DUPLEX:
            raise ValueError(f"{self.name}: duplex must be full or half, not {self.duplex!r}")
        if not 0 < self.bytes_per_s < math.inf:
            raise ValueError(f"{self.name}: bytes_per_s must be a finite number > 0, not {self.bytes_per_s}")
        if not 0 <= self.latency_s < math.inf:
            raise ValueError(f"{self.name}: latency_s must be a finite number >= 0, not {self.latency_s}")
        if not 0 <= self.half_bytes < math.inf:
            raise ValueError(f"{self.name}: half_bytes must be a finite number >= 0, not {self.half_bytes}")

    def cap_bytes_per_s(self, nbytes: float) -> float:
        """Most that one transfer of ``nbytes`` moves per second: ``capacity n / (n + half_bytes)``."""
        return self.bytes_per_s * nbytes / (nbytes + self.half_bytes) if nbytes > 0 else self.bytes_per_s


class Hop(NamedTuple):
    """One link of a route, in one direction. Forward is away from the device that owns the link."""

    link: str
    forward: bool = True


Route = tuple[Hop, ...]
"""Links a transfer occupies at the same time. The same link may occur twice: a bounce through host memory writes it and
reads it."""


def backwards(route: Route) -> Route:
    """The way back over the same links."""
    return tuple(Hop(hop.link, not hop.forward) for hop in reversed(route))
