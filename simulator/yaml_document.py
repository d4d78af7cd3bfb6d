"""Read a YAML text that a user wrote: plain data, the line of every key, and nothing that could hurt.

Only the safe subset is accepted: no tags, no anchors and aliases (nothing here needs them, and they are how a small
file becomes a huge one), no duplicate keys, bounded size and depth. Numbers like ``1e-3`` are numbers, as in YAML 1.2.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from simulator.errors import InputError

Place = tuple[str | int, ...]
"""Path of a value inside a document: keys and list positions."""

MAX_BYTES = 1 << 20
MAX_DEPTH = 20


@dataclass
class Document:
    """Parsed content with the place each value came from.

    ``lines`` maps a place to its 1-based line in ``file``; ``options`` maps a place to the command line option that set
    it (``--set engine.max_num_seqs=128``).
    """

    content: dict[str, Any]
    file: Path | None = None
    lines: dict[Place, int] = field(default_factory=dict)
    options: dict[Place, str] = field(default_factory=dict)

    def error(self, place: Place, problem: str, *, value: object = None, hint: str | None = None) -> InputError:
        """An ``InputError`` that names where ``place`` was written (the caller raises it)."""
        source, line = self.source_of(place)
        return InputError(problem, file=source, line=line, path=dotted(place), value=value, hint=hint)

    def source_of(self, place: Place) -> tuple[str | Path | None, int | None]:
        """File (or option) and line of a place, else of the nearest place around it."""
        for length in range(len(place), -1, -1):
            if place[:length] in self.options:
                return self.options[place[:length]], None
            if place[:length] in self.lines:
                return self.file, self.lines[place[:length]]
        return self.file, None

    def inside(self, key: str) -> Document:
        """The mapping under a key of this one, as a document of its own in the same file."""
        lines = {place[1:]: line for place, line in self.lines.items() if place[:1] == (key,)}
        return Document(self.content[key], self.file, lines)


def dotted(place: Place) -> str:
    """``("workload", "values", 3)`` -> ``workload.values[3]``."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def read_document(path: Path) -> Document:
    """Read a file that holds one mapping. Raises ``InputError`` with file and line."""
    try:
        if not path.is_file() and path.exists():
            raise InputError("is no regular file", file=path)
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise InputError(f"is too large: at most {MAX_BYTES:,} bytes", file=path, value=size)
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError("no such file", file=path) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the name, or in UTF-8 text below
        if isinstance(error, UnicodeDecodeError):
            raise InputError(f"is not UTF-8 text (byte {error.start})", file=path) from None
        raise InputError(f"cannot be read: {getattr(error, 'strerror', None) or error}", file=path) from None
    lines: dict[Place, int] = {}
    content = parse_yaml(text, path, lines)
    if not isinstance(content, dict):
        found = "nothing" if content is None else type(content).__name__
        raise InputError(f"must hold a mapping of keys to values, not {found}", file=path)
    return Document(content, path, lines)


def parse_yaml(text: str, file: str | Path | None = None, lines: dict[Place, int] | None = None) -> Any:
    """Plain data of a YAML text; ``lines`` is filled when given. Raises ``InputError``."""
    found: dict[Place, int] = {} if lines is None else lines
    try:
        if _QUICK_LOADER is not None and not _READ_OTHERWISE.search(text):
            with contextlib.suppress(InputError, yaml.YAMLError, ValueError):
                return _parse(_QUICK_LOADER, text, file, found)
            found.clear()  # mistakes are told by one parser only, so that they read alike everywhere
        return _parse(_Loader, text, file, found)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise InputError(f"is not valid YAML: {error.problem or error.context}", file=file, line=line) from None
    except (yaml.YAMLError, ValueError) as error:
        raise InputError(f"is not valid YAML: {str(error).splitlines()[0]}", file=file) from None


def _parse(loader_type: Any, text: str, file: str | Path | None, lines: dict[Place, int]) -> Any:
    _refuse_unsafe(loader_type, text, file)
    loader = loader_type(text)
    node = loader.get_single_node()
    return None if node is None else _build(loader, node, (), file, lines)


class _Loader(yaml.SafeLoader):
    """SafeLoader whose numbers are YAML 1.2's: ``1e-3`` is a number, ``12:30`` and ``2024-01-01`` are text."""


_KINDS = ("map", "seq", "str", "int", "float", "bool", "null")
"""What a value may be: YAML's core schema."""

_PLAIN_TYPES = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float", "tag:yaml.org,2002:timestamp")
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _PLAIN_TYPES]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"[-+]?[0-9][0-9_]*$"), list("-+0123456789"))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(
        r"(?:[-+]?(?:[0-9][0-9_]*\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
    ),
    list("-+0123456789."),
)


def _quick_loader() -> Any:
    """The same loader on libyaml's parser, some ten times as fast; None where PyYAML was built without it."""
    if not yaml.__with_libyaml__:
        return None
    return type("_QuickLoader", (yaml.CSafeLoader,), {"yaml_implicit_resolvers": _Loader.yaml_implicit_resolvers})


_QUICK_LOADER = _quick_loader()

_READ_OTHERWISE = re.compile(r"[\t!]|[|>][-+0-9]*#")
"""What libyaml takes otherwise than PyYAML's parser: tabs, tags without a name, comments stuck to ``|`` or ``>``."""


def _refuse_unsafe(loader_type: Any, text: str, file: str | Path | None) -> None:
    """Walk the parser's events, which never recurse, before anything is built."""
    depth = 0
    for event in yaml.parse(text, Loader=loader_type):
        line = event.start_mark.line + 1 if event.start_mark else None
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise InputError("anchors and aliases (& and *) are not supported", file=file, line=line)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise InputError(f"is nested too deeply: at most {MAX_DEPTH} levels", file=file, line=line)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _build(loader: Any, node: yaml.Node, place: Place, file: str | Path | None, lines: dict[Place, int]) -> Any:
    line = node.start_mark.line + 1
    lines.setdefault(place, line)
    if node.tag.removeprefix("tag:yaml.org,2002:") not in _KINDS:
        raise InputError("YAML tags (!...) are not supported", file=file, line=line, value=node.tag)
    if isinstance(node, yaml.SequenceNode):
        return [_build(loader, item, (*place, index), file, lines) for index, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        built: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = _key(key_node, place, file)
            key_line = key_node.start_mark.line + 1
            if key in built:
                first = lines[(*place, key)]
                rule = f"stands twice (first on line {first})"
                raise InputError(rule, file=file, line=key_line, path=dotted((*place, key)))
            lines[(*place, key)] = key_line
            built[key] = _build(loader, value_node, (*place, key), file, lines)
        return built
    return loader.construct_object(node)


def _key(node: yaml.Node, place: Place, file: str | Path | None) -> str:
    if isinstance(node, yaml.ScalarNode) and isinstance(node.value, str) and node.tag != "tag:yaml.org,2002:merge":
        return node.value
    line = node.start_mark.line + 1
    raise InputError("keys must be plain words", file=file, line=line, path=dotted(place) or None)
