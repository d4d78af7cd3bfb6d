"""The pages a user reads, and the fenced blocks in them."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SAVED_AS = re.compile(r"`([\w./-]+\.(?:yaml|csv|json|jsonl))`:\s*$")


@dataclass(frozen=True)
class Block:
    """A fenced block; ``saved_as``: the file the sentence before it names, if it ends in one."""

    language: str
    text: str
    saved_as: str | None


def name_of(page: Path) -> str:
    """Its path in the repository."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> list[Block]:
    """Every fenced block of a page, in order."""
    text = page.read_text()
    found = []
    for match in _FENCE.finditer(text):
        saved = _SAVED_AS.search(text[: match.start()])
        found.append(Block(match[1], match[2], saved[1] if saved else None))
    return found


def run_lines(block: Block) -> list[list[str]]:
    """Commands of a ``console`` block: the words of its lines that begin with ``$``."""
    return [shlex.split(line[2:]) for line in block.text.splitlines() if line.startswith("$ ")]


def parsed_lines(block: Block) -> list[list[str]]:
    """Commands of a ``sh`` block, without comments."""
    joined = block.text.replace("\\\n", " ")
    return [words for line in joined.splitlines() if (words := shlex.split(line, comments=True))]
