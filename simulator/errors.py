"""The one exception a user's mistake may raise, and how it reads.

Every message names, as far as it is known: the file, the line, the dotted path inside it, the value found, and what
would have been allowed. The command line prints it without a traceback and exits with status 2.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path


class InputError(Exception):
    """Something the user gave cannot be used.

    Parameters
    ----------
    problem:
        One sentence: what is wrong and what is allowed.
    file, line, path, value:
        Where it stands: file name, 1-based line, dotted path (``engine.max_num_seqs``), the value found.
    hint:
        A remedy or a "did you mean", on a line of its own.
    """

    def __init__(
        self,
        problem: str,
        *,
        file: str | Path | None = None,
        line: int | None = None,
        path: str | None = None,
        value: object = None,
        hint: str | None = None,
    ) -> None:
        self.problem = problem
        self.file = None if file is None else str(file)
        self.line = line
        self.path = path
        self.value = value
        self.hint = hint
        super().__init__(self.render())

    def render(self) -> str:
        """The message as it is printed: ``file:line: dotted.path: problem (found VALUE)`` and the hint below."""
        where = ""
        if self.file is not None:
            where += self.file + (f":{self.line}" if self.line is not None else "") + ": "
        if self.path:
            where += f"{self.path}: "
        found = "" if self.value is None else f" (found {_short(self.value)})"
        hint = f"\n  {self.hint}" if self.hint else ""
        return f"{where}{self.problem}{found}{hint}"


_NEAR, _MOST_NEAR = 0.6, 3
"""Least similarity of a name worth proposing (difflib's ratio), and how many are."""


def did_you_mean(
    word: str, known: Iterable[str], *, of: Mapping[str, object] | None = None, near: float = _NEAR
) -> str | None:
    """A "did you mean" sentence for a misspelt name, or None when nothing known is near it.

    ``of``: what each name stands for; of several near names for one thing only the nearest is proposed. ``near``: least
    similarity, higher where a wrong proposal would mislead.
    """
    by_lower = {name.lower(): name for name in known}
    matches = difflib.get_close_matches(word.lower(), by_lower, n=len(by_lower) or 1, cutoff=near)
    found: dict[object, str] = {}
    for name in (by_lower[match] for match in matches):
        found.setdefault(name if of is None else of[name], name)
    if not found:
        return None
    return "did you mean " + " or ".join(repr(name) for name in list(found.values())[:_MOST_NEAR]) + "?"


def _short(value: object, limit: int = 80) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 3] + "..."
