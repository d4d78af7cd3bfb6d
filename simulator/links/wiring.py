"""Wirings: the links between the accelerators of one node or pod, and the route from one to another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations
from math import prod
from typing import Protocol

from simulator.hardware.link import Link
from simulator.links.curve import link_of_kind
from simulator.links.shared_link import Hop, Route, SharedLink


class Wiring(Protocol):
    """Accelerator links of one node; accelerators are numbered from 0."""

    @property
    def links(self) -> list[SharedLink]:
        """Every link once."""

    def route(self, source: int, target: int) -> Route | None:
        """Links from one accelerator to another, None where only the host bus leads there."""


class _Switch:
    """A port per accelerator into a non-blocking switch; forward is out."""

    def __init__(self, link: Link, count: int, kind: str, prefix: str) -> None:
        self._domain = link.domain
        self._names = [f"{prefix}.{i}.port" for i in range(count)]
        self.links = [link_of_kind(name, kind, link.bytes_per_s, ends=2) for name in self._names]

    def route(self, source: int, target: int) -> Route | None:
        if source // self._domain != target // self._domain:
            return None
        return Hop(self._names[source]), Hop(self._names[target], False)


class _Pairwise:
    """A link per connected pair, forward from the smaller number: every pair of a mesh, neighbours of bridges."""

    def __init__(self, pairs: list[tuple[int, int]], bytes_per_s: float, kind: str, prefix: str) -> None:
        self._name = {pair: f"{prefix}.{pair[0]}-{pair[1]}" for pair in pairs}
        self.links = [link_of_kind(name, kind, bytes_per_s) for name in self._name.values()]

    def route(self, source: int, target: int) -> Route | None:
        name = self._name.get((min(source, target), max(source, target)))
        return None if name is None else (Hop(name, source < target),)


class _Torus:
    """Neighbour links along each axis; routes go axis by axis, the shorter way round where an axis is closed."""

    def __init__(self, dims: tuple[int, ...], closed: tuple[bool, ...], bytes_per_s: float, kind: str, prefix: str):
        self._dims, self._closed, self._prefix = dims, closed, prefix
        self.links = [
            link_of_kind(self._link_name(place, axis), kind, bytes_per_s)
            for place in range(prod(dims))
            for axis, length in enumerate(dims)
            if closed[axis] or self._coordinates(place)[axis] < length - 1
        ]

    def route(self, source: int, target: int) -> Route | None:
        hops: list[Hop] = []
        here, there = self._coordinates(source), self._coordinates(target)
        for axis, length in enumerate(self._dims):
            ahead = (there[axis] - here[axis]) % length
            forward = ahead <= length / 2 if self._closed[axis] else there[axis] > here[axis]
            while here[axis] != there[axis]:
                if not forward:
                    here[axis] = (here[axis] - 1) % length
                hops.append(Hop(self._link_name(self._place(here), axis), forward))
                if forward:
                    here[axis] = (here[axis] + 1) % length
        return tuple(hops)

    def _link_name(self, place: int, axis: int) -> str:
        """The link from a place to the next one along an axis."""
        return f"{self._prefix}.{place}.{'xyz'[axis] if len(self._dims) <= 3 else axis}+"

    def _coordinates(self, place: int) -> list[int]:
        coordinates = []
        for length in reversed(self._dims):
            place, rest = divmod(place, length)
            coordinates.append(rest)
        return coordinates[::-1]

    def _place(self, coordinates: list[int]) -> int:
        place = 0
        for length, coordinate in zip(self._dims, coordinates, strict=True):
            place = place * length + coordinate
        return place


def _mesh(link: Link, count: int, kind: str, prefix: str) -> Wiring:
    pairs = [pair for pair in combinations(range(count), 2) if pair[0] // link.domain == pair[1] // link.domain]
    return _Pairwise(pairs, link.bytes_per_s / max(1, link.domain - 1), kind, prefix)


def _bridges(link: Link, count: int, kind: str, prefix: str) -> Wiring:
    return _Pairwise([(i, i + 1) for i in range(0, count - 1, 2)], link.bytes_per_s, kind, prefix)


def _bus(link: Link, count: int, kind: str, prefix: str) -> Wiring:
    return _Pairwise([], link.bytes_per_s, kind, prefix)


def _ring(link: Link, count: int, kind: str, prefix: str) -> Wiring:
    return _Torus((count,), (count >= link.domain > 2,), link.bytes_per_s / 2, kind, prefix)


def _torus(link: Link, count: int, kind: str, prefix: str) -> Wiring:
    dims = link.dims if prod(link.dims) == count else link.block(count)
    wraps = link.wraps_every
    closed = tuple(wraps > 0 and length > 2 and length % wraps == 0 for length in dims)
    return _Torus(dims, closed, link.bytes_per_s / (2 * len(link.dims)), kind, prefix)


WIRINGS: Mapping[str, Callable[[Link, int, str, str], Wiring]] = {
    "switch": _Switch,
    "mesh": _mesh,
    "pairs": _bridges,
    "ring": _ring,
    "torus": _torus,
    "none": _bus,
}
"""``hardware.link.TOPOLOGIES`` -> builder of (link, number of accelerators, kind of link, prefix of the names)."""
