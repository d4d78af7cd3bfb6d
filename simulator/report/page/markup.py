"""HTML and SVG elements whose texts and attributes are always escaped: the only way markup comes into a page."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from html import escape


class Markup(str):
    """Text that is markup already; only ``element`` and ``joined`` make it, and the page's own assets."""

    __slots__ = ()


_KEPT_CONTROLS = "\n\t"
_BIDIRECTIONAL = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_VOID = frozenset({"meta", "br", "wbr", "hr"})
_EMPTY_SHAPES = frozenset({"line", "path", "rect", "circle"})
_NAME = re.compile(r"[a-zA-Z][\w:-]*")


def visible(text: str) -> str:
    """The text with control characters and marks that turn the writing direction spelt out (``\\u202e``).

    They would break the file or make a name look like another one.
    """
    return "".join(_spelt(sign) for sign in text)


def _spelt(sign: str) -> str:
    control = unicodedata.category(sign) in ("Cc", "Cs") and sign not in _KEPT_CONTROLS
    return f"\\u{ord(sign):04x}" if control or sign in _BIDIRECTIONAL else sign


def element(name: str, /, *children: str | Markup | None, **attributes: str | int | float | bool | None) -> Markup:
    """``<name attributes>children</name>``. Plain strings are escaped.

    Attribute names: a trailing ``_`` is dropped (``class_``), others become ``-`` (``aria_label``). None and False
    leave an attribute out, True gives it without a value.
    """
    assert _NAME.fullmatch(name)
    start = f"<{name}" + "".join(_attribute(key, value) for key, value in attributes.items())
    inside = joined(children)
    if name in _VOID:
        return Markup(f"{start}>")
    if name in _EMPTY_SHAPES and not inside:
        return Markup(f"{start}/>")
    return Markup(f"{start}>{inside}</{name}>")


def joined(children: Iterable[str | Markup | None]) -> Markup:
    """Several pieces as one; plain strings are escaped."""
    return Markup("".join(_safe(child) for child in children if child is not None))


def _safe(child: str | Markup) -> str:
    return child if isinstance(child, Markup) else escape(visible(child))


def _attribute(key: str, value: str | int | float | bool | None) -> str:
    name = key.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    if value is True:
        return f" {name}"
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return f' {name}="{escape(visible(text))}"'
