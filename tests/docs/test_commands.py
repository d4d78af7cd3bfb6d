"""Every command in the documentation runs, or at least has options that exist.

``console`` blocks are run in this process, page by page, in an empty folder, after the files the page shows were saved
under the names it gives them. ``sh`` blocks are parsed only: their files are the reader's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer

from simulator.cli.main import app
from tests.cli.invoke import inferplan
from tests.docs.pages import PAGES, blocks, name_of, parsed_lines, run_lines

SLOW = ("docs/tutorial.md", "docs/how-to/size-a-fleet.md")
"""Pages whose commands take more than ten seconds."""

README = PAGES[0]
"""Its commands are run by ``tests/newcomer``, in an environment of their own."""

RUN = [
    pytest.param(page, id=name_of(page), marks=[pytest.mark.slow] if name_of(page) in SLOW else [])
    for page in PAGES
    if any(block.language == "console" for block in blocks(page)) and page != README
]
PARSED = [page for page in PAGES if any(block.language == "sh" for block in blocks(page))]


@pytest.mark.parametrize("page", RUN)
def test_commands_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    count = 0
    for block in blocks(page):
        if block.saved_as is not None:
            Path(block.saved_as).parent.mkdir(parents=True, exist_ok=True)
            Path(block.saved_as).write_text(block.text)
        for command, *arguments in run_lines(block) if block.language == "console" else []:
            assert command == "inferplan"
            done = inferplan(*arguments)
            assert done.status == 0, f"inferplan {' '.join(arguments)}\n{done.err}"
            assert done.out.strip()
            count += 1
    assert count


@pytest.mark.parametrize("page", PARSED, ids=name_of)
def test_options_exist(page: Path) -> None:
    for block in blocks(page):
        for command, *arguments in parsed_lines(block) if block.language == "sh" else []:
            if command == "inferplan":
                _parse(arguments)
            else:
                assert command in ("pip", "make", "python", "curl", "vllm", "cat"), f"{command} {arguments}"


def _parse(arguments: list[str]) -> None:
    """Parse a command line as the program does, and run nothing: options of groups (``--version``) act when parsed, so
    only those of the command itself are given to the parser."""
    command, words = typer.main.get_command(app), list(arguments)
    while (commands := getattr(command, "commands", None)) is not None:
        word = words.pop(0)
        if word.startswith("-"):
            assert any(word in option.opts for option in command.get_params(_context(command))), (
                f"{word} in {arguments}"
            )
            return
        assert word in commands, f"{word} in {arguments}"
        command = commands[word]
    command.make_context(str(command.name), words)


def _context(command: Any) -> Any:
    return command.context_class(command)


def test_a_wrong_option_would_be_found() -> None:
    with pytest.raises(Exception, match="No such option"):
        _parse(["trace", "describe", "x.csv", "--jsn"])
    with pytest.raises(AssertionError, match="--versoin"):
        _parse(["--versoin"])
    with pytest.raises(AssertionError, match="descrbe"):
        _parse(["trace", "descrbe", "x.csv"])
