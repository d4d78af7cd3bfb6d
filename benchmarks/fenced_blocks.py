"""The fenced blocks of a Markdown page: files that a reader is to save, commands that he is to copy."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SAVED_AS = re.compile(r"`([\w./-]+\.(?:yaml|csv|json|jsonl))`:\s*$")


@dataclass(frozen=True)
class Block:
    """A fenced block; ``saved_as``: the file the sentence before it names, if it ends in one."""

    language: str
    text: str
    saved_as: str | None

    @property
    def commands(self) -> list[str]:
        """The lines of a ``console`` block that begin with ``$``, without it."""
        return [line[2:] for line in self.text.splitlines() if line.startswith("$ ")]


def fenced_blocks(markdown: str) -> list[Block]:
    """Every fenced block, in order."""
    found = []
    for match in _FENCE.finditer(markdown):
        saved = _SAVED_AS.search(markdown[: match.start()])
        found.append(Block(match[1], match[2], saved[1] if saved else None))
    return found
