"""Dashes tell curves apart without colour; a panel with one colour needs none."""

from __future__ import annotations

from simulator.report.page.drawing import Plot, Series

DASHES = 6
"""Different ones in the style sheet, the solid line among them."""


def dash_of(plot: Plot, one: Series) -> str:
    """The class of a curve's dash, with a blank in front; the first colour of a panel is solid."""
    colours = list(dict.fromkeys(other.colour for other in plot.series if other.line))
    place = colours.index(one.colour) % DASHES if one.colour in colours else 0
    return f" dash{place}" if place else ""
