"""Find a hardware profile by name, alias or path, and read it strictly."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from simulator.datafiles import data_dir
from simulator.errors import InputError, did_you_mean
from simulator.hardware.profile import GIB, HardwareProfile, Link, Price
from simulator.models.dtypes import BYTES_PER_ELEMENT
from simulator.yaml_section import Section, read_yaml

_TERA, _GIGA = 1e12, 1e9


def load_hardware(name_or_path: str | Path) -> HardwareProfile:
    """The accelerator of that name, alias (``h100``) or profile path.

    Raises ``InputError`` with near names when nothing is known under it.
    """
    name = str(name_or_path)
    known = _names()
    if name.lower() in known:
        return read_profile(known[name.lower()])
    path = Path(name).expanduser()
    if path.suffix in (".yaml", ".yml"):
        return read_profile(path)
    raise InputError(
        "no such hardware; give a profile name, an alias or the path of a profile",
        path="hardware",
        value=name,
        hint=did_you_mean(name, known) or f"known: {', '.join(list_hardware())}",
    )


def list_hardware() -> list[str]:
    """Names of the bundled profiles, sorted."""
    return sorted(path.stem for path in profile_files())


def profile_files() -> list[Path]:
    """Paths of the bundled profiles."""
    return sorted(data_dir("hardware_profiles").glob("*.yaml"))


@cache
def _names() -> dict[str, Path]:
    known: dict[str, Path] = {}
    for path in profile_files():
        file = read_yaml(path)
        for name in (path.stem, *file.texts("aliases")):
            if known.setdefault(name.lower(), path) != path:
                raise file.error("aliases", f"is already the name of {known[name.lower()].stem}", value=name)
    return known


def read_profile(path: Path) -> HardwareProfile:
    """Read one profile; ``InputError`` names file, line and dotted path of anything missing, unfit or unknown."""
    file = read_yaml(path)
    memory = file.section("memory")
    power = file.section("power")
    memory.text("kind")
    bytes_nominal = memory.number("nominal_gb") * _GIGA
    usable = memory.number("usable_gib") * GIB
    if usable > bytes_nominal * 1.1:
        raise memory.error("usable_gib", "cannot exceed the nominal memory", value=usable / GIB)
    profile = HardwareProfile(
        name=file.text("name"),
        vendor=file.text("vendor"),
        year=file.whole("year", at_least=2000),
        peak_flops=_peaks(file.section("dense_peak_tflops")),
        memory_bytes=bytes_nominal,
        usable_memory_bytes=usable,
        memory_bytes_per_s=memory.number("bandwidth_gb_s") * _GIGA,
        l2_bytes=memory.number("l2_mib") * 2**20,
        multiprocessors=file.whole("multiprocessors"),
        link=_link(file.section("link")),
        host_bytes_per_s=file.section("host_link").number("gb_s_per_direction") * _GIGA,
        tdp_w=power.number("tdp_w"),
        idle_w=power.optional_number("idle_w"),
        price=_price(file.section("price")) if file.has("price") else None,
        aliases=tuple(file.texts("aliases")),
        sources=tuple(file.texts("sources")),
        doubts=tuple(file.texts("doubts")),
    )
    _finish(file, memory, power)
    if not profile.sources:
        raise file.error("sources", "must name where the figures come from")
    return profile


def _peaks(section: Section) -> dict[str, float]:
    for dtype in section.content:
        if dtype not in BYTES_PER_ELEMENT:
            known = ", ".join(BYTES_PER_ELEMENT)
            hint = did_you_mean(dtype, BYTES_PER_ELEMENT)
            raise section.error(dtype, f"is not a known number format; known: {known}", hint=hint)
    if not section.content:
        raise section.error("bf16", "at least one dense peak is needed")
    return {dtype: section.number(dtype) * _TERA for dtype in section.content}


def _link(section: Section) -> Link:
    link = Link(
        bytes_per_s=section.number("gb_s_per_direction") * _GIGA,
        topology=section.text("topology", allowed=["switch", "pairs", "none"]),
        domain=section.whole("domain"),
        description=section.text("description", ""),
    )
    section.finish()
    return link


def _price(section: Section) -> Price:
    price = Price(section.number("usd_per_hour"), section.text("basis"), section.text("as_of"))
    section.finish()
    return price


def _finish(file: Section, *sections: Section) -> None:
    host = file.section("host_link")
    host.number("gb_s_per_direction")
    host.text("description", "")
    for section in (*sections, host, file):
        section.finish()
