"""Sweeps: a scenario over many settings, as many runs at a time as there are processors, nothing lost when killed.

A study (``study.py``) is a scenario and axes; its points (``points.py``) are run by any executor (``execute.py``) and
written to a folder as they finish (``folder.py``). The folder, which reports and plans read:

``study.resolved.yaml``
    The study with its scenario inside and every path absolute; sweeping it again gives the same points.
``points.jsonl``
    One line per finished point in the order they finished, whole lines only (the last may be torn after a crash):
    ``id`` (hash of the point's content), ``index`` (place in the plan), ``set`` (dotted key -> value), ``status``
    (``ok`` or ``error``), ``error`` (text or null), ``metrics`` (name -> number or null; empty after an error),
    ``title`` (what was run, in one line). The last line of an id holds.
``sweep.json``
    ``title``; ``axes``: ``key``, ``kind``, ``keys`` (the dotted keys it sets), ``values``; ``metrics``: ``name``,
    ``unit``, ``better`` (``low``, ``high`` or null); ``counts``: ``planned``, ``ok``, ``error``; ``best``: metric that
    ranks the points; ``notes``; ``provenance`` of the base scenario; ``inferplan``: program version.
``summary.csv``
    Once every point has finished: ``index``, ``id``, ``status``, the dotted keys, the metrics, ``error``, in the order
    of the plan; the same bytes however many workers, however often interrupted.

``simulator.sweeping.load(folder)`` gives them back as a ``SweepResult``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.sweeping.result import SweepResult, load
    from simulator.sweeping.runner import sweep

__all__ = ["SweepResult", "load", "sweep"]

_HOMES = {"SweepResult": "result", "load": "result", "sweep": "runner"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'simulator.sweeping' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"simulator.sweeping.{_HOMES[name]}"), name)
