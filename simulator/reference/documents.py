"""The files a user writes, by name: their JSON schemas and reference pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from simulator.errors import InputError, did_you_mean
from simulator.reference.page import reference_page
from simulator.reference.tree import Schema, sections

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


def document_page(name: str) -> str:
    """The reference page of a file; sections that are a scenario's are explained on that one's page."""
    schema = document_schema(name)
    if name == "scenario":
        return reference_page(name, schema)
    shared = sections(document_schema("scenario")).items()
    return reference_page(name, schema, {key: replace(one, page="reference.md") for key, one in shared})


def _scenario() -> Schema:
    from simulator.scenario.schema import Scenario

    return Scenario.model_json_schema()


def _study() -> Schema:
    from simulator.reference.study import study_schema

    return study_schema()


def _plan() -> Schema:
    from simulator.planning.schema import Plan

    return Plan.model_json_schema()


DOCUMENTS: dict[str, Callable[[], Schema]] = {"scenario": _scenario, "study": _study, "plan": _plan}
"""Maker of each file's schema; a further file adds a line."""
