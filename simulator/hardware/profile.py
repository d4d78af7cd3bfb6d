"""HardwareProfile: the nominal data sheet of one accelerator, as its vendor states it for *dense* math.

Nothing measured lives here; fitted constants are ``KernelFits`` in ``simulator.hardware.fits``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from simulator.hardware.link import Link

GIB = 2**30

KINDS = ("gpu", "tpu", "trainium", "gaudi", "cpu")
"""Families of devices. The kind decides whose kernel constants stand in for a device without timings."""

MATH_FORMATS = ("fp32", "tf32", "bf16", "fp16", "fp8", "int8", "fp4", "int4")
"""Number formats a data sheet may state a dense peak for."""


PRICE_TERMS = ("on_demand", "reserved", "capacity_block", "spot", "rental", "owned", "unstated")
"""How an accelerator hour is bought. Prices of different terms are not comparable."""


@dataclass(frozen=True)
class Price:
    """US dollars per accelerator hour, the ``PRICE_TERMS`` it is bought under, what the figure is, when it was read."""

    usd_per_hour: float
    terms: str
    basis: str
    as_of: str


@dataclass(frozen=True)
class PowerWeights:
    """What math, memory and network at full rate add to standby power, as shares of the way to rated power."""

    math: float
    memory: float
    network: float
    source: str


@dataclass(frozen=True)
class Network:
    """The way out of the node: bytes per second, one direction, per accelerator."""

    bytes_per_s: float
    description: str = ""


@dataclass(frozen=True)
class MatrixUnit:
    """Systolic arrays of a device that publishes them (TPU, Neuron, Gaudi): ``count`` arrays of ``rows`` x ``columns``
    multipliers at ``clock_hz``. Weight matrices are padded to whole arrays."""

    rows: int
    columns: int
    count: int
    clock_hz: float

    @property
    def flops(self) -> float:
        """FLOP/s when every multiplier works every cycle (1 MAC = 2 FLOP)."""
        return 2.0 * self.rows * self.columns * self.count * self.clock_hz


@dataclass(frozen=True)
class HardwareProfile:
    """One accelerator.

    Attributes
    ----------
    kind: one of ``KINDS``; ``architecture`` its generation (``hopper``, ``cdna3``, ``neuron-v3``).
    peak_flops: dense peak per number format (FLOP/s, 1 MAC = 2 FLOP; OP/s for int8 and int4).
    memory_kind: ``HBM3``, ``GDDR6``, ``DDR5``...
    memory_bytes: nominal device memory; ``usable_memory_bytes`` the total its driver reports.
    memory_bytes_per_s: nominal bandwidth.
    l2_bytes: last level on the chip: L2, Infinity Cache, or software-managed SRAM (VMEM, SBUF).
    multiprocessors: SMs, CUs or cores that share one kernel; ``cores`` says in words what they are.
    link: accelerator to accelerator; ``host_bytes_per_s`` one direction to the host.
    network: out of the node; None = not known or not fixed.
    matrix_unit: its systolic arrays, when published.
    tdp_w, idle_w: board power in watts; None = not published.
    price: None = not found.
    standby_w, standby_s: watts with a context loaded and nothing running, and for how long after the last kernel (None:
        not measured; for good). ``power_weights``: see ``hardware.power``; None = those of its kind of memory.
    power_cap_w, clock_ratio: a cap it runs under and what that leaves of the clock (``hardware.power_cap``).
    usual_node: the node (``hardware.node``) it usually stands in, for the power of its host.
    """

    name: str
    vendor: str
    year: int
    kind: str
    architecture: str
    peak_flops: dict[str, float]
    memory_kind: str
    memory_bytes: float
    usable_memory_bytes: float
    memory_bytes_per_s: float
    l2_bytes: float
    multiprocessors: int
    cores: str
    link: Link
    host_bytes_per_s: float
    network: Network | None
    matrix_unit: MatrixUnit | None
    tdp_w: float | None
    idle_w: float | None
    price: Price | None
    aliases: tuple[str, ...]
    sources: tuple[str, ...]
    doubts: tuple[str, ...]
    standby_w: float | None = None
    standby_s: float | None = None
    power_weights: PowerWeights | None = None
    power_cap_w: float | None = None
    clock_ratio: float = 1.0
    usual_node: str | None = None

    def peak(self, dtype: str) -> float:
        """Dense peak of a number format in FLOP/s; ``KeyError`` when the device has no such math."""
        return self.peak_flops[dtype]

    def supports(self, dtype: str) -> bool:
        """Whether the device multiplies this number format."""
        return dtype in self.peak_flops

    def sixteen_bit(self, wanted: str = "bf16") -> str:
        """``wanted`` when the device multiplies it, else its other 16-bit format: V100 has no bf16, TPUs no fp16."""
        if wanted not in ("bf16", "fp16") or self.supports(wanted):
            return wanted
        other = "fp16" if wanted == "bf16" else "bf16"
        return other if self.supports(other) else wanted

    def group_bytes_per_s(self, world_size: int) -> float:
        """Bytes per second and direction each of ``world_size`` chips gets for a collective (``Link``)."""
        return self.link.group_bytes_per_s(world_size, self.host_bytes_per_s)

    def with_peer_access(self, peer_access: bool) -> HardwareProfile:
        """The same device in a box whose devices reach each other's memory over the host bus, or do not."""
        return replace(self, link=replace(self.link, peer_access=peer_access))

    __hash__ = object.__hash__
