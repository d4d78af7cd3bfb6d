"""The base of every section of a scenario: strict types, no unknown keys, frozen."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError

from simulator.scenario.meanings import meanings, summary

T = TypeVar("T")


class Section(BaseModel):
    """A mapping of a scenario. ``yes`` is no 1, ``"8"`` is no 8, infinity is no number, unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False, protected_namespaces=())

    @classmethod
    def documented(cls) -> type:
        """The class whose docstring explains the keys."""
        return cls

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The JSON schema with the meaning of every key as its description."""
        reference = handler(core_schema)
        schema = handler.resolve_ref_schema(reference)
        schema["description"] = summary(cls.documented())
        for name, text in meanings(cls.documented()).items():
            schema["properties"][name]["description"] = text
        return reference


def mistake(rule: str, at: str, value: object) -> PydanticCustomError:
    """What a validator raises about the key ``at`` of its section; users read ``rule`` with the key's file and line."""
    return PydanticCustomError("input_error", "{rule}", {"rule": rule, "at": at, "value": value, "hint": None})


def _empty_when_null(value: Any) -> Any:
    return {} if value is None else value


class AlsoWritten:
    """Annotation of a key that may also be written in other ``forms`` (JSON schemas), which a validator expands."""

    def __init__(self, *forms: dict[str, Any]) -> None:
        self.forms = forms

    def __get_pydantic_json_schema__(self, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        written_out = handler(core_schema)
        default = {"default": written_out.pop("default")} if "default" in written_out else {}
        return {"anyOf": [written_out, *self.forms], **default}


Filled = Annotated[T, BeforeValidator(_empty_when_null), AlsoWritten({"type": "null"})]
"""A section that may be left empty in YAML (``engine:`` with nothing below): all its defaults hold."""
