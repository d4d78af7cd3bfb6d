"""Collectives that span nodes: inside every node over its links, between nodes over each rank's adapter.

All-reduce in stages: reduce-scatter inside, all-reduce of the m/l pieces between the nodes by ring or tree, all-gather
inside (TECHNIQUES 9.1). Or flat rings through all ranks of all nodes, one per adapter: more bytes cross the adapters,
but one stream of chunks keeps both fabrics busy. The faster one is taken: stages for small buffers, rings for large.

Both fabrics work at once, in part: their times join by a p-norm, where 1 is one after the other and infinity full
overlap. The exponent of the rings is set to four published points of 8 GiB on nodes with 8 adapters of 50 GB/s: 4 x 8
H100 331 GB/s bus (NCCL 2.24, aigatech vpbenchmarking, 2025); 2, 4 and 8 x 8 MI325X 349 to 350 (RCCL of ROCm 6.4.1,
hisohara/ai-scripts, 2025). That of the stages is an estimate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from simulator.links.curve import transfer_curve

Sizes = Any
"""A float or an array of floats."""

STAGE_OVERLAP, RING_OVERLAP = 2.0, 12.0
START_S = 20e-6
"""What a library's call over the network takes beside its hops (proxy threads, s): two published tables of two nodes of
8 start at 40 to 47 us (MI355X, the same source; H20 with NCCL 2.21, NCCL issue 1244, 2024), the hops make 20 to 25."""


class WithinNode(Protocol):
    """What a stage inside a node is asked of (``collectives.Collectives``)."""

    def seconds(self, op: str, nbytes: Sizes, ranks: int, *, algorithm: str | None = None) -> Sizes:
        """Seconds of one call, by the fastest algorithm or the one named."""


@dataclass(frozen=True)
class Network:
    """The way out of the nodes: nominal bytes/s per rank, one direction."""

    bytes_per_s: float

    def seconds(self, nbytes: Sizes, rounds: int) -> Sizes:
        """``rounds`` dependent messages after one another that carry ``nbytes`` in all."""
        curve = transfer_curve("nic")
        return rounds * (curve.latency_s + curve.half_bytes / (curve.share * self.bytes_per_s)) + nbytes / (
            curve.share * self.bytes_per_s
        )


def across_nodes(inside: WithinNode, network: Network, op: str, nbytes: Sizes, local: int, nodes: int) -> Sizes:
    """Seconds among ``nodes`` nodes with ``local`` ranks each; ``nbytes`` as for a group within one node."""
    if op == "send_recv":
        return network.seconds(nbytes, 1)
    return START_S + _collective(inside, network, op, nbytes, local, nodes)


def _collective(inside: WithinNode, network: Network, op: str, nbytes: Sizes, local: int, nodes: int) -> Sizes:
    others = (nodes - 1) / nodes
    depth = math.ceil(math.log2(nodes))
    if op == "all_reduce":
        ring = network.seconds(2 * others * nbytes / local, 2 * (nodes - 1))
        tree = network.seconds(2 * nbytes / local, 2 * depth)
        within = inside.seconds("reduce_scatter", nbytes, local) + inside.seconds("all_gather", nbytes, local)
        staged = _joined(within, np.minimum(ring, tree))
        return np.minimum(staged, _flat_rings(inside, network, nbytes, local, nodes))
    if op in ("all_gather", "reduce_scatter"):
        return _joined(inside.seconds(op, nbytes, local), network.seconds(others * nbytes / local, nodes - 1))
    if op == "all_to_all":
        return _joined(inside.seconds(op, nbytes / nodes, local), network.seconds(others * nbytes, 1))
    return _joined(inside.seconds("all_gather", nbytes, local), network.seconds(nbytes / local, depth))


def _flat_rings(inside: WithinNode, network: Network, nbytes: Sizes, local: int, nodes: int) -> Sizes:
    """All-reduce in one ring per adapter through all N ranks: 2 (N-1)/N of the buffer passes every link of a ring.

    An adapter carries one ring; of the rings a rank is in, all but one go on inside its node. The hops of all nodes
    follow one another.
    """
    passed = (local * nodes - 1) / (local * nodes) * nbytes
    within = inside.seconds("all_reduce", passed, local, algorithm="ring")
    between = network.seconds(2 * passed / local, 2 * (nodes - 1))
    other_nodes = (nodes - 1) * inside.seconds("all_reduce", 0.0, local, algorithm="ring")
    return other_nodes + _joined(within, between, RING_OVERLAP)


def _joined(within: Sizes, between: Sizes, overlap: float = STAGE_OVERLAP) -> Sizes:
    return (within**overlap + between**overlap) ** (1.0 / overlap)
