"""CollectiveFits: fitted constants of collectives, per algorithm; ``calibration/links`` holds them.

One form for all: latency and wire time joined by a p-norm. Below p = 1 bandwidth is reached slowly, as the tables of
NCCL show (protocols and channel counts change with the size).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from simulator.datafiles import data_dir
from simulator.hardware.fits import Fitted
from simulator.hardware.origin import read_origin
from simulator.hardware.profile import HardwareProfile
from simulator.hardware.stand_ins import stand_in_for
from simulator.links.algorithms import ALGORITHMS, LIBRARY, OPS, SHOTS
from simulator.yaml_section import Section, read_yaml

Sizes = Any
"""A float or an array of floats."""


@dataclass(frozen=True)
class CollectiveFit:
    """``t = (latency^p + (wire / share(n))^p)^(1/p)`` with ``latency = latency_us n^x + hops hop_us`` and
    ``share(n) = min(most_share, share min(n, largest_group)^share_exponent)``.

    ``wire``: time at nominal bandwidth. ``largest_group``: ranks of the largest group measured; the share is not
    extrapolated beyond. ``most_share``: what packets of the link leave for data at most. ``least_group``: fewest ranks
    the algorithm is chosen for.
    """

    latency_us: float
    latency_exponent: float
    hop_us: float
    share: float
    share_exponent: float
    largest_group: float
    least_group: float
    sharpness: float
    most_share: float = 1.0

    def latency_s(self, ranks: int, hops: int) -> float:
        """Time of the smallest message (s)."""
        return (self.latency_us * ranks**self.latency_exponent + self.hop_us * hops) * 1e-6

    def share_of_wire(self, ranks: int) -> float:
        """Share of the nominal bandwidth that the largest messages approach."""
        return min(self.most_share, self.share * min(ranks, self.largest_group) ** self.share_exponent)

    def seconds(self, nbytes: Sizes, wire_s_per_byte: float, ranks: int, hops: int) -> Sizes:
        """Seconds of one call; ``nbytes`` a float or an array."""
        latency = self.latency_s(ranks, hops)
        wire = nbytes * wire_s_per_byte / self.share_of_wire(ranks)
        return (latency**self.sharpness + wire**self.sharpness) ** (1.0 / self.sharpness)

    def half_bytes(self, wire_s_per_byte: float, ranks: int, hops: int) -> float:
        """Size that gets half of the bandwidth large messages approach: where t is twice the wire time."""
        latency = self.latency_s(ranks, hops)
        wire = latency / (2**self.sharpness - 1) ** (1.0 / self.sharpness)
        return wire * self.share_of_wire(ranks) / wire_s_per_byte


FittedCollective = Fitted[CollectiveFit]

FitKey = tuple[str, str]
"""Operation and algorithm."""

_NAMES: Mapping[str, tuple[str, ...]] = {
    op: tuple(a.name for a in ALGORITHMS if a.op == op and a not in (LIBRARY, *SHOTS)) for op in OPS
}
"""Algorithms whose constants are here; those of the others are in ``hardware.fits``."""
_SIGNED = ("latency_exponent", "share_exponent")


def load_collective_fits(hardware: HardwareProfile) -> Mapping[FitKey, FittedCollective]:
    """Constants for a device: its own, else those of its stand-in with a wider error (``hardware.stand_ins``)."""
    own = data_dir("calibration/links") / f"{hardware.name}.yaml"
    if own.is_file():
        return read_collective_fits(own)
    stand_in = stand_in_for(hardware)
    file = stand_in.instead.get("nccl_all_reduce", stand_in.constants)
    factor = stand_in.factor_of(file)
    fits = read_collective_fits(data_dir("calibration/links") / f"{file}.yaml")
    return {
        key: replace(fitted, origin=fitted.origin.weakened("transferred", file, factor)) for key, fitted in fits.items()
    }


@cache
def read_collective_fits(path: Path) -> Mapping[FitKey, FittedCollective]:
    """Read a file of constants; ``InputError`` names file, line and path of anything missing, unfit or unknown."""
    file = read_yaml(path)
    file.text("device")
    fits: dict[FitKey, FittedCollective] = {}
    collectives = file.section("collectives")
    for op, section in collectives.sections():
        if op not in _NAMES:
            raise collectives.error(op, f"is no collective; known: {', '.join(OPS)}")
        for name, part in section.sections():
            if name not in _NAMES[op]:
                raise section.error(name, f"is no algorithm of {op}; known: {', '.join(_NAMES[op])}")
            fits[op, name] = _fitted(part)
    for op in OPS:
        if not any(key[0] == op for key in fits):
            raise collectives.error(op, "is missing")
    collectives.finish()
    file.finish()
    return MappingProxyType(fits)


def _fitted(section: Section) -> FittedCollective:
    origin = read_origin(section)
    part = section.section("constants")
    values: dict[str, float] = {}
    for field in fields(CollectiveFit):
        if field.name in _SIGNED:
            values[field.name] = part.number(field.name, at_least=-10.0)
        elif field.name in ("share", "sharpness", "most_share"):
            values[field.name] = part.number(field.name)
        else:
            values[field.name] = part.number(field.name, at_least=0.0)
    part.finish()
    section.finish()
    return Fitted(CollectiveFit(**values), origin)
