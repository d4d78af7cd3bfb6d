"""The files a user writes, by name: their JSON schemas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator.errors import InputError, did_you_mean

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def document_schema(name: str) -> Schema:
    """The JSON schema of a file, one of ``DOCUMENTS``; every key has its meaning, with its unit, as ``description``.

    Rules that tie keys together, and those of the dataclasses behind a workload, are not in it: the program has the
    last word. Raises ``InputError`` for a name that is none.
    """
    if name not in DOCUMENTS:
        hint = did_you_mean(name, DOCUMENTS)
        raise InputError(f"must be one of {', '.join(DOCUMENTS)}", path="schema", value=name, hint=hint)
    return {"$schema": DIALECT, **DOCUMENTS[name]()}


def _scenario() -> Schema:
    from simulator.scenario.schema import Scenario

    return Scenario.model_json_schema()


def _study() -> Schema:
    from simulator.reference.study import study_schema

    return study_schema()


DOCUMENTS: dict[str, Callable[[], Schema]] = {"scenario": _scenario, "study": _study}
"""Maker of each file's schema; a further file adds a line."""
