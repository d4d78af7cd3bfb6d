"""What a report consists of: plain data, without a word of HTML or Markdown.

Every text may come from a user's file; the writers escape all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from simulator.report.page.drawing import Bars, Plot


@dataclass(frozen=True)
class Shown:
    """A cell whose text is more than its number, ``50-56``; ``value`` is what it is sorted by, None: the text."""

    text: str
    value: float | None = None


Cell = str | int | float | Shown | None
"""None is a figure that does not exist, printed as a dash."""


@dataclass(frozen=True)
class Column:
    """A column's heading. ``unit`` of all its numbers; ``digits``: significant ones; ``wraps``: running text."""

    name: str
    unit: str = ""
    digits: int = 3
    wraps: bool = False

    @property
    def heading(self) -> str:
        """``TTFT (ms)``."""
        return f"{self.name} ({self.unit})" if self.unit else self.name


@dataclass(frozen=True)
class Table:
    """``caption`` above the rows. The first column names its row. ``note`` below it: what was left out, where it is."""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    note: str = ""


@dataclass(frozen=True)
class Chart:
    """Panels with one caption, in words what they show, and their figures as a table for those who cannot see them."""

    caption: str
    description: str
    panels: Sequence[Plot | Bars]
    data: Table


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    texts: Sequence[str]


@dataclass(frozen=True)
class Listing:
    """A text file or a command, word for word. ``folded``: HTML shows it when asked."""

    caption: str
    text: str
    folded: bool = False


Block = Table | Chart | Paragraph | Bullets | Listing


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it."""

    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class KeyFigure:
    """One number of the summary: ``12.3`` ``ms``, what it is, and its range or what it is compared with."""

    label: str
    value: str
    unit: str = ""
    note: str = ""


@dataclass(frozen=True)
class Page:
    """A whole report.

    ``kind``: run, sweep, goal or plan. ``asked``, ``answer``, ``confidence``: the executive summary, one or two
    sentences each.
    """

    kind: str
    title: str
    asked: str
    answer: str
    confidence: str
    figures: Sequence[KeyFigure]
    sections: Sequence[Section]
