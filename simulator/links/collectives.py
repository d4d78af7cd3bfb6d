"""Collectives: seconds of an operation on the real topology, the best algorithm chosen, within and between nodes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from simulator.errors import InputError, did_you_mean
from simulator.hardware.fits import Fitted, KernelFits, load_fits
from simulator.hardware.kernel_constants import CUSTOM_ALL_REDUCE_BYTES, CustomAllReduceFit
from simulator.hardware.node import NodeSpec
from simulator.hardware.origin import Origin
from simulator.hardware.profile import HardwareProfile
from simulator.links.algorithms import LIBRARY, OPS, SHOTS, Algorithm, algorithms_of, hops, wire_s_per_byte
from simulator.links.all_reduce import (
    has_own_kernel,
    library_all_reduce_seconds,
    own_all_reduce_seconds,
    runs_shot,
    shot_seconds,
)
from simulator.links.between_nodes import Network, across_nodes
from simulator.links.collective_fits import FitKey, FittedCollective, load_collective_fits

Sizes = Any
"""A float or an array of floats."""

IN_SWITCH_FORMATS = ("fp32", "bf16", "fp16")
"""Sums NVSwitch can form for NCCL; 8-bit integers go round the ring."""
_SHOTS = tuple(algorithm.name for algorithm in SHOTS)


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
    (``between_nodes``). ``kernels``: constants of a deployment; where they time the library's all-reduce, that one
    curve stands for all its algorithms. ``custom_kernels``: whether the engine reduces small buffers with its own
    kernels, as vLLM and SGLang do on NVLink.
    """

    def __init__(
        self,
        hardware: HardwareProfile,
        *,
        ranks_per_node: int | None = None,
        kernels: KernelFits | None = None,
        custom_kernels: bool = True,
    ) -> None:
        self.hardware = hardware
        self.ranks_per_node = ranks_per_node or hardware.link.domain
        self._curve = None if kernels is None else kernels.nccl_all_reduce
        self._custom = None
        if custom_kernels and hardware.kind == "gpu":
            self._custom = (kernels or load_fits(hardware)).custom_all_reduce

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

    def library_seconds(self, op: str, nbytes: Sizes, ranks: int, *, dtype: str = "bf16") -> Sizes:
        """Seconds of the collective library within one node, the engine's own kernels aside."""
        algorithms = [a for a in self.available(op, ranks, dtype=dtype) if a.name not in _SHOTS]
        return _plain(np.minimum.reduce([self._one(a, np.asarray(nbytes, dtype=float), ranks) for a in algorithms]))

    def library_fit(self, op: str, ranks: int, *, dtype: str = "bf16") -> Fitted[Any]:
        """The constants behind ``library_seconds``, of the first of its algorithms."""
        return self._fitted(next(a for a in self.available(op, ranks, dtype=dtype) if a.name not in _SHOTS))

    def own_fit(self, ranks: int) -> Fitted[CustomAllReduceFit] | None:
        """Constants of the engine's own all-reduce kernel, None where it has none for such a group."""
        return self._custom if has_own_kernel(self.hardware.link, ranks) else None

    def own_seconds(self, nbytes: Sizes, ranks: int) -> Sizes:
        """Seconds of the engine's own all-reduce kernel at any size; ``InputError`` where it has none."""
        fitted = self.own_fit(ranks)
        if fitted is None:
            problem = f"form no group of {self.hardware.name} on which engines reduce with a kernel of their own"
            raise InputError(problem, path="ranks", value=ranks)
        return own_all_reduce_seconds(fitted.constants, self.hardware, nbytes, ranks)

    def origin(self, op: str, algorithm: str) -> Origin:
        """Where an algorithm's constants come from, and how wrong they are."""
        return self._fitted(next(a for a in algorithms_of(op, self.hardware.link) if a.name == algorithm)).origin

    def _fitted(self, algorithm: Algorithm) -> Fitted[Any]:
        """Constants of an available algorithm."""
        if algorithm.name in _SHOTS and self._custom is not None:
            return self._custom
        if algorithm.name == LIBRARY.name and self._curve is not None:
            return self._curve
        return self._fits[algorithm.op, algorithm.name]

    @cached_property
    def _fits(self) -> Mapping[FitKey, FittedCollective]:
        return load_collective_fits(self.hardware)

    def _fits_group(self, algorithm: Algorithm, ranks: int, dtype: str) -> bool:
        if algorithm.name in _SHOTS:
            return self.own_fit(ranks) is not None
        if algorithm.op == "all_reduce" and self._curve is not None:
            return algorithm.name == LIBRARY.name
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
            own = self._custom.constants
            runs = runs_shot(own, self.hardware, algorithm.name, nbytes, ranks)
            seconds = shot_seconds(own, algorithm.name, nbytes * wire, ranks)
            return np.where(runs & (nbytes < CUSTOM_ALL_REDUCE_BYTES), seconds, math.inf)
        if algorithm.name == LIBRARY.name:
            assert self._curve is not None
            return library_all_reduce_seconds(self._curve.constants, self.hardware, nbytes, ranks)
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


def _known(op: str) -> None:
    if op not in OPS:
        raise InputError(f"must be one of {', '.join(OPS)}", path="collective", value=op, hint=did_you_mean(op, OPS))


def _plain(values: Any) -> Sizes:
    """A float for a single size, an array otherwise."""
    return float(values) if np.ndim(values) == 0 else values
