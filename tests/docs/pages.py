"""The pages a user reads, and the fenced blocks in them."""

from __future__ import annotations

import shlex
from pathlib import Path

from benchmarks.fenced_blocks import Block, fenced_blocks

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def name_of(page: Path) -> str:
    """Its path in the repository."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> list[Block]:
    """Every fenced block of a page, in order."""
    return fenced_blocks(page.read_text())


def run_lines(block: Block) -> list[list[str]]:
    """Commands of a ``console`` block: the words of its lines that begin with ``$``."""
    return [shlex.split(command) for command in block.commands]


def parsed_lines(block: Block) -> list[list[str]]:
    """Commands of a ``sh`` block, without comments."""
    joined = block.text.replace("\\\n", " ")
    return [words for line in joined.splitlines() if (words := shlex.split(line, comments=True))]
