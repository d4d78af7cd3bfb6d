"""Axes: what is varied. An axis is a list of settings; every point of a study has one setting of each axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.errors import InputError, did_you_mean
from simulator.sweeping.keys import begins_like_a_key, normal_key, takes_whole_numbers
from simulator.sweeping.spacing import SPACINGS, spaced
from simulator.yaml_document import Document, Place

Setting = Mapping[str, Any]
"""Dotted key -> value, all set together."""


@dataclass(frozen=True)
class Axis:
    """``settings`` in their order and where each was written (``study.yaml:12``).

    ``key``: the dotted key, or a name where several keys move together. ``kind``: ``list``, one of ``SPACINGS``,
    ``zip``, ``random`` or ``latin_hypercube``. Every setting has the same ``keys``. ``note``: what readers should
    know.
    """

    key: str
    kind: str
    settings: tuple[Setting, ...]
    sources: tuple[str, ...]
    note: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """The dotted keys the axis sets."""
        return tuple(self.settings[0])

    @property
    def values(self) -> list[Any]:
        """What it takes on: values of its key, or mappings where several keys move together."""
        if self.keys == (self.key,):
            return [setting[self.key] for setting in self.settings]
        return [dict(setting) for setting in self.settings]


def axis_of(key: str, value: Any, document: Document, place: Place) -> Axis:
    """The axis a study writes under ``key``; ``place`` is where, for messages. Raises ``InputError``."""
    if isinstance(value, dict) and value.keys() & SPACINGS.keys():
        known = known_key(key, document, place)
        kind, numbers = spaced(value, takes_whole_numbers(known), document, place)
        return Axis(
            known, kind, tuple({known: number} for number in numbers), (source(document, place),) * len(numbers)
        )
    if not isinstance(value, list) or not value:
        rule = f"must be a list of values, or a mapping with one of {', '.join(SPACINGS)}"
        raise document.error(place, rule, value=value, hint=_nested(key, value))
    sources = tuple(source(document, (*place, index)) for index in range(len(value)))
    if not begins_like_a_key(key) and all(isinstance(one, dict) for one in value):
        return Axis(key, "zip", _zipped(value, document, place), sources)
    known = known_key(key, document, place)
    _refuse_twice(value, document, place)
    return Axis(known, "list", tuple({known: one} for one in value), sources)


def source(document: Document, place: Place) -> str:
    """``study.yaml:12``, or the option that said so."""
    file, line = document.source_of(place)
    return f"{file}:{line}" if line is not None else str(file or "the study")


def known_key(key: str, document: Document, place: Place) -> str:
    """A key as the scenario spells it. Raises ``InputError`` at ``place`` for one it does not have."""
    try:
        return normal_key(key)
    except InputError as error:
        hint = f"{error.hint}\n  or, for keys that move together, a list of mappings under a name of its own"
        raise document.error(place, error.problem, hint=hint) from None


def check_apart(axes: Sequence[Axis]) -> None:
    """Raise ``InputError`` where two axes set the same key, or one sets what another sets a part of."""
    owners: dict[str, Axis] = {}
    for axis in axes:
        for key in axis.keys:
            for other, owner in owners.items():
                if key == other or key.startswith(other + ".") or other.startswith(key + "."):
                    rule = f"is set by two axes, {owner.key} and {axis.key}"
                    raise InputError(rule, file=axis.sources[0], path=key, hint="let one axis set it")
            owners[key] = axis


def _zipped(value: list[Any], document: Document, place: Place) -> tuple[Setting, ...]:
    settings: list[dict[str, Any]] = []
    for index, one in enumerate(value):
        here = (*place, index)
        setting = {known_key(key, document, (*here, key)): item for key, item in one.items()}
        if not setting or (settings and setting.keys() != settings[0].keys()):
            wanted = ", ".join(settings[0]) if settings else "at least one key"
            raise document.error(here, f"must set the same keys as the first: {wanted}", value=one)
        settings.append(setting)
    _refuse_twice(settings, document, place)
    return tuple(settings)


def _refuse_twice(values: Sequence[Any], document: Document, place: Place) -> None:
    for index, value in enumerate(values):
        if any(value == earlier and type(value) is type(earlier) for earlier in values[:index]):
            raise document.error((*place, index), "stands twice", value=value)


def _nested(key: str, value: Any) -> str | None:
    """What somebody who wrote a mapping meant: a spacing misspelt, or the keys of a section."""
    if not isinstance(value, dict) or not value:
        return f"one value for all points belongs to the scenario: --set {key}={value}" if value else None
    first = next(iter(value))
    return did_you_mean(first, SPACINGS) or f"keys of a section are written with dots: {key}.{first}"
