"""Collectives that span nodes: a stage inside every node and a stage between them, over each rank's adapter.

All-reduce: reduce-scatter inside, all-reduce of the m/l pieces between the nodes, all-gather inside (TECHNIQUES 9.1).
Libraries cut the buffer into chunks, so that the stages overlap in part: their times join by a p-norm, where 1 is one
after the other and infinity full overlap. The exponent 2 is set to one published point, 4 nodes of 8 H100 with 8
adapters of 50 GB/s: 331 GB/s bus at large sizes, NCCL 2.24 (aigatech vpbenchmarking, 2025). Between nodes the better of
ring and tree is taken.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from simulator.links.curve import transfer_curve

Sizes = Any
"""A float or an array of floats."""

STAGE_OVERLAP = 2.0


class WithinNode(Protocol):
    """What a stage inside a node is asked of (``collectives.Collectives``)."""

    def seconds(self, op: str, nbytes: Sizes, ranks: int) -> Sizes:
        """Seconds of one call."""


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
    others = (nodes - 1) / nodes
    depth = math.ceil(math.log2(nodes))
    if op == "all_reduce":
        ring = network.seconds(2 * others * nbytes / local, 2 * (nodes - 1))
        tree = network.seconds(2 * nbytes / local, 2 * depth)
        within = inside.seconds("reduce_scatter", nbytes, local) + inside.seconds("all_gather", nbytes, local)
        return _joined(within, np.minimum(ring, tree))
    if op in ("all_gather", "reduce_scatter"):
        return _joined(inside.seconds(op, nbytes, local), network.seconds(others * nbytes / local, nodes - 1))
    if op == "all_to_all":
        return _joined(inside.seconds(op, nbytes / nodes, local), network.seconds(others * nbytes, 1))
    if op == "broadcast":
        return _joined(inside.seconds("all_gather", nbytes, local), network.seconds(nbytes / local, depth))
    return network.seconds(nbytes, 1)


def _joined(within: Sizes, between: Sizes) -> Sizes:
    return (within**STAGE_OVERLAP + between**STAGE_OVERLAP) ** (1.0 / STAGE_OVERLAP)
