"""The JSON schema of a study file: a scenario and its axes, named by the scenario's own dotted keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from simulator.reference.tree import references
from simulator.scenario.schema import Scenario
from simulator.sweeping.keys import LOADS
from simulator.sweeping.sampling import METHODS
from simulator.sweeping.spacing import SPACINGS

Schema = dict[str, Any]

_NUMBERS = {"type": "array", "items": {"type": "number"}, "minItems": 3, "maxItems": 3}
_POSITIVE = {"type": "integer", "minimum": 1}


def study_schema() -> Schema:
    """Keys of the scenario are listed with their values for completion; a list of mappings moves several together."""
    scenario = Scenario.model_json_schema()
    definitions = scenario.pop("$defs")
    axes = {key: _axis(key, schema) for key, schema in _dotted(scenario, definitions, "")}
    axes |= {key: _axis(key, {"type": "number", "description": meaning}) for key, meaning in LOADS.items()}
    properties = {
        "title": {"type": "string", "description": "what the sweep is called; null = the file's name."},
        "scenario": {
            "anyOf": [{"type": "string"}, {"$ref": "#/$defs/Scenario"}],
            "description": "path of a scenario file, or the scenario itself.",
        },
        "sweep": {"$ref": "#/$defs/Axes", "description": "axes; every combination of their values is a point."},
        "sample": {
            "anyOf": [{"$ref": "#/$defs/Sample"}, {"type": "null"}],
            "default": None,
            "description": "drawn settings, combined with the axes.",
        },
        "seeds": {**_POSITIVE, "default": 1, "description": "runs per point with consecutive seeds, averaged."},
        "best": {"type": "string", "description": "metric that ranks the points: NAME, NAME:low or NAME:high."},
    }
    return {
        "title": "Study",
        "description": "A scenario and the axes along which it is varied.",
        "type": "object",
        "additionalProperties": False,
        "required": ["scenario"],
        "properties": properties,
        "$defs": {
            **definitions,
            "Scenario": scenario,
            "Axes": _axes(axes),
            "Spacing": _spacing(),
            "Sample": _sample(),
            "Bounds": _bounds(),
        },
    }


def _dotted(section: Schema, definitions: Schema, path: str) -> Iterator[tuple[str, Schema]]:
    """Every key that holds a value, with the sections around it; what is chosen by a ``kind`` is left out."""
    for name, schema in section["properties"].items():
        found = [definitions[one] for one in references(schema)]
        if len(found) == 1 and "kind" not in found[0]["properties"]:
            yield from _dotted(found[0], definitions, f"{path}{name}.")
        elif not found:
            yield f"{path}{name}", schema


def _axis(key: str, value: Schema) -> Schema:
    plain = {name: part for name, part in value.items() if name not in ("description", "title", "default")}
    values = {"type": "array", "minItems": 1, "items": plain}
    numeric = any(word in str(plain) for word in ("'number'", "'integer'"))
    forms = [values, {"$ref": "#/$defs/Spacing"}] if numeric else [values]
    return {"anyOf": forms, "description": value.get("description", key)}


def _axes(axes: dict[str, Schema]) -> Schema:
    together = {"type": "array", "minItems": 1, "items": {"type": "object"}}
    return {
        "type": "object",
        "description": "Values by dotted key of the scenario, or by a name of your own for keys that move together "
        "(a list of mappings).",
        "properties": axes,
        "additionalProperties": {"anyOf": [together, {"type": "array", "minItems": 1}, {"$ref": "#/$defs/Spacing"}]},
    }


def _spacing() -> Schema:
    kinds = {kind: {**_NUMBERS, "description": f"{numbers}."} for kind, numbers in SPACINGS.items()}
    integer = {"type": "boolean", "description": "whether to round; null = where the key takes whole numbers."}
    return {
        "type": "object",
        "description": "Evenly spaced numbers; logspace by a constant factor between its two ends.",
        "properties": {**kinds, "integer": integer},
        "additionalProperties": False,
        "oneOf": [{"required": [kind]} for kind in SPACINGS],
    }


def _sample() -> Schema:
    properties = {
        "method": {"enum": list(METHODS), "default": METHODS[0], "description": "how the settings are drawn."},
        "n": {**_POSITIVE, "description": "settings drawn; ones that repeat are left out."},
        "seed": {"type": "integer", "minimum": 0, "default": 0, "description": "of the draws."},
        "over": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {"anyOf": [{"type": "array", "minItems": 1}, {"$ref": "#/$defs/Bounds"}]},
            "description": "by dotted key: a list of choices, or low and high (with scale: log, integer: true).",
        },
    }
    return {
        "type": "object",
        "description": "Settings drawn at random.",
        "properties": properties,
        "required": ["n", "over"],
        "additionalProperties": False,
    }


def _bounds() -> Schema:
    return {
        "type": "object",
        "description": "Numbers between two.",
        "properties": {
            "low": {"type": "number", "description": "least."},
            "high": {"type": "number", "description": "greatest."},
            "scale": {
                "enum": ["linear", "log"],
                "default": "linear",
                "description": "even in the number or its logarithm.",
            },
            "integer": {
                "type": "boolean",
                "description": "whether to round; null = where the key takes whole numbers.",
            },
        },
        "required": ["low", "high"],
        "additionalProperties": False,
    }
