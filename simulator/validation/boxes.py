"""Machines of published runs: what their owners measured of them apart from serving, where a case does not say it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Box:
    """A publisher's machine. ``source``: how the ``source`` of its cases begins; ``device``: hardware profile;
    ``peer_access``: whether its devices reach each other's memory over the host bus; ``known_from``: the evidence."""

    source: str
    device: str
    peer_access: bool
    known_from: str


BOXES = (
    Box(
        "casys-kaist/LLMServingSim bench/",
        "RTX-PRO-6000",
        peer_access=False,
        known_from="NCCL all-reduce of its two devices: 16 GB/s on 8 September 2026, 36 GB/s on the 26th, IOMMU and "
        "ACS disabled (its profiler/perf/RTXPRO6000/hardware.yaml); the runs of vLLM 0.19 are of April 2026",
    ),
)


def known_peer_access(source: str, device: str) -> bool | None:
    """Peer access of the machine behind a case of that source on that device; None where nothing is known."""
    return next((box.peer_access for box in BOXES if source.startswith(box.source) and device == box.device), None)
