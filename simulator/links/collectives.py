"""Collectives: seconds of an operation on the real topology, the best algorithm chosen, within and between nodes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulator.errors import InputError, did_you_mean
from simulator.hardware.fits import CUSTOM_ALL_REDUCE_BYTES, CustomAllReduceFit, Fitted, load_fits
from simulator.hardware.node import NodeSpec
from simulator.hardware.origin import Origin
from simulator.hardware.profile import HardwareProfile
from simulator.links.algorithms import OPS, Algorithm, algorithms_of, hops, wire_s_per_byte
from simulator.links.between_nodes import Network, across_nodes
from simulator.links.collective_fits import FitKey, FittedCollective, load_collective_fits

Sizes = Any
"""A float or an array of floats."""

CUSTOM_MOST_RANKS = 8
IN_SWITCH_FORMATS = ("fp32", "bf16", "fp16")
"""Sums NVSwitch can form for NCCL; 8-bit integers go round the ring."""
_SHOTS = ("one_shot", "two_shot")


@dataclass(frozen=True)
class CollectiveTime:
    """One call explained: ``seconds``; the ``algorithm``; ``minimum_s`` at nominal bandwidth; ``bus_bytes_per_s`` as
    NCCL's tests state it; where the constants come from."""

    op: str
    algorithm: str
    nbytes: float
    ranks: int
    seconds: float
    minimum_s: float
    bus_bytes_per_s: float
    origin: Origin


_BUS_FACTOR = {"all_reduce": 2.0, "all_gather": 1.0, "reduce_scatter": 1.0, "all_to_all": 1.0}


def bus_bytes_per_s(op: str, nbytes: float, ranks: int, seconds: float) -> float:
    """Bus bandwidth as NCCL's tests define it: 2(n-1)/n of the size over time for an all-reduce, (n-1)/n or 1 else."""
    factor = _BUS_FACTOR[op] * (ranks - 1) / ranks if op in _BUS_FACTOR else 1.0
    return factor * nbytes / seconds


