"""A page whose texts come from somebody who wants to do harm, and whose numbers are awkward."""

from __future__ import annotations

from simulator.report.page.document import (
    Block,
    Bullets,
    Chart,
    Column,
    KeyFigure,
    Listing,
    Page,
    Paragraph,
    Section,
    Shown,
    Table,
)
from simulator.report.page.drawing import Axis, Bar, Bars, Label, Plot, Reference, Series

TEXTS = (
    "<script>window.hacked = 1</script>",
    "</style><script>window.hacked = 2</script>",
    "</script><script>window.hacked = 3</script>",
    '" onmouseover="window.hacked = 4" x="',
    "' onfocus='window.hacked = 5' autofocus='",
    "<img src=x onerror=window.hacked=6>",
    "<svg onload=window.hacked=7>",
    "javascript:window.hacked=8",
    "[click](javascript:window.hacked=9)",
    "]]><!-- & &amp; &lt;",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(1)",
    "safe\u202egnp.exe",
    "nul\x00bell\x07",
    "lone \ud800 surrogate",
    "| a pipe | `code` ``` *stars* _lines_",
    "two\nlines",
    "x" * 3000,
    "https://evil.example/pixel.png",
    "url(https://evil.example/font)",
)
"""What a model, a workload, a request or a goal may be called."""

VALUES = (3.0, 12.5, 1000.0, -0.25, None, 0.001, 2.0, 30.0, 7.0, 11.0, 5.0)


def hostile_page() -> Page:
    """Every text of every kind of block is hostile."""
    texts = list(TEXTS)
    heads = [Column(texts[0]), Column(texts[1], texts[3]), Column("Text", wraps=True)]
    rows = [[text, VALUES[i % len(VALUES)], texts[-1 - i]] for i, text in enumerate(texts)]
    table = Table(texts[2], heads, rows, texts[4])
    blocks: list[Block] = [
        Paragraph(" ".join(texts)),
        Bullets(texts),
        Listing(texts[5], "\n".join(texts), folded=True),
        Listing("short", texts[0]),
        table,
        Table("Ranges", [Column("Name"), Column("Band", "ms")], [["a", Shown("5-6", 5.0)], ["b", Shown("10-20", 10.0)],
                                                                 ["c", Shown("1-2", 1.0)]]),
        _plots(table),
        Chart(texts[6], texts[7], [_bars()], table),
    ]  # fmt: skip
    return Page(
        "run",
        texts[0],
        asked=texts[1],
        answer=texts[2],
        confidence=texts[3],
        figures=[KeyFigure(text, text, text, text) for text in texts],
        sections=[Section(text, blocks) for text in texts[:3]],
    )


def _bars() -> Bars:
    return Bars(TEXTS[0], TEXTS[1], [Bar(text, i, text, text, i % 7) for i, text in enumerate(TEXTS)])


def _plots(table: Table) -> Chart:
    points = Series(TEXTS[0], [1.0, 2.0, 3.0], [5.0, None, 7.0], 0, tips=list(TEXTS[:3]))
    lines = [Series(TEXTS[3], [1.0, 2.0, 3.0], [10.0, 20.0, 15.0], 1), Series("b", [1.0, 2.0, 3.0], [1.0, 2.0, 4.0], 2)]
    marks = [Reference(TEXTS[3], 2.0, "x", 1.5, 2.5), Reference(TEXTS[4], 12.0, "y")]
    return Chart(
        TEXTS[1],
        TEXTS[2],
        [
            Plot(TEXTS[0], Axis(TEXTS[3]), Axis(TEXTS[4]), [points], marks, [Label(TEXTS[5], 1.0, 5.0)], hover="point"),
            Plot("Lines", Axis("load (requests/s)"), Axis("ms", log=True), lines, wide=True),
        ],
        table,
    )
