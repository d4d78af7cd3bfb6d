"""Scenario sections made from the dataclasses of other rooms.

``simulator.workload`` describes its parts as dataclasses that check themselves. ``mirror`` gives each a ``Section``
with the same fields, so that files get strict types, dotted paths and "did you mean" without a second list of names to
keep in step. A union of dataclasses with a ``kind`` becomes a section chosen by its ``kind`` key.
"""

from __future__ import annotations

import types
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BeforeValidator, Discriminator, GetJsonSchemaHandler, create_model, model_validator
from pydantic_core import CoreSchema, PydanticCustomError

from simulator.errors import InputError
from simulator.scenario.section import AlsoWritten, Section
from simulator.workload.lengths import FixedLength


class Mirror(Section):
    """A section that stands for a dataclass."""

    mirrored: ClassVar[type]

    @classmethod
    def documented(cls) -> type:
        """The dataclass: it explains the keys."""
        return cls.mirrored

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """As of any section; what is chosen by its ``kind`` must say it."""
        reference = super().__get_pydantic_json_schema__(core_schema, handler)
        schema = handler.resolve_ref_schema(reference)
        if "kind" in schema["properties"]:
            schema["properties"]["kind"].pop("default", None)
            schema["required"] = ["kind", *schema.get("required", [])]
        return reference

    @model_validator(mode="after")
    def _check(self) -> Mirror:
        """Let the dataclass check itself; its ``InputError`` becomes one of this section."""
        try:
            self.build()
        except InputError as error:
            detail = {"rule": error.problem, "at": error.path or "", "value": error.value, "hint": error.hint}
            raise PydanticCustomError("input_error", "{rule}", detail) from None
        return self

    def build(self) -> Any:
        """The dataclass with this section's values."""
        values = {name: getattr(self, name) for name in type(self).model_fields if name != "kind"}
        paths = _path_fields(self.mirrored)
        return self.mirrored(**{name: _built(value, name in paths) for name, value in values.items()})


@cache
def _path_fields(mirrored: type) -> frozenset[str]:
    return frozenset(name for name, hint in get_type_hints(mirrored).items() if hint is Path)


@cache
def mirror(mirrored: Any) -> type[Mirror]:
    """The section of a dataclass."""
    hints = get_type_hints(mirrored)
    columns: dict[str, Any] = {field.name: (_type(hints[field.name]), _default(field)) for field in fields(mirrored)}
    kind = getattr(mirrored, "kind", None)
    if kind is not None:
        columns = {"kind": (Literal[kind], kind), **columns}
    section: type[Mirror] = create_model(mirrored.__name__, __base__=Mirror, **columns)
    section.mirrored = mirrored
    return section


def plain(value: Any) -> Any:
    """A dataclass (or a structure of them) as the plain data a file would hold."""
    if is_dataclass(value) and not isinstance(value, type):
        kind = {"kind": value.kind} if hasattr(value, "kind") else {}
        return kind | {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def _built(value: Any, is_path: bool) -> Any:
    if isinstance(value, Mirror):
        return value.build()
    if isinstance(value, list):
        return tuple(value)
    return Path(value) if is_path else value


def _default(field: Field[Any]) -> Any:
    if field.default is not MISSING:
        return field.default
    if field.default_factory is MISSING:
        return ...
    value = field.default_factory()
    kind: Any = type(value)
    return mirror(kind).model_validate(plain(value)) if _is_part(value) else value


def _type(hint: Any) -> Any:
    if hint is Path:
        return str
    if get_origin(hint) is tuple:
        return list[get_args(hint)[0]]  # type: ignore[misc]
    if get_origin(hint) in (Union, types.UnionType):
        return _union(get_args(hint))
    return mirror(hint) if _is_part(hint) else hint


def _is_part(hint: Any) -> bool:
    return is_dataclass(hint)


def _union(options: tuple[Any, ...]) -> Any:
    kinds = [mirror(option) for option in options if _is_part(option)]
    rest = [option for option in options if not _is_part(option)]
    if not kinds:
        return Union[tuple(rest)]  # noqa: UP007
    chosen: Any = kinds[0]
    if len(kinds) > 1:
        lengths = any(kind.mirrored is FixedLength for kind in kinds)
        written_short = BeforeValidator(_fixed_or_kind if lengths else _kind)
        forms = ({"type": "integer", "minimum": 1},) if lengths else (_kinds_without_settings(kinds),)
        chosen = Annotated[Union[tuple(kinds)], Discriminator("kind"), written_short, AlsoWritten(*forms)]  # noqa: UP007
    return Union[(chosen, *rest)] if rest else chosen


def _kinds_without_settings(kinds: list[type[Mirror]]) -> dict[str, Any]:
    """The schema of a bare word: kinds that need nothing else to be said."""
    bare = [kind for kind in kinds if not any(field.is_required() for field in kind.model_fields.values())]
    return {"enum": [kind.model_fields["kind"].default for kind in bare]}


def _kind(value: Any) -> Any:
    """A bare word means a part of that kind: ``arrival: offline``."""
    return {"kind": value} if isinstance(value, str) else value


def _fixed_or_kind(value: Any) -> Any:
    """A bare number means that length, always: ``output_tokens: 128``."""
    if isinstance(value, int) and not isinstance(value, bool):
        return {"kind": FixedLength.kind, "tokens": value}
    return _kind(value)
