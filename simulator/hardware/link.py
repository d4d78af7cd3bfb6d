"""Link: how accelerators of one node, pod or rack reach each other, and what a group of them gets of it.

A data sheet states one number per chip, all its links together. How much of it a collective can use depends on how many
chips take part and on the topology: a switch gives all of it to any two chips, a mesh one link per peer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

TOPOLOGIES = ("switch", "mesh", "pairs", "ring", "torus", "none")
"""``switch``: all to all at full rate. ``mesh``: one link to every peer (xGMI, Gaudi). ``pairs``: a bridge between two,
the host bus beyond (NVLink bridges). ``ring``: two neighbours. ``torus``: two neighbours per dimension. ``none``: the
host bus only."""


@dataclass(frozen=True)
class Link:
    """A link between accelerators.

    Attributes
    ----------
    bytes_per_s: one direction, per accelerator, all its links together.
    topology: one of ``TOPOLOGIES``.
    domain: accelerators it joins, and so the largest group of a tensor-parallel replica.
    description: what the link is, in words.
    dims: chips along each dimension of a torus; empty otherwise.
    wraps_every: an axis of a torus closes to a ring when its length is a multiple of this; 0 = never.
    peer_access: over the host bus, chips read and write each other's memory. Without it (GeForce drivers; boxes with
        IOMMU or ACS redirection on) a library stages everything in host memory.
    """

    bytes_per_s: float
    topology: str
    domain: int
    description: str = ""
    dims: tuple[int, ...] = ()
    wraps_every: int = 0
    peer_access: bool = True

    def over_host_bus(self, world_size: int) -> bool:
        """Whether a group of ``world_size`` chips has nothing but the host bus between them."""
        return world_size > 1 and (self.topology == "none" or (self.topology == "pairs" and world_size > 2))

    def staged_in_host_memory(self, world_size: int) -> bool:
        """Whether what a group of ``world_size`` chips sends stops in host memory on its way."""
        return not self.peer_access and self.over_host_bus(world_size)

    def group_bytes_per_s(self, world_size: int, host_bytes_per_s: float) -> float:
        """Bytes per second and direction each of ``world_size`` chips can put on the wire within the group.

        Switch: all of it. Mesh of d chips: one of its d-1 links per peer. Pairs: the bridge for two, else the host bus.
        Host bus without peer access: half, for every byte crosses the bus twice, into host memory and out of it.
        Ring: both neighbours when the whole ring takes part, else one. Torus: two links along an axis that closes to a
        ring, one along an open axis (the scaling handbook's rule: without wraparound bandwidth halves).
        """
        if self.staged_in_host_memory(world_size):
            return 0.5 * min(self.bytes_per_s, host_bytes_per_s)
        if self.topology in ("switch", "none") or world_size <= 1:
            return self.bytes_per_s
        if self.topology == "mesh":
            return self.bytes_per_s * min(1.0, (world_size - 1) / (self.domain - 1))
        if self.topology == "pairs":
            return self.bytes_per_s if world_size == 2 else host_bytes_per_s
        if self.topology == "ring":
            return self.bytes_per_s * (1.0 if world_size >= self.domain else 0.5)
        per_link = self.bytes_per_s / (2 * len(self.dims))
        return per_link * self._torus_links(world_size)

    def _torus_links(self, world_size: int) -> int:
        """Links each chip of a compact block of the torus can use."""
        return sum(self._axis_links(length) for length in self.block(world_size)) or 1

    def _axis_links(self, length: int) -> int:
        if length <= 1:
            return 0
        closed = self.wraps_every > 0 and length > 2 and length % self.wraps_every == 0
        return 2 if closed else 1

    def block(self, world_size: int) -> tuple[int, ...]:
        """Shape of the most compact block of so many chips in the torus; a line when none fits exactly.

        Compact: least longest axis, as slices are handed out (8 chips of a v5e pod are 2 x 4).
        """
        axes = [[n for n in range(1, size + 1) if world_size % n == 0] for size in self.dims]
        exact = [shape for shape in product(*axes) if math.prod(shape) == world_size]
        return min(exact, key=lambda shape: (max(shape), sorted(shape)), default=(world_size,))
