"""Pages of an accelerator and of a node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.cli.page import Fact, Page
from simulator.cost.kernel_origins import kernel_origins
from simulator.hardware.catalog import load_hardware
from simulator.hardware.node import load_node
from simulator.hardware.profile import GIB

if TYPE_CHECKING:
    from simulator.hardware.link import Link
    from simulator.hardware.origin import Origin
    from simulator.hardware.profile import HardwareProfile

_GIGA, _TERA = 1e9, 1e12


def hardware_page(name: str) -> Page:
    """Data sheet of an accelerator, and how well its kernels are known."""
    device = load_hardware(name)
    sections = {
        "dense peak": [Fact(dtype, peak / _TERA, "TFLOPS") for dtype, peak in device.peak_flops.items()],
        "memory": _memory(device),
        "chip": _chip(device),
        "links": [
            *_link(device.link),
            Fact("host bandwidth", device.host_bytes_per_s / _GIGA, "GB/s", "one direction"),
            *_network(device),
        ],
        "power and price": _power_and_price(device),
        "kernel constants": _constants(device),
    }
    return Page(
        device.name,
        f"{device.vendor} {device.kind}, {device.architecture}, {device.year}",
        sections,
        {"aliases": (", ".join(device.aliases),), "sources": device.sources, "doubts": device.doubts},
    )


def _memory(device: HardwareProfile) -> list[Fact]:
    ridge = device.peak(device.sixteen_bit()) / device.memory_bytes_per_s
    return [
        Fact("kind", device.memory_kind),
        Fact("nominal", device.memory_bytes / _GIGA, "GB"),
        Fact("usable", device.usable_memory_bytes / GIB, "GiB", "total the driver reports"),
        Fact("bandwidth", device.memory_bytes_per_s / _GIGA, "GB/s"),
        Fact("on-chip", device.l2_bytes / 2**20, "MiB", "L2, last-level cache or managed SRAM"),
        Fact("ridge", ridge, "FLOP/byte", f"{device.sixteen_bit()} peak / bandwidth"),
    ]


def _chip(device: HardwareProfile) -> list[Fact]:
    facts = [Fact("cores", device.multiprocessors, "", device.cores)]
    unit = device.matrix_unit
    if unit is not None:
        text = f"{unit.count} x {unit.rows} x {unit.columns} at {unit.clock_hz / _GIGA:g} GHz"
        facts.append(Fact("matrix units", text, "", f"{unit.flops / _TERA:,.0f} TFLOPS if always busy"))
    return facts


def _link(link: Link) -> list[Fact]:
    facts = [
        Fact("topology", link.topology, "", link.description),
        Fact("link bandwidth", link.bytes_per_s / _GIGA, "GB/s", "one direction, per accelerator"),
        Fact("domain", link.domain, "", "accelerators it joins"),
    ]
    if link.topology in ("none", "pairs"):
        word, how = ("yes", "directly") if link.peer_access else ("no", "by way of host memory")
        facts.append(Fact("peer access", word, "", f"over the host bus {how}"))
    if link.dims:
        wrap = f"axes close to rings at multiples of {link.wraps_every}" if link.wraps_every else "open axes"
        facts.append(Fact("shape", " x ".join(map(str, link.dims)), "", wrap))
    return facts


def _network(device: HardwareProfile) -> list[Fact]:
    network = device.network
    if network is None:
        return []
    return [Fact("network bandwidth", network.bytes_per_s / _GIGA, "GB/s", network.description)]


def _power_and_price(device: HardwareProfile) -> list[Fact]:
    price = device.price
    return [
        Fact("rated power", device.tdp_w, "W"),
        Fact("standby power", device.standby_w, "W", "context loaded, nothing running"),
        Fact("idle power", device.idle_w, "W"),
        Fact("price", None, "$/h", "no price found")
        if price is None
        else Fact("price", price.usd_per_hour, "$/h", f"{price.terms.replace('_', ' ')}, {price.as_of}: {price.basis}"),
    ]


def _constants(device: HardwareProfile) -> list[Fact]:
    """Provenance of every kernel class, errors of single kernels."""
    return [_trust(label, origin) for label, origin in kernel_origins(device).items()]


def _trust(label: str, origin: Origin) -> Fact:
    errors = f"error {origin.median_error:.0%} median, {origin.p90_error:.0%} p90; {origin.source}"
    return Fact(label, origin.provenance, "", errors)


def node_page(name: str) -> Page:
    """Accelerators of a node, their wiring, what a group of them gets, power and price."""
    node = load_node(name)
    groups = [size for size in _group_sizes(node.count) if size <= node.link.domain]
    host = node.host
    sections = {
        "accelerators": [
            Fact("accelerator", node.accelerator.name, "", f"{node.accelerator.vendor} {node.accelerator.kind}"),
            Fact("count", node.count),
            Fact("memory", node.count * node.accelerator.usable_memory_bytes / GIB, "GiB", "usable, all together"),
        ],
        "links": [*_link(node.link), *_network(node.hardware)],
        "a collective of": [
            Fact(f"{size} accelerators", node.hardware.group_bytes_per_s(size) / _GIGA, "GB/s", "per accelerator")
            for size in groups
        ],
        "host, power and price": [
            Fact("host memory", None if host.memory_bytes is None else host.memory_bytes / GIB, "GiB"),
            Fact("host power", host.power_w, "W", host.description),
            Fact("rated power", node.peak_power_w, "W", "host and every accelerator"),
            Fact("price", node.usd_per_hour, "$/h", "price of the accelerator x count"),
        ],
    }
    subtitle = f"{node.count} x {node.accelerator.name}, {node.link.topology}"
    lists = {"aliases": (", ".join(node.aliases),), "sources": node.sources, "doubts": node.doubts}
    return Page(node.name, subtitle, sections, lists)


def _group_sizes(count: int) -> list[int]:
    """2, 4, 8, ... and the whole node."""
    sizes = [2**power for power in range(1, count.bit_length()) if 2**power < count]
    return [*sizes, count] if count > 1 else []
