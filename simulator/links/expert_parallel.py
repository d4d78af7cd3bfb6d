"""Dispatch and combine of expert-parallel layers: bytes from the routing, time from the two fabrics they use.

Every rank sends each of its tokens to the ranks of its top-k experts (dispatch) and gets the experts' outputs back
(combine). Copies for ranks of the same node go over the accelerators' link, the others over the network, both at once:

``t = latency + max(B (l - 1)/n / (link_share * link), B (n - l)/n / (network_share * network))``

with B bytes a rank sends in all, n ranks, l of them in its node, experts hit uniformly (TECHNIQUES 13).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from simulator.datafiles import data_dir
from simulator.errors import InputError, did_you_mean
from simulator.hardware.origin import Origin, read_origin
from simulator.yaml_section import Section, read_yaml

Sizes = Any
"""A float or an array of floats."""

FP8_SCALE_BYTES = 4 / 128
"""One 4-byte scale per 128 elements."""


def dispatch_bytes(
    tokens: Sizes, hidden_size: int, experts_per_token: int, *, bytes_per_element: float = 1 + FP8_SCALE_BYTES
) -> Sizes:
    """Bytes a rank with ``tokens`` tokens sends to experts, copies for itself included: T k d b; FP8 with scales."""
    return tokens * experts_per_token * hidden_size * bytes_per_element


def combine_bytes(tokens: Sizes, hidden_size: int, experts_per_token: int, *, bytes_per_element: float = 2.0) -> Sizes:
    """Bytes a rank gets back from experts, its own included: T k d b."""
    return tokens * experts_per_token * hidden_size * bytes_per_element


@dataclass(frozen=True)
class ExpertExchangeFit:
    """``latency_us``: start-up of one exchange. ``link_share``, ``network_share``: of the nominal bandwidths."""

    latency_us: float
    link_share: float
    network_share: float
    origin: Origin


def load_expert_exchange_fit(kernel: str = "low_latency") -> ExpertExchangeFit:
    """Constants of a kernel family from ``calibration/links/expert_parallel.yaml``; ``InputError`` if it has none."""
    fits = _fits()
    if kernel not in fits:
        raise InputError(
            f"no such exchange kernel; known: {', '.join(fits)}",
            path="kernel",
            value=kernel,
            hint=did_you_mean(kernel, fits),
        )
    return fits[kernel]


@cache
def _fits() -> Mapping[str, ExpertExchangeFit]:
    file = read_yaml(data_dir("calibration/links") / "expert_parallel.yaml")
    return MappingProxyType({kernel: _fit(section) for kernel, section in file.sections()})


def _fit(section: Section) -> ExpertExchangeFit:
    origin = read_origin(section)
    constants = section.section("constants")
    fit = ExpertExchangeFit(
        constants.number("latency_us", at_least=0.0),
        constants.number("link_share"),
        constants.number("network_share"),
        origin,
    )
    constants.finish()
    section.finish()
    return fit


@dataclass(frozen=True)
class ExpertExchange:
    """Dispatch or combine among ranks of nodes with ``ranks_per_node`` accelerators.

    ``link_bytes_per_s``, ``network_bytes_per_s``: nominal, one direction, per rank; network None = there is no way out.
    """

    fit: ExpertExchangeFit
    link_bytes_per_s: float
    network_bytes_per_s: float | None
    ranks_per_node: int

    def seconds(self, nbytes: Sizes, ranks: int, *, imbalance: float = 1.0) -> Sizes:
        """Seconds until the slowest rank has sent and received.

        ``nbytes``: what an average rank sends (``dispatch_bytes``). ``imbalance``: load of the most loaded rank over
        the mean, >= 1. Raises ``InputError`` when the group does not fit into whole nodes or there is no network.
        """
        local = self._local(ranks)
        within = nbytes * (local - 1) / ranks / (self.fit.link_share * self.link_bytes_per_s)
        wire = within
        if ranks > local:
            assert self.network_bytes_per_s is not None
            between = nbytes * (ranks - local) / ranks / (self.fit.network_share * self.network_bytes_per_s)
            wire = (within + between + abs(within - between)) / 2  # the larger, for floats and arrays
        return self.fit.latency_us * 1e-6 + imbalance * wire

    def minimum_seconds(self, nbytes: Sizes, ranks: int) -> Sizes:
        """No exchange is faster: nominal bandwidths, no latency."""
        nominal = ExpertExchangeFit(0.0, 1.0, 1.0, self.fit.origin)
        return ExpertExchange(nominal, self.link_bytes_per_s, self.network_bytes_per_s, self.ranks_per_node).seconds(
            nbytes, ranks
        )

    def _local(self, ranks: int) -> int:
        if ranks <= self.ranks_per_node:
            return ranks
        if ranks % self.ranks_per_node:
            raise InputError(
                f"must fill whole nodes of {self.ranks_per_node} accelerators", path="expert_parallel_size", value=ranks
            )
        if self.network_bytes_per_s is None:
            raise InputError(
                "spans nodes, but the network of these nodes is not known", path="expert_parallel_size", value=ranks
            )
        return self.ranks_per_node
