"""The base of every section of a scenario: strict types, no unknown keys, frozen."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict

T = TypeVar("T")


class Section(BaseModel):
    """A mapping of a scenario. ``yes`` is no 1, ``"8"`` is no 8, infinity is no number, unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False, protected_namespaces=())


def _empty_when_null(value: Any) -> Any:
    return {} if value is None else value


Filled = Annotated[T, BeforeValidator(_empty_when_null)]
"""A section that may be left empty in YAML (``engine:`` with nothing below): all its defaults hold."""
