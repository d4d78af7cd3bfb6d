"""Read one hardware profile strictly: every key known, every number in its range, every message with file and line."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from simulator.errors import did_you_mean
from simulator.hardware.link import TOPOLOGIES, Link
from simulator.hardware.profile import (
    GIB,
    KINDS,
    MATH_FORMATS,
    PRICE_TERMS,
    HardwareProfile,
    MatrixUnit,
    Network,
    PowerWeights,
    Price,
)
from simulator.yaml_section import Section, read_yaml

_TERA, _GIGA = 1e12, 1e9


def read_profile(path: Path) -> HardwareProfile:
    """Read one profile; ``InputError`` names file, line and dotted path of anything missing, unfit or unknown.

    Units in the file: TFLOPS (dense), GB (1e9 bytes), GiB, MiB, GB/s, watts, US dollars per accelerator hour.
    """
    file = read_yaml(path)
    memory, host, power = file.section("memory"), file.section("host_link"), file.section("power")
    host.text("description", "")
    profile = HardwareProfile(
        name=file.text("name"),
        vendor=file.text("vendor"),
        year=file.whole("year", at_least=2000),
        kind=file.text("kind", allowed=KINDS),
        architecture=file.text("architecture"),
        peak_flops=_peaks(file.section("dense_peak_tflops")),
        memory_kind=memory.text("kind"),
        memory_bytes=memory.number("nominal_gb") * _GIGA,
        usable_memory_bytes=_usable(memory),
        memory_bytes_per_s=memory.number("bandwidth_gb_s") * _GIGA,
        l2_bytes=memory.number("l2_mib") * 2**20,
        multiprocessors=file.whole("multiprocessors"),
        cores=file.text("cores", ""),
        link=read_link(file.section("link")),
        host_bytes_per_s=host.number("gb_s_per_direction") * _GIGA,
        network=_network(file.section("network")) if file.has("network") else None,
        matrix_unit=_matrix_unit(file.section("matrix_unit")) if file.has("matrix_unit") else None,
        tdp_w=power.optional_number("tdp_w"),
        idle_w=power.optional_number("idle_w"),
        price=_price(file.section("price")) if file.has("price") else None,
        aliases=tuple(file.texts("aliases")),
        sources=tuple(file.texts("sources")),
        doubts=tuple(file.texts("doubts")),
        standby_w=power.optional_number("standby_w"),
        standby_s=power.optional_number("standby_s"),
        power_weights=_power_weights(power.section("weights")) if power.has("weights") else None,
        usual_node=file.text("usual_node") if file.has("usual_node") else None,
    )
    _finish((memory, host, power, file))
    _check_power(power, profile)
    if not profile.sources:
        raise file.error("sources", "must name where the figures come from")
    return profile


def _check_power(section: Section, profile: HardwareProfile) -> None:
    """Idle <= standby < rated."""
    levels = [("idle_w", profile.idle_w), ("standby_w", profile.standby_w), ("tdp_w", profile.tdp_w)]
    known = [(key, watts) for key, watts in levels if watts is not None]
    for (low_key, low), (high_key, high) in pairwise(known):
        if low > high or (low == high and high_key == "tdp_w"):
            raise section.error(low_key, f"must be below {high_key}, {high:g} W", value=low)


def _usable(memory: Section) -> float:
    usable = memory.number("usable_gib") * GIB
    if usable > memory.number("nominal_gb") * _GIGA * 1.1:
        raise memory.error("usable_gib", "cannot exceed the nominal memory", value=usable / GIB)
    return usable


def _peaks(section: Section) -> dict[str, float]:
    for dtype in section.content:
        if dtype not in MATH_FORMATS:
            problem = f"is not a known number format; known: {', '.join(MATH_FORMATS)}"
            raise section.error(dtype, problem, hint=did_you_mean(dtype, MATH_FORMATS))
    if not {"bf16", "fp16"} & section.content.keys():
        raise section.error("bf16", "a dense peak of bf16 or fp16 is needed")
    return {dtype: section.number(dtype) * _TERA for dtype in section.content}


def read_link(section: Section) -> Link:
    """A link or a node's topology; a torus needs ``dims`` and says at which multiples its axes close to rings.

    ``peer_access`` is true where the file says nothing.
    """
    topology = section.text("topology", allowed=TOPOLOGIES)
    torus = topology == "torus"
    link = Link(
        bytes_per_s=section.number("gb_s_per_direction") * _GIGA,
        topology=topology,
        domain=section.whole("domain"),
        description=section.text("description", ""),
        dims=tuple(section.wholes("dims")) if torus else (),
        wraps_every=section.whole("wraps_every", at_least=0) if torus else 0,
        peer_access=section.flag("peer_access", True),
    )
    if topology == "mesh" and link.domain < 2:
        raise section.error("domain", "a mesh joins at least 2", value=link.domain)
    if not link.peer_access and topology not in ("none", "pairs"):
        raise section.error("peer_access", "concerns the host bus: topologies none and pairs", value=False)
    section.finish()
    return link


def _network(section: Section) -> Network:
    network = Network(section.number("gb_s_per_direction") * _GIGA, section.text("description", ""))
    section.finish()
    return network


def _matrix_unit(section: Section) -> MatrixUnit:
    unit = MatrixUnit(
        rows=section.whole("rows"),
        columns=section.whole("columns"),
        count=section.whole("count"),
        clock_hz=section.number("clock_ghz") * _GIGA,
    )
    section.finish()
    return unit


def _price(section: Section) -> Price:
    price = Price(
        section.number("usd_per_hour"),
        section.text("terms", "unstated", allowed=PRICE_TERMS),
        section.text("basis"),
        section.text("as_of"),
    )
    section.finish()
    return price


def _power_weights(section: Section) -> PowerWeights:
    weights = PowerWeights(
        section.number("math", at_least=0.0),
        section.number("memory", at_least=0.0),
        section.number("network", at_least=0.0),
        section.text("source"),
    )
    section.finish()
    return weights


def _finish(sections: Iterable[Section]) -> None:
    for section in sections:
        section.finish()
