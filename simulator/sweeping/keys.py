"""What may be varied: every dotted key of a scenario, and the load, which is not one key."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from simulator.errors import InputError, did_you_mean
from simulator.scenario.overrides import place_of
from simulator.scenario.schema import Scenario

RATE, CONCURRENCY = "rate", "max_concurrency"

LOADS = {
    RATE: "requests per second of whatever the workload is",
    CONCURRENCY: "requests in flight: the workload becomes a closed loop",
}
"""Keys of a study that are none of a scenario."""


def normal_key(text: str) -> str:
    """A dotted key with underscores, as the scenario's schema spells it. Raises ``InputError`` for one it lacks."""
    place = tuple(map(str, place_of(text)))
    key = ".".join(place)
    if key in LOADS:
        return key
    if not _types_of(place):
        raise InputError(
            "is not a key of a scenario", path=key, hint=_meant(place[-1], key) or f"beside them: {', '.join(LOADS)}"
        )
    return key


def begins_like_a_key(text: str) -> bool:
    """Whether the first part names a section or key of a scenario, or a load."""
    first = str(place_of(text)[0])
    return first in LOADS or first in Scenario.model_fields


def takes_whole_numbers(key: str) -> bool:
    """Whether a key's numbers are whole ones."""
    if key in LOADS:
        return key == CONCURRENCY
    types = _types_of(place_of(key))
    return int in types and float not in types


def _types_of(place: tuple[Any, ...]) -> set[Any]:
    """Types a value at a place may have; none where the schema has no such place."""
    types: set[Any] = {Scenario}
    for part in place:
        fields = [
            section.model_fields[part].annotation
            for section in types
            if isinstance(section, type) and issubclass(section, BaseModel) and part in section.model_fields
        ]
        types = {found for annotation in fields for found in _leaves(annotation)}
    return types


def _leaves(annotation: Any) -> Iterator[Any]:
    """The types in an annotation: members of unions, without what ``Annotated`` adds."""
    if get_origin(annotation) is None or get_origin(annotation) is list:
        yield annotation
        return
    if hasattr(annotation, "__metadata__"):
        yield from _leaves(get_args(annotation)[0])
        return
    for argument in get_args(annotation):
        yield from _leaves(argument)


@cache
def _all_keys() -> tuple[str, ...]:
    """Every dotted key of the schema, and the loads."""

    def below(section: type[BaseModel], start: str) -> Iterator[str]:
        for name, field in section.model_fields.items():
            yield start + name
            for leaf in _leaves(field.annotation):
                if isinstance(leaf, type) and issubclass(leaf, BaseModel):
                    yield from below(leaf, f"{start}{name}.")

    return (*LOADS, *dict.fromkeys(below(Scenario, "")))


def _meant(last: str, key: str) -> str | None:
    """Keys that end in the same word, else those spelt alike."""
    same = [known for known in _all_keys() if known.rpartition(".")[2] == last]
    if same:
        return "did you mean " + " or ".join(repr(known) for known in same[:3]) + "?"
    return did_you_mean(key, _all_keys()) or did_you_mean(last, _all_keys())
