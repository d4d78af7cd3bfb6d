"""Collective algorithms: bytes each rank puts on its links, at which bandwidth, over how many dependent hops.

``nbytes`` is the full buffer throughout, as NCCL's tests count it: the reduced vector of an all-reduce, the gathered
result of an all-gather, the input of a reduce-scatter, what one rank holds before an all-to-all, the message of a
broadcast or of a send. No software constants here: ``wire_s_per_byte`` is the physical minimum of an algorithm.
Sources: TECHNIQUES 9.1, 16.2 and 16.3 (ring and torus formulas of the public scaling handbook).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from simulator.hardware.link import Link

OPS = ("all_reduce", "all_gather", "reduce_scatter", "all_to_all", "broadcast", "send_recv")


@dataclass(frozen=True)
class Algorithm:
    """One way to run a collective.

    ``passes(n)``: bytes a rank sends per byte of the buffer among ``n`` ranks. ``rounds``: traversals of the topology
    that follow one another. ``topologies``: where it can run, empty = everywhere.
    """

    op: str
    name: str
    passes: Callable[[int], float]
    rounds: int = 1
    topologies: tuple[str, ...] = ()


def _others(ranks: int) -> float:
    return (ranks - 1) / ranks


_DIRECT = ("switch", "mesh", "pairs", "none")

SHOTS = (
    Algorithm("all_reduce", "one_shot", lambda n: n - 1.0, topologies=_DIRECT),
    Algorithm("all_reduce", "two_shot", lambda n: 2 * _others(n), rounds=2, topologies=_DIRECT),
    Algorithm("all_reduce", "symmetric_memory", lambda n: (n + 1.0) / n, topologies=("switch",)),
)
"""Engines' own all-reduce. ``one_shot``: everyone reads every vector; ``two_shot``: a direct reduce-scatter, then a
direct all-gather; ``symmetric_memory``: a rank sends its vector and receives the reduced n-th part of all (torch's
kernels on symmetric memory)."""

LIBRARY = Algorithm("all_reduce", "library", lambda n: 2 * _others(n), rounds=2)
"""Whichever algorithm the library chooses, timed as one curve; bytes as of a ring."""

ALGORITHMS: tuple[Algorithm, ...] = (
    Algorithm("all_reduce", "ring", lambda n: 2 * _others(n), rounds=2),
    Algorithm("all_reduce", "in_switch", lambda n: 1.0, topologies=("switch",)),
    LIBRARY,
    *SHOTS,
    Algorithm("all_gather", "ring", _others),
    Algorithm("reduce_scatter", "ring", _others),
    Algorithm("all_to_all", "pairwise", _others),
    Algorithm("broadcast", "pipeline", lambda n: 1.0),
    Algorithm("send_recv", "direct", lambda n: 1.0),
)
"""``ring`` also stands for what a library runs in its place on a mesh or torus (a ring per axis): the bytes per rank
are the same. ``in_switch``: the switch adds (NVLink SHARP), a rank sends its vector once."""


def algorithms_of(op: str, link: Link) -> list[Algorithm]:
    """Algorithms of an operation that the topology allows."""
    return [a for a in ALGORITHMS if a.op == op and (not a.topologies or link.topology in a.topologies)]


def wire_s_per_byte(algorithm: Algorithm, link: Link, ranks: int, host_bytes_per_s: float) -> float:
    """Seconds per byte of the buffer at the full nominal bandwidth of the topology."""
    if ranks <= 1:
        return 0.0
    if algorithm.op == "all_to_all" and link.topology in ("ring", "torus"):
        return _all_to_all_on_axes(link, ranks)
    if algorithm.op == "send_recv":
        return 1.0 / pair_bytes_per_s(link, host_bytes_per_s)
    return algorithm.passes(ranks) / link.group_bytes_per_s(ranks, host_bytes_per_s)


def pair_bytes_per_s(link: Link, host_bytes_per_s: float) -> float:
    """Bytes per second one accelerator can send to one neighbour: all of it through a switch, else one link.

    ``pairs``: over the bridge.
    """
    if link.topology == "mesh":
        return link.bytes_per_s / max(1, link.domain - 1)
    if link.topology == "ring":
        return link.bytes_per_s / 2
    if link.topology == "torus":
        return link.bytes_per_s / (2 * len(link.dims))
    if link.topology == "none":
        return min(link.bytes_per_s, host_bytes_per_s) * (1.0 if link.peer_access else 0.5)
    return link.bytes_per_s


def hops(algorithm: Algorithm, link: Link, ranks: int) -> int:
    """Dependent hops of the farthest byte: half of each closed axis, all but one of an open one, one elsewhere."""
    if ranks <= 1:
        return 0
    if algorithm.op == "send_recv" or link.topology not in ("ring", "torus"):
        return algorithm.rounds
    return algorithm.rounds * sum(
        length // 2 if closed else length - 1 for length, closed, _ in _axes(link, ranks) if length > 1
    )


def _axes(link: Link, ranks: int) -> list[tuple[int, bool, float]]:
    """Axes of the group: length, whether it closes to a ring, bytes/s of one link in one direction."""
    if link.topology == "ring":
        return [(ranks, ranks >= link.domain > 2, link.bytes_per_s / 2)]
    per_link = link.bytes_per_s / (2 * len(link.dims))
    wraps = link.wraps_every
    return [(n, wraps > 0 and n > 2 and n % wraps == 0, per_link) for n in link.block(ranks)]


def _all_to_all_on_axes(link: Link, ranks: int) -> float:
    """Half of what the ranks on one side of a cut hold crosses it: X/4 of a rank's bytes per line of X ranks.

    An open line is cut once, a ring twice: X m/(8 BW) per axis and link, equal to the handbook's V/(4 W_bi) for V = X m
    and W_bi = 2 BW. Axes work at once; the slowest decides. Odd lengths round up.
    """
    return max(
        math.ceil(length / 2) / (2 * per_link) / (2 if closed else 1)
        for length, closed, per_link in _axes(link, ranks)
        if length > 1
    )
