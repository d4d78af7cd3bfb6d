"""The Markdown twin: the same tables and numbers as the page."""

from __future__ import annotations

import re

import pytest

from simulator.report.page.document import Page
from simulator.report.page.html import html
from simulator.report.page.markdown import markdown, plain
from tests.report.parsed import Parsed


def _tables(text: str) -> list[list[list[str]]]:
    """Rows of cells of every table, the rule below the headings left out."""
    tables: list[list[list[str]]] = []
    before = ""
    for line in text.split("\n"):
        if line.startswith("|"):
            if not before.startswith("|"):
                tables.append([])
            if not re.fullmatch(r"(\|-+:?)+\|", line):
                cells = re.split(r"(?<!\\)\|", line)[1:-1]
                tables[-1].append([re.sub(r"\\(.)", r"\1", cell[1:-1]) for cell in cells])
        before = line
    return tables


@pytest.mark.parametrize("kind", ["run", "goal", "sweep", "plan"])
def test_same_tables_and_numbers(reports: dict[str, tuple[str, str]], kind: str) -> None:
    page, twin = reports[kind]
    shown = [[[_one_line(cell) for cell in row] for row in rows] for rows in Parsed.of(page).tables()]
    assert _tables(twin) == shown
    assert len(shown) > 5


@pytest.mark.parametrize("kind", ["run", "goal", "sweep", "plan"])
def test_same_headings_and_summary(reports: dict[str, tuple[str, str]], kind: str) -> None:
    page, twin = reports[kind]
    parsed = Parsed.of(page)
    heads = [re.sub(r"\\(.)", r"\1", line[3:]) for line in twin.split("\n") if line.startswith("## ")]
    assert heads == [one.text for one in parsed.all("h2")]
    for one in parsed.all("dd"):
        assert plain(one.text) in twin
    for tile in (one for one in parsed.all("strong") if "li" in one.inside):
        assert f"**{plain(tile.text)}**" in twin


def test_hostile_texts_are_escaped(hostile: Page) -> None:
    text = markdown(hostile)
    text = re.sub(r"(?ms)^(`{3,})text\n.*?^\1$", "", text)
    for line in text.split("\n"):
        for sign in "<>[]":
            assert not re.search(rf"(?<!\\){re.escape(sign)}", line), line[:80]
    widths = [{len(row) for row in rows} for rows in _tables(text)]
    assert all(len(width) == 1 for width in widths)
    assert "\u202e" not in text
    text.encode("utf-8")
    assert len(_tables(text)) == len(Parsed.of(html(hostile)).tables())


@pytest.mark.parametrize("text", ["- a", "1. a", "# a", "+ a", "> a", "=== a"])
def test_a_paragraph_is_no_list_or_heading(text: str) -> None:
    assert plain(text).startswith(("\\", "1\\"))


def _one_line(text: str) -> str:
    return "–" if text == "–no value" else " ".join(text.split())
