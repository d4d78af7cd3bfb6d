"""Markers of points: the shape tells the series too, for those who cannot tell the colours."""

from __future__ import annotations

from simulator.report.page.markup import Markup, element

_R = 4.0
SHAPES = 6
"""Different markers."""


def marker(colour: int, x: float, y: float, *, class_: str = "mark") -> Markup:
    """The marker of a palette colour around a point."""
    classes = f"{class_} f{colour}"
    shape = colour % SHAPES
    if shape == 0:
        return element("circle", cx=x, cy=y, r=_R, class_=classes)
    return element("path", d=_outline(shape, x, y), class_=classes)


def _outline(shape: int, x: float, y: float) -> str:
    r = _R
    if shape == 1:
        return f"M{x - r:.1f} {y - r:.1f}h{2 * r:g}v{2 * r:g}h{-2 * r:g}z"
    if shape == 2:
        return f"M{x:.1f} {y - 1.3 * r:.1f}l{1.2 * r:g} {2.2 * r:g}h{-2.4 * r:g}z"
    if shape == 3:
        return f"M{x:.1f} {y - 1.3 * r:.1f}l{1.3 * r:g} {1.3 * r:g}l{-1.3 * r:g} {1.3 * r:g}l{-1.3 * r:g} {-1.3 * r:g}z"
    if shape == 4:
        return f"M{x:.1f} {y + 1.3 * r:.1f}l{1.2 * r:g} {-2.2 * r:g}h{-2.4 * r:g}z"
    a, b = 0.5 * r, 1.3 * r
    return (
        f"M{x - a:.1f} {y - b:.1f}h{2 * a:g}v{b - a:g}h{b - a:g}v{2 * a:g}h{a - b:g}v{b - a:g}h{-2 * a:g}"
        f"v{a - b:g}h{a - b:g}v{-2 * a:g}h{b - a:g}z"
    )
