"""How fast one transfer alone is on a link of a kind: latency, and a bandwidth that grows with the size.

``t(n) = latency + n / (share * bandwidth * n / (n + half))``: at ``half_bytes`` a transfer reaches half of the
bandwidth it can reach (the half-performance length of Hockney and Jesshope; TECHNIQUES equation 14).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from simulator.datafiles import data_dir
from simulator.hardware.origin import Origin, read_origin
from simulator.links.shared_link import KINDS, SharedLink
from simulator.yaml_section import Section, read_yaml


@dataclass(frozen=True)
class TransferCurve:
    """``latency_s``: start-up (s). ``share``: of the nominal bandwidth that a large transfer reaches. ``half_bytes``:
    size that reaches half of it. ``origin``: where the constants are from and how wrong they are."""

    latency_s: float
    share: float
    half_bytes: float
    origin: Origin

    def seconds(self, nbytes: float, bytes_per_s: float) -> float:
        """Time of a transfer that has a link of nominal ``bytes_per_s`` to itself."""
        return self.latency_s + (nbytes + self.half_bytes * (nbytes > 0)) / (self.share * bytes_per_s)


@cache
def _curves() -> Mapping[str, TransferCurve]:
    file = read_yaml(data_dir("calibration/links") / "transfers.yaml")
    curves = {kind: _curve(file.section(kind)) for kind in KINDS}
    file.finish()
    return MappingProxyType(curves)


def _curve(section: Section) -> TransferCurve:
    origin = read_origin(section)
    constants = section.section("constants")
    curve = TransferCurve(
        latency_s=constants.number("latency_us", at_least=0.0) * 1e-6,
        share=constants.number("share"),
        half_bytes=constants.number("half_bytes", at_least=0.0),
        origin=origin,
    )
    if curve.share > 1:
        raise constants.error("share", "must not exceed 1", value=curve.share)
    constants.finish()
    section.finish()
    return curve


def transfer_curve(kind: str) -> TransferCurve:
    """The curve of a kind of link, ``KeyError`` for a kind not in ``shared_link.KINDS``."""
    return _curves()[kind]


_SHARED_WAYS = ("host_memory", "nvme")
"""Kinds whose two directions share the capacity."""


def link_of_kind(name: str, kind: str, bytes_per_s: float, *, ends: int = 1) -> SharedLink:
    """A link of nominal ``bytes_per_s`` with the reachable share, latency and half size of its kind.

    ``ends``: links of this kind that stand for one way (a port out and a port in): they divide its latency.
    """
    curve = transfer_curve(kind)
    return SharedLink(
        name,
        kind,
        curve.share * bytes_per_s,
        "half" if kind in _SHARED_WAYS else "full",
        curve.latency_s / ends,
        curve.half_bytes,
    )
