"""Figures to bytes, the same bytes for the same figure: no dates, no version strings, no random ids."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

from simulator.report.style import styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NO_METADATA = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}


def render(draw: Callable[[], Figure]) -> dict[str, bytes]:
    """Draw once, return ``{"png": ..., "svg": ...}``."""
    with styled():
        figure = draw()
        return {kind: _save(figure, kind) for kind in NO_METADATA}


def _save(figure: Figure, kind: str) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, metadata=NO_METADATA[kind])
    return buffer.getvalue()
