"""A case the simulator cannot run yet: listed with its reason, never dropped."""

from __future__ import annotations


class Unsupported(Exception):
    """The reason, as a phrase after ``unsupported:``."""
