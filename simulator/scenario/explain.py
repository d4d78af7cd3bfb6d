"""Turn pydantic's findings into ``InputError``: where it stands, the rule, the value, and what was probably meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from simulator.errors import InputError, did_you_mean
from simulator.yaml_document import Document, Place

Finding = Any
"""One of pydantic's ``ErrorDetails``."""

MOST_LISTED = 12
"""Mistakes listed before the rest is only counted."""


def explain(error: ValidationError, document: Document, root: type[BaseModel]) -> InputError:
    """One ``InputError`` for all findings: the finding itself when there is one, else a list of them."""
    problems = [_explain_one(finding, document, root) for finding in error.errors(include_url=False)]
    if len(problems) == 1:
        return problems[0]
    lines = [f"- {problem}".replace("\n", "\n  ") for problem in problems[:MOST_LISTED]]
    if len(problems) > MOST_LISTED:
        lines.append(f"- and {len(problems) - MOST_LISTED} more")
    return InputError(f"{len(problems)} mistakes:\n  " + "\n  ".join(lines).replace("\n    ", "\n    "))


def _explain_one(finding: Finding, document: Document, root: type[BaseModel]) -> InputError:
    place, section = _resolve(finding["loc"], root)
    kind, context, value = finding["type"], finding.get("ctx", {}), finding["input"]
    if kind == "input_error":
        place = _inside(place, context["at"])
        return document.error(place, context["rule"], value=context["value"], hint=context["hint"])
    if kind == "missing":
        return document.error(place, _missing(place, root), hint=_near_sibling(place, document, section))
    if kind == "extra_forbidden":
        known = list(section.model_fields) if section else []
        rule = f"is not a known key here; known: {', '.join(known)}"
        return document.error(place, rule, hint=did_you_mean(str(place[-1]), known))
    if kind in ("literal_error", "union_tag_invalid", "union_tag_not_found"):
        return _choice(kind, place, section, context, value, document)
    if isinstance(value, dict | list) and len(repr(value)) > 80:
        value = f"a {'mapping' if isinstance(value, dict) else 'list'} of {len(value)}"
    return document.error(place, _rule(kind, context, finding["msg"]), value=_shown(value))


def _choice(
    kind: str, place: Place, section: type[BaseModel] | None, context: Any, value: Any, document: Document
) -> InputError:
    if kind == "literal_error":
        allowed = [text.strip("'") for text in context["expected"].replace(" or ", ", ").split(", ")]
        hint = did_you_mean(value, allowed) if isinstance(value, str) else None
        return document.error(place, f"must be one of {', '.join(allowed)}", value=_shown(value), hint=hint)
    place = (*place, "kind")
    allowed = [text.strip("'") for text in str(context.get("expected_tags", "")).split(", ") if text]
    if kind == "union_tag_invalid":
        hint = did_you_mean(context["tag"], allowed)
        return document.error(place, f"must be one of {', '.join(allowed)}", value=context["tag"], hint=hint)
    return document.error(place, "is missing: it says which kind is meant")


_RULES: dict[str, Callable[[Any], str]] = {
    "int_type": lambda _: "must be a whole number",
    "float_type": lambda _: "must be a number",
    "bool_type": lambda _: "must be true or false",
    "string_type": lambda _: "must be text",
    "list_type": lambda _: "must be a list",
    "finite_number": lambda _: "must be a finite number",
    "greater_than": lambda c: f"must be greater than {c['gt']:g}",
    "greater_than_equal": lambda c: f"must be at least {c['ge']:g}",
    "less_than": lambda c: f"must be less than {c['lt']:g}",
    "less_than_equal": lambda c: f"must be at most {c['le']:g}",
    "string_too_short": lambda _: "must not be empty",
    "too_short": lambda c: f"must have at least {c['min_length']} entries",
}


def _rule(kind: str, context: Any, message: str) -> str:
    if kind in _RULES:
        return _RULES[kind](context)
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return "must be a mapping"
    return message[:1].lower() + message[1:]


def _missing(place: Place, root: type[BaseModel]) -> str:
    if len(place) > 1:
        return "is missing"
    *needed, last = [name for name, field in root.model_fields.items() if field.is_required()]
    return f"is missing: a {root.__name__.lower()} needs {', '.join(needed)} and {last}"


def _near_sibling(place: Place, document: Document, section: type[BaseModel] | None) -> str | None:
    """A key that was probably meant to be the missing one."""
    inside: Any = document.content
    for part in place[:-1]:
        inside = inside.get(part) if isinstance(inside, dict) else None
    if not isinstance(inside, dict) or section is None:
        return None
    strangers = [key for key in inside if key not in section.model_fields]
    near = did_you_mean(str(place[-1]), strangers)
    return near and f"{near.removeprefix('did you mean ').rstrip('?')} looks like it"


def _shown(value: Any) -> Any:
    return "null" if value is None else value


def _inside(place: Place, at: str) -> Place:
    """The place an ``InputError`` of a mirrored dataclass means; it may repeat the section's own name."""
    parts = tuple(at.split(".")) if at else ()
    if parts and place and parts[0] == place[-1]:
        parts = parts[1:]
    return place + parts


def _resolve(loc: tuple[str | int, ...], root: type[BaseModel]) -> tuple[Place, type[BaseModel] | None]:
    """The document's place for pydantic's location (which also names the chosen kind), and the section around it."""
    place: list[str | int] = []
    around: type[BaseModel] | None = root
    options: list[type[BaseModel]] = [root]
    for part in loc:
        named = [option for option in options if _kind_of(option) == part]
        if named and len(options) > 1:
            options = named
            continue
        place.append(part)
        around = options[0] if len(options) == 1 else None
        field = around.model_fields.get(str(part)) if around else None
        options = list(_sections_in(field.annotation)) if field else []
    return tuple(place), around


def _kind_of(section: type[BaseModel]) -> str | None:
    field = section.model_fields.get("kind")
    return field.default if field else None


def _sections_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) is not None:
        for argument in get_args(annotation):
            yield from _sections_in(argument)
