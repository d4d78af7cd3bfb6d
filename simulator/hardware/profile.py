"""HardwareProfile: the nominal data sheet of one accelerator, as its vendor states it for *dense* math.

Nothing measured lives here; fitted constants are ``KernelFits`` in ``simulator.hardware.fits``.
"""

from __future__ import annotations

from dataclasses import dataclass

GIB = 2**30


@dataclass(frozen=True)
class Link:
    """A link between accelerators of one node.

    ``bytes_per_s``: one direction, per accelerator. ``topology``: ``switch`` (all to all), ``pairs`` (a bridge between
    two), ``none`` (through the host). ``domain``: accelerators it joins.
    """

    bytes_per_s: float
    topology: str
    domain: int
    description: str = ""


@dataclass(frozen=True)
class Price:
    """US dollars per accelerator hour, with what the figure is and when it was read."""

    usd_per_hour: float
    basis: str
    as_of: str


@dataclass(frozen=True)
class HardwareProfile:
    """One accelerator.

    Attributes
    ----------
    peak_flops: dense peak per number format (FLOP/s, 1 MAC = 2 FLOP; OP/s for int8).
    memory_bytes: device memory the driver reports; ``usable_memory_bytes`` what an engine can hold of it.
    memory_bytes_per_s: nominal bandwidth.
    l2_bytes, multiprocessors: on-chip cache and number of SMs (or equivalent cores).
    link: accelerator to accelerator; ``host_bytes_per_s`` one direction to the host.
    tdp_w, idle_w: board power; ``idle_w`` None = not known.
    """

    name: str
    vendor: str
    year: int
    peak_flops: dict[str, float]
    memory_bytes: float
    usable_memory_bytes: float
    memory_bytes_per_s: float
    l2_bytes: float
    multiprocessors: int
    link: Link
    host_bytes_per_s: float
    tdp_w: float
    idle_w: float | None
    price: Price | None
    aliases: tuple[str, ...]
    sources: tuple[str, ...]
    doubts: tuple[str, ...]

    def peak(self, dtype: str) -> float:
        """Dense peak of a number format in FLOP/s; ``KeyError`` when the device has no such math."""
        return self.peak_flops[dtype]

    def supports(self, dtype: str) -> bool:
        """Whether the device multiplies this number format."""
        return dtype in self.peak_flops

    __hash__ = object.__hash__
