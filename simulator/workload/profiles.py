"""Profiles: named synthetic workloads in YAML, some fitted to public traces. They stand in ``workloads/``.

A profile file holds ``description``, ``source`` (where its numbers come from; with ``licence`` and ``changes`` for
third-party data), ``num_requests``, ``arrival``, ``prompt_tokens``, ``output_tokens`` and, as wanted, ``prefix``,
``spearman``, ``samples_per_request`` and ``fit`` (how far the profile is from its source). ``arrival``, the lengths and
``prefix`` have a ``kind`` and the fields of the class that ``ARRIVAL_KINDS``, ``LENGTH_KINDS`` or ``PREFIX_KINDS``
names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

from simulator.datafiles import data_dir, user_path
from simulator.errors import InputError, did_you_mean
from simulator.workload.arrivals import ARRIVAL_KINDS
from simulator.workload.lengths import LENGTH_KINDS
from simulator.workload.prefixes import PREFIX_KINDS, UniquePrompts
from simulator.workload.spec import SyntheticSpec
from simulator.yaml_section import LARGEST_NUMBER, Section, read_yaml


@dataclass(frozen=True)
class Profile:
    """A named mix of requests.

    Attributes: ``name``; ``description`` one line; ``source`` trace or reason behind the numbers, ``licence`` and
    ``changes`` for third-party data; ``spec`` what is drawn; ``fit`` figures of its closeness to the source.
    """

    name: str
    description: str
    source: str
    spec: SyntheticSpec
    licence: str = ""
    changes: str = ""
    fit: Mapping[str, float] = field(default_factory=dict)


def list_profiles() -> list[str]:
    """Names of the bundled profiles, sorted."""
    return sorted(path.stem for path in data_dir("workloads").glob("*.yaml"))


def load_profile(name_or_path: str | Path) -> Profile:
    """The bundled profile of that name, or the one in a ``.yaml`` file.

    Raises ``InputError`` with near names, or with file, line and dotted path of what is wrong in the file.
    """
    name = str(name_or_path)
    known = list_profiles()
    if name.lower() in known:
        return _bundled(name.lower())
    path = user_path(name)
    if path.suffix in (".yaml", ".yml"):
        return read_profile(path)
    raise InputError(
        "no such workload profile; give a bundled name or the path of a .yaml file",
        path="workload.profile",
        value=name,
        hint=did_you_mean(name, known) or f"bundled: {', '.join(known)}",
    )


@cache
def _bundled(name: str) -> Profile:
    """A bundled profile, read once: reading one takes as long as drawing thousands of requests from it."""
    return read_profile(data_dir("workloads") / f"{name}.yaml")


def read_profile(path: Path) -> Profile:
    """Read one profile file strictly."""
    file = read_yaml(path)
    spec = SyntheticSpec(
        num_requests=file.whole("num_requests"),
        arrival=_build(file.section("arrival"), ARRIVAL_KINDS),
        prompt_tokens=_build(file.section("prompt_tokens"), LENGTH_KINDS),
        output_tokens=_build(file.section("output_tokens"), LENGTH_KINDS),
        prefix=_build(file.section("prefix"), PREFIX_KINDS) if file.has("prefix") else UniquePrompts(),
        spearman=_rank_correlation(file),
        samples_per_request=file.whole("samples_per_request", 1),
    )
    profile = Profile(
        name=path.stem,
        description=file.text("description"),
        source=file.text("source"),
        licence=file.text("licence", ""),
        changes=file.text("changes", ""),
        spec=spec,
        fit=_figures(file.section("fit")) if file.has("fit") else {},
    )
    file.finish()
    return profile


def _build(section: Section, kinds: Mapping[str, Any]) -> Any:
    """An instance of the class that ``kind`` names, its fields read by their declared types."""
    part = kinds[section.text("kind", allowed=kinds)]
    values: dict[str, Any] = {}
    for spec_field in fields(part):
        if section.has(spec_field.name) or spec_field.default is MISSING:
            values[spec_field.name] = _value(section, spec_field.name, str(spec_field.type))
    section.finish()
    try:
        return part(**values)
    except InputError as error:
        raise section.error(error.path or "kind", error.problem, value=error.value) from None


def _value(section: Section, name: str, declared: str) -> int | float | tuple[float, ...]:
    if declared == "int":
        return section.whole(name, at_least=0)
    if declared == "float":
        return section.number(name, at_least=0)
    return _numbers(section, name)


def _numbers(section: Section, name: str) -> tuple[float, ...]:
    values = section.content[name] if section.has(name) else None
    if not isinstance(values, list) or not all(map(_is_number, values)):
        raise section.error(name, "must be a list of numbers", value=values)
    return tuple(values)


def _rank_correlation(file: Section) -> float:
    value = file.content["spearman"] if file.has("spearman") else 0.0
    if not _is_number(value) or not -1 <= value <= 1:
        raise file.error("spearman", "must be a number in -1..1", value=value)
    return float(value)


def _figures(section: Section) -> dict[str, float]:
    return {name: section.number(name, at_least=0) for name in section.content}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST_NUMBER
