"""A page of facts: read by people as tables, by programs as JSON whose keys carry the units."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

_UNIT_KEYS = {"%": "percent", "$/h": "usd_per_hour", "1/s": "per_s", "B": "billion"}
"""Units whose key is not their lower-case self."""

_LONGEST_FIGURE = 40
"""Characters of a value that is kept on one line."""


@dataclass(frozen=True)
class Fact:
    """One figure or word. ``value`` None is printed as ``not published``; ``note`` explains it."""

    label: str
    value: float | int | str | None
    unit: str = ""
    note: str = ""

    @property
    def key(self) -> str:
        """``memory bandwidth`` in ``GB/s`` -> ``memory_bandwidth_gb_s``."""
        unit = _UNIT_KEYS.get(self.unit, self.unit.lower().replace("/", "_"))
        return _key(f"{self.label} {unit}")

    @property
    def text(self) -> str:
        """The value with its unit, thousands separated, at most six significant digits."""
        if self.value is None:
            return "not published"
        if isinstance(self.value, str):
            return self.value
        if self.unit == "$/h":
            return f"${self.value:,.2f}/h"
        return f"{_number(self.value)} {self.unit}".rstrip()


def _key(text: str) -> str:
    """Words and digits joined by underscores."""
    return re.sub(r"\W+", "_", text).strip("_")


def _number(value: float | int) -> str:
    if isinstance(value, int) or float(value).is_integer():
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:.4g}"


@dataclass(frozen=True)
class Page:
    """``title`` with a one-line ``subtitle``, ``sections`` of facts, and ``lists`` of running text (sources)."""

    title: str
    subtitle: str
    sections: dict[str, list[Fact]]
    lists: dict[str, tuple[str, ...]]

    def content(self) -> dict[str, Any]:
        """Plain data for JSON."""
        sections = {name: {fact.key: fact.value for fact in facts} for name, facts in self.sections.items()}
        keyed = {_key(name).lower(): facts for name, facts in sections.items()}
        return {"name": self.title, "summary": self.subtitle, **keyed, **{k: list(v) for k, v in self.lists.items()}}


def print_json(page: Page) -> None:
    """One JSON object."""
    print(json.dumps(page.content(), indent=2, ensure_ascii=False))


def print_page(page: Page) -> None:
    """Tables for people, as wide as the terminal, 110 columns elsewhere."""
    import sys

    from rich.console import Console
    from rich.markup import escape
    from rich.padding import Padding
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else 110, highlight=False)
    with console.capture() as captured:
        console.print(f"[bold]{escape(page.title)}[/bold]  {escape(page.subtitle)}")
        for name, facts in page.sections.items():
            if facts:
                console.print(f"\n[bold]{escape(name)}[/bold]", _table(facts), sep="\n")
        for name, texts in page.lists.items():
            if texts:
                console.print(f"\n[bold]{escape(name)}[/bold]")
                console.print(*(Padding(Text(text), (0, 0, 0, 2)) for text in texts), sep="")
    print("\n".join(line.rstrip() for line in captured.get().splitlines()))


def _table(facts: list[Fact]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(show_header=False, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(no_wrap=max(len(fact.text) for fact in facts) <= _LONGEST_FIGURE)
    table.add_column()
    for fact in facts:
        table.add_row(Text("  " + fact.label), Text(fact.text), Text(fact.note))
    return table
