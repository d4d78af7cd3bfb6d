"""``inferplan list``: the names the program knows, with the figures people pick by, narrowed by a search."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from simulator.errors import InputError, did_you_mean


@dataclass(frozen=True)
class Entry:
    """One line of a list. ``aliases``: other names it answers to; ``also``: further words it is found by."""

    name: str
    facts: str = ""
    aliases: tuple[str, ...] = ()
    also: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What stands beside the name: the facts, and the aliases that need no quotation marks."""
        plain = ", ".join(alias for alias in self.aliases if " " not in alias)
        return f"{self.facts}  also: {plain}" if plain else self.facts

    def matches(self, words: Iterable[str]) -> bool:
        """Whether every word stands somewhere in it, whatever its case."""
        text = " ".join((self.name, self.facts, *self.aliases, *self.also)).lower()
        return all(word in text for word in words)


def list_names(what: str, search: str | None = None) -> None:
    """Print one line per entry, name first; only those that contain every word of ``search``.

    Raises ``InputError`` for an unknown list, and when nothing is found.
    """
    if what not in _LISTS:
        raise InputError(
            f"must be one of {', '.join(_LISTS)}", path="list", value=what, hint=did_you_mean(what, _LISTS)
        )
    entries = _LISTS[what]()
    found = [entry for entry in entries if entry.matches((search or "").lower().split())]
    if not found:
        names = {name: entry.name for entry in entries for name in (entry.name, *entry.aliases)}
        hint = did_you_mean(search or "", names, of=names) or f"`inferplan list {what}` prints all {len(entries)}"
        raise InputError(f"nothing in the list of {what} matches", path="search", value=search, hint=hint)
    width = max(len(entry.name) for entry in found)
    for entry in found:
        print(f"{entry.name:<{width}}  {entry.text}".rstrip())


def _models() -> list[Entry]:
    from simulator.models.catalog import list_models, load_model

    entries = []
    for name in list_models():
        model = load_model(name)
        facts = f"{model.parameters / 1e9:>7.1f}B parameters, {model.num_layers:>3} layers, {model.torch_dtype}"
        entries.append(Entry(name, facts))
    return entries


def _hardware() -> list[Entry]:
    from simulator.hardware.catalog import list_hardware, load_hardware

    entries = []
    for name in list_hardware():
        device = load_hardware(name)
        dtype = device.sixteen_bit()
        facts = (
            f"{device.memory_bytes / 1e9:>4.0f} GB {device.memory_kind:<9}"
            f" {device.memory_bytes_per_s / 1e9:>6,.0f} GB/s"
            f" {device.peak(dtype) / 1e12:>6,.0f} TFLOPS {dtype}  {f'{device.vendor} {device.kind}':<15}"
        )
        entries.append(Entry(name, facts, device.aliases, (device.architecture,)))
    return entries


def _nodes() -> list[Entry]:
    from simulator.hardware.node import list_nodes, load_node

    entries = []
    for name in list_nodes():
        node = load_node(name)
        facts = f"{node.count:>3} x {node.accelerator.name:<20} {node.link.topology}"
        entries.append(Entry(name, facts, node.aliases, (node.accelerator.vendor, *node.accelerator.aliases)))
    return entries


def _workloads() -> list[Entry]:
    from simulator.workload.profiles import list_profiles, load_profile

    return [Entry(name, load_profile(name).description) for name in list_profiles()]


def _policies() -> list[Entry]:
    from simulator.engine.config import POLICY_NAMES

    return [Entry(name) for name in POLICY_NAMES]


_LISTS: dict[str, Callable[[], list[Entry]]] = {
    "models": _models,
    "hardware": _hardware,
    "nodes": _nodes,
    "workloads": _workloads,
    "policies": _policies,
}
