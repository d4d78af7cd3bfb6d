"""Doubts about the unit of a trace's times: milliseconds where seconds are expected, Unix time, and the other way."""

from __future__ import annotations

import numpy as np

from simulator.workload.table import FloatColumn

_FEW = 20
"""Below so many requests nothing is concluded."""

_SLOWEST_PER_S, _FASTEST_PER_S = 0.02, 20_000.0
"""Mean rates of real services lie between; outside, a mistaken unit is the likelier reason."""

_UNIX_2001_S = 1e9


def unit_doubts(arrival_s: FloatColumn) -> list[str]:
    """What looks wrong about times taken as seconds, one sentence each, with the remedy.

    A wrong unit cannot be proved: a slow service exists. So the user is told and nothing is changed.
    """
    doubts = []
    if arrival_s.min() >= _UNIX_2001_S:
        doubts.append(
            f"the first request comes at {arrival_s.min():.0f} s: times look like Unix time, "
            "and the run idles until then; count them from the first request"
        )
    if len(arrival_s) < _FEW or arrival_s.max() == arrival_s.min():
        return doubts
    rate_per_s = (len(arrival_s) - 1) / float(arrival_s.max() - arrival_s.min())
    whole = bool(np.all(arrival_s == np.floor(arrival_s)))
    if whole and _in_milliseconds(arrival_s, rate_per_s):
        doubts.append(
            f"times are whole numbers and taken as seconds give {rate_per_s:.3g} requests/s over "
            f"{(arrival_s.max() - arrival_s.min()) / 3600:.1f} h: if they are milliseconds, set rate_scale: 1000"
        )
    if rate_per_s > _FASTEST_PER_S:
        doubts.append(
            f"{rate_per_s:.3g} requests/s: times look like a larger unit than the format's; "
            "if they are seconds read as milliseconds, set rate_scale: 0.001"
        )
    return doubts


def _in_milliseconds(arrival_s: FloatColumn, rate_per_s: float) -> bool:
    """Whether whole-number times are likely milliseconds: hardly any requests, or every stamp a multiple of 1000."""
    step = int(np.gcd.reduce(arrival_s.astype(np.int64)))
    return rate_per_s < _SLOWEST_PER_S or step % 1000 == 0
