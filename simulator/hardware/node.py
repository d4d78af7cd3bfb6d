"""NodeSpec: accelerators as they are bought or rented - how many, how they are wired, what stands around them.

A node is a server, a rack that one switch joins, or a slice of a TPU pod.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path

from simulator.datafiles import data_dir
from simulator.errors import InputError, did_you_mean
from simulator.hardware.catalog import load_hardware
from simulator.hardware.link import Link
from simulator.hardware.profile import GIB, HardwareProfile, Network
from simulator.hardware.reader import read_link
from simulator.yaml_section import Section, read_yaml

_GIGA = 1e9


@dataclass(frozen=True)
class NICs:
    """Network adapters: ``count`` of them, ``bytes_per_s`` each, one direction."""

    count: int
    bytes_per_s: float
    description: str = ""


@dataclass(frozen=True)
class Host:
    """What surrounds the accelerators.

    ``memory_bytes``: of the host, None = not known. ``power_w``: CPUs, fans, switches and adapters under load, all of
    the node but its accelerators.
    """

    power_w: float
    memory_bytes: float | None
    description: str = ""


@dataclass(frozen=True)
class NodeSpec:
    """``count`` accelerators of one kind with their topology.

    ``link`` is the accelerators' link as wired here: its domain is what one tensor-parallel group can span.
    ``nics``: None where the pod's own fabric leads out.
    """

    name: str
    accelerator: HardwareProfile
    count: int
    link: Link
    nics: NICs | None
    host: Host
    aliases: tuple[str, ...]
    sources: tuple[str, ...]
    doubts: tuple[str, ...]

    __hash__ = object.__hash__

    @cached_property
    def hardware(self) -> HardwareProfile:
        """The accelerator as it stands in this node: with the node's link and its share of the adapters."""
        network = self.accelerator.network
        if self.nics is not None:
            network = Network(self.nics.count * self.nics.bytes_per_s / self.count, self.nics.description)
        return replace(self.accelerator, link=self.link, network=network)

    @property
    def peak_power_w(self) -> float | None:
        """Host plus every accelerator at its rated power in watts; None when that is not published."""
        tdp = self.accelerator.tdp_w
        return None if tdp is None else self.host.power_w + self.count * tdp

    @property
    def usd_per_hour(self) -> float | None:
        """The accelerators' price times their number; None when not known."""
        price = self.accelerator.price
        return None if price is None else self.count * price.usd_per_hour


def load_node(name_or_path: str | Path) -> NodeSpec:
    """The node of that name, alias (``8xh100``, ``trn2.48xlarge``) or file path.

    Raises ``InputError`` with near names when nothing is known under it.
    """
    name = str(name_or_path)
    known = _names()
    if name.lower() in known:
        return _bundled(known[name.lower()])
    path = Path(name).expanduser()
    if path.suffix in (".yaml", ".yml"):
        return read_node(path)
    raise InputError(
        "no such node; give a node name, an alias or the path of a node file",
        path="node",
        value=name,
        hint=did_you_mean(name, known, of=known) or f"known: {', '.join(list_nodes())}",
    )


def node_named(name: str) -> NodeSpec:
    """The bundled node with exactly this name, without reading the others; else as ``load_node``."""
    path = data_dir("hardware_profiles") / "nodes" / f"{name}.yaml"
    return _bundled(path) if path.is_file() else load_node(name)


def list_nodes() -> list[str]:
    """Names of the bundled nodes, sorted."""
    return sorted(path.stem for path in node_files())


def node_files() -> list[Path]:
    """Paths of the bundled nodes."""
    return sorted((data_dir("hardware_profiles") / "nodes").glob("*.yaml"))


@cache
def _names() -> dict[str, Path]:
    known: dict[str, Path] = {}
    for path in node_files():
        file = read_yaml(path)
        for name in (path.stem, *file.texts("aliases")):
            if known.setdefault(name.lower(), path) != path:
                raise file.error("aliases", f"is already the name of {known[name.lower()].stem}", value=name)
    return known


@cache
def _bundled(path: Path) -> NodeSpec:
    """A bundled node, read once: every run asks for its host power."""
    return read_node(path)


def read_node(path: Path) -> NodeSpec:
    """Read one node file; ``InputError`` names file, line and dotted path of anything missing, unfit or unknown."""
    file = read_yaml(path)
    node = NodeSpec(
        name=file.text("name"),
        accelerator=_accelerator(file),
        count=file.whole("count"),
        link=read_link(file.section("link")),
        nics=_nics(file.section("nics")) if file.has("nics") else None,
        host=_host(file.section("host")),
        aliases=tuple(file.texts("aliases")),
        sources=tuple(file.texts("sources")),
        doubts=tuple(file.texts("doubts")),
    )
    file.finish()
    if node.link.domain > node.count:
        raise file.error("link.domain", f"cannot exceed the node's {node.count} accelerators", value=node.link.domain)
    if not node.sources:
        raise file.error("sources", "must name where the figures come from")
    return node


def _accelerator(file: Section) -> HardwareProfile:
    name = file.text("accelerator")
    try:
        return load_hardware(name)
    except InputError as error:
        raise file.error("accelerator", error.problem, value=name, hint=error.hint) from None


def _nics(section: Section) -> NICs:
    nics = NICs(
        count=section.whole("count"),
        bytes_per_s=section.number("gb_s_per_direction") * _GIGA,
        description=section.text("description", ""),
    )
    section.finish()
    return nics


def _host(section: Section) -> Host:
    memory_gib = section.optional_number("memory_gib")
    host = Host(
        power_w=section.number("power_w"),
        memory_bytes=None if memory_gib is None else memory_gib * GIB,
        description=section.text("description", ""),
    )
    section.finish()
    return host
