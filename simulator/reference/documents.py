"""The files a user writes, by name, and the pydantic model behind each."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from pydantic import BaseModel

from simulator.errors import InputError, did_you_mean

DOCUMENTS = {"scenario": ("simulator.scenario.schema", "Scenario")}
"""Module and class of each file's model; further files add a line."""


def document_model(name: str) -> type[BaseModel]:
    """The model of a file. Raises ``InputError`` for a name that is none."""
    if name not in DOCUMENTS:
        hint = did_you_mean(name, DOCUMENTS)
        raise InputError(f"must be one of {', '.join(DOCUMENTS)}", path="schema", value=name, hint=hint)
    module, model = DOCUMENTS[name]
    found: type[BaseModel] = getattr(import_module(module), model)
    return found


def document_schema(name: str) -> dict[str, Any]:
    """The file's JSON schema (draft 2020-12); every key has its meaning, with its unit, as ``description``.

    Rules that tie keys together, and those of the dataclasses behind a workload, are not in it: the program has the
    last word.
    """
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **document_model(name).model_json_schema()}
