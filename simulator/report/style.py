"""How our charts look: one colour-blind-safe cycle, one size, no global state."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's palette (2008), strongest contrasts first; its yellow is left out, too pale for lines."""

COLOURS_ON_DARK = ("#4BA3DD", "#F07F3C", "#2FBF93", "#E29AC6", "#F2B632", "#A5DCFA", "#FFFFFF")
"""The same hues in the same order, lighter, for a dark page; its black is white."""

FAINT = "#8C8C8C"
"""Helper lines and notes."""

RC: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "lines.linewidth": 1.6,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "figure.dpi": 100,
    "savefig.dpi": 150,
    # Same input, same bytes: ids in the SVG come from this salt, not from a random number.
    "svg.hashsalt": "inferplan",
    "svg.fonttype": "path",
}


_LETTERS_PER_INCH = 15.5
_LINE_IN = 0.15


def new_figure(rows: int = 1, columns: int = 1, *, width: float = 7.2, height: float = 3.6, **axes: Any) -> Any:
    """``(figure, axes)`` in our style, inches. The figure belongs to nobody: no pyplot, nothing to close.

    ``axes`` goes to ``Figure.subplots``. Draw on it inside ``styled()`` only.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, columns, **axes)


def styled() -> Any:
    """Context manager: our settings hold inside, the caller's own come back after."""
    import matplotlib

    return matplotlib.rc_context(RC)  # type: ignore[arg-type]


def note(axes: Axes, text: str) -> None:
    """A grey sentence in the middle of an empty chart: why there is nothing to see."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=FAINT)


def headline(figure: Figure, title: str, subtitle: str = "") -> None:
    """What is seen, in bold; how it was obtained, in grey below; the panels make room."""
    lines = textwrap.wrap(subtitle, int(figure.get_figwidth() * _LETTERS_PER_INCH))
    height_in = figure.get_figheight()
    figure.text(0.012, 1 - 0.08 / height_in, title, ha="left", va="top", size=11, weight="bold")
    figure.text(0.012, 1 - 0.31 / height_in, "\n".join(lines), ha="left", va="top", color="#555555", size=8.5)
    top = 1 - (0.38 + _LINE_IN * len(lines)) / height_in
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.set(rect=(0, 0, 1, top))  # type: ignore[call-arg]


def plain_log_ticks(axis: Any, low: float, high: float) -> None:
    """Numbers as people write them on a log axis (20, not 2 x 10^1), as many as fit between ``low`` and ``high``."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

    ratio = high / low
    steps = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0) if ratio < 6 else (1.0, 2.0, 5.0) if ratio < 60 else (1.0,)
    axis.set_major_locator(LogLocator(base=10, subs=steps, numticks=15))
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