class Collectives:
    """Times of collectives on one kind of accelerator as it is wired.

    ``ranks_per_node``: how many share the accelerators' link; larger groups go over the network in stages
    (``between_nodes``). ``custom_kernels``: whether the engine reduces small buffers with its own one-shot and two-shot
    kernels, as vLLM and SGLang do on NVLink.
    """

    def __init__(
        self, hardware: HardwareProfile, *, ranks_per_node: int | None = None, custom_kernels: bool = True
    ) -> None:
        self.hardware = hardware
        self.ranks_per_node = ranks_per_node or hardware.link.domain
        self._fits: Mapping[FitKey, FittedCollective] = load_collective_fits(hardware)
        self._custom: Fitted[CustomAllReduceFit] | None = None
        if custom_kernels and hardware.kind == "gpu" and hardware.link.topology == "switch":
            self._custom = load_fits(hardware).custom_all_reduce

    @classmethod
    def of_node(cls, node: NodeSpec, *, custom_kernels: bool = True) -> Collectives:
        """With the links and adapters of a node."""
        return cls(node.hardware, ranks_per_node=node.link.domain, custom_kernels=custom_kernels)

    def seconds(
        self, op: str, nbytes: Sizes, ranks: int, *, dtype: str = "bf16", algorithm: str | None = None
    ) -> Sizes:
        """Seconds of one call; ``nbytes`` (a float or an array) is the full buffer as ``algorithms`` defines it.

        ``dtype``: format summed. ``algorithm``: a name to insist on; otherwise the fastest available for each size.
        Raises ``InputError`` for an unknown operation or algorithm and for groups the nodes cannot form.
        """
        _known(op)
        nbytes = np.asarray(nbytes, dtype=float)
        if ranks <= 1:
            return _plain(np.zeros_like(nbytes))
        nodes = self._nodes(ranks)
        if nodes > 1:
            if algorithm is not None:
                raise InputError("can be chosen within one node only", path="algorithm", value=algorithm)
            return _plain(across_nodes(self, self._network(ranks), op, nbytes, ranks // nodes, nodes))
        times = [self._one(a, nbytes, ranks) for a in self.available(op, ranks, dtype=dtype, algorithm=algorithm)]
        return _plain(np.minimum.reduce(times))

    def explain(
        self, op: str, nbytes: float, ranks: int, *, dtype: str = "bf16", algorithm: str | None = None
    ) -> CollectiveTime:
        """The choice made within one node, with its bounds and origin; ``InputError`` as ``seconds``."""
        if self._nodes(ranks) > 1 or ranks < 2:
            raise InputError(f"can be explained within one node of {self.ranks_per_node}", path="ranks", value=ranks)
        times = {
            a: float(self._one(a, np.asarray(float(nbytes)), ranks))
            for a in self.available(op, ranks, dtype=dtype, algorithm=algorithm)
        }
        best = min(times, key=times.__getitem__)
        return CollectiveTime(
            op, best.name, nbytes, ranks, times[best],
            minimum_s=nbytes * self._wire(best, ranks),
            bus_bytes_per_s=bus_bytes_per_s(op, nbytes, ranks, times[best]),
            origin=self.origin(op, best.name),
        )  # fmt: skip

    def available(self, op: str, ranks: int, *, dtype: str = "bf16", algorithm: str | None = None) -> list[Algorithm]:
        """Algorithms for a group within one node that have constants and fit the group and the format."""
        _known(op)
        on_topology = algorithms_of(op, self.hardware.link)
        found = [a for a in on_topology if self._fits_group(a, ranks, dtype)]
        if algorithm is None:
            return found
        named = [a for a in found if a.name == algorithm]
        if not named:
            names = [a.name for a in found]
            raise InputError(
                f"is no algorithm for {op} among {ranks} {self.hardware.name}; available: {', '.join(names)}",
                path="algorithm",
                value=algorithm,
                hint=did_you_mean(algorithm, names),
            )
        return named

    def minimum_seconds(self, op: str, nbytes: Sizes, ranks: int) -> Sizes:
        """No algorithm of the topology is faster: nominal bandwidth, no latency (groups within one node)."""
        _known(op)
        return nbytes * min(self._wire(a, ranks) for a in algorithms_of(op, self.hardware.link))

    def origin(self, op: str, algorithm: str) -> Origin:
        """Where an algorithm's constants come from, and how wrong they are."""
        if algorithm in _SHOTS and self._custom is not None:
            return self._custom.origin
        return self._fits[op, algorithm].origin

    def _fits_group(self, algorithm: Algorithm, ranks: int, dtype: str) -> bool:
        if algorithm.name in _SHOTS:
            return self._custom is not None and ranks <= CUSTOM_MOST_RANKS
        fitted = self._fits.get((algorithm.op, algorithm.name))
        if fitted is None or ranks < fitted.constants.least_group:
            return False
        return algorithm.name != "in_switch" or dtype in IN_SWITCH_FORMATS

    def _wire(self, algorithm: Algorithm, ranks: int) -> float:
        return wire_s_per_byte(algorithm, self.hardware.link, ranks, self.hardware.host_bytes_per_s)

    def _one(self, algorithm: Algorithm, nbytes: Sizes, ranks: int) -> Sizes:
        wire = self._wire(algorithm, ranks)
        if algorithm.name in _SHOTS:
            assert self._custom is not None
            seconds = _shot_seconds(self._custom.constants, algorithm.name, nbytes * wire, ranks)
            return np.where(nbytes < CUSTOM_ALL_REDUCE_BYTES, seconds, math.inf)
        constants = self._fits[algorithm.op, algorithm.name].constants
        return constants.seconds(nbytes, wire, ranks, hops(algorithm, self.hardware.link, ranks))

    def _nodes(self, ranks: int) -> int:
        local = self.ranks_per_node
        if ranks <= local:
            return 1
        if ranks % local:
            raise InputError(f"must fill whole nodes of {local} accelerators", path="ranks", value=ranks)
        return ranks // local

    def _network(self, ranks: int) -> Network:
        network = self.hardware.network
        if network is None:
            raise InputError(
                f"spans nodes of {self.ranks_per_node}, but the network of {self.hardware.name} is not known",
                path="ranks",
                value=ranks,
            )
        return Network(network.bytes_per_s)


def _shot_seconds(fit: CustomAllReduceFit, name: str, wire_s: Sizes, ranks: int) -> Sizes:
    """Engine kernel: ``t0 n^x`` and the wire time of one shot, or of two with a second synchronisation."""
    latency = fit.latency_us * 1e-6 * ranks**fit.world_exponent
    if name == "one_shot":
        return latency + wire_s / fit.one_shot_share
    return latency + fit.two_shot_us * 1e-6 + wire_s / fit.two_shot_share


def _known(op: str) -> None:
    if op not in OPS:
        raise InputError(f"must be one of {', '.join(OPS)}", path="collective", value=op, hint=did_you_mean(op, OPS))


def _plain(values: Any) -> Sizes:
    """A float for a single size, an array otherwise."""
    return float(values) if np.ndim(values) == 0 else values
