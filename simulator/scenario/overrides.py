"""``--set engine.max_num_seqs=128``: change a scenario from the command line.

Keys are dotted paths in which ``-`` and ``_`` are the same; values are YAML. Whether a key exists is for the schema to
say, so that a misspelling reads the same wherever it was made.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from simulator.errors import InputError
from simulator.yaml_document import Document, Place, parse_yaml


def apply_overrides(document: Document, assignments: Iterable[str]) -> None:
    """Apply ``KEY=VALUE`` texts in their order; a later one wins.

    Raises ``InputError`` for a text without ``=``, a value that is no YAML, or a path through something that is no
    mapping.
    """
    for assignment in assignments:
        option = f"--set {assignment}"
        key, text = split_assignment(assignment)
        assign(document, place_of(key), parse_yaml(text, option), option)


def split_assignment(assignment: str) -> tuple[str, str]:
    """``KEY=VALUE`` as its two texts, the key with underscores. Raises ``InputError`` for anything else."""
    key, equals, text = assignment.partition("=")
    key = key.strip().replace("-", "_")
    if not equals or not all(part.strip() for part in key.split(".")):
        rule = "must read KEY=VALUE with a dotted key, such as engine.max_num_seqs=128"
        raise InputError(rule, file=f"--set {assignment}")
    return key, text


def place_of(key: str) -> Place:
    """The place a dotted key names; ``-`` and ``_`` are the same."""
    return tuple(part.strip().replace("-", "_") for part in key.split("."))


def assign(document: Document, place: Place, value: Any, option: str) -> None:
    """Put a value at a place; ``option`` says where it was written. Raises ``InputError`` for a path through something
    that is no mapping."""
    inside: dict[str, Any] = document.content
    for length, part in enumerate(place[:-1], start=1):
        child = inside.get(str(part))
        if child is None:
            child = inside[str(part)] = {}
        if not isinstance(child, dict):
            rule = "is not a mapping, so nothing can be set inside it"
            raise InputError(rule, file=option, path=".".join(map(str, place[:length])), value=child)
        inside = child
    inside[str(place[-1])] = value
    # What stood below the place is gone, and with it the lines its values came from.
    for known in [known for known in document.lines if known[: len(place)] == place]:
        del document.lines[known]
    document.options[place] = option
