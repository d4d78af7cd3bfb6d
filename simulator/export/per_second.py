"""Peaks per second of a client's clock, as ``vllm bench serve`` counts them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Times = npt.NDArray[Any]
"""Seconds."""


def peak_tokens_per_s(first_token_s: Times, gaps_s: Sequence[Sequence[float]], start_s: float) -> float:
    """Most deliveries in a second counted from ``start_s``; ``gaps_s``: between the deliveries of each request."""
    if not len(first_token_s):
        return 0.0
    times = [
        first + np.concatenate(([0.0], np.cumsum(gaps))) for first, gaps in zip(first_token_s, gaps_s, strict=True)
    ]
    return float(np.bincount((np.concatenate(times) - start_s).astype(np.int64)).max())


def peak_requests_per_s(arrival_s: Times, finish_s: Times, start_s: float) -> int:
    """Most requests that are in the system during some part of a second."""
    if not len(arrival_s):
        return 0
    begin, end = (arrival_s - start_s).astype(np.int64), (finish_s - start_s).astype(np.int64)
    changes = np.bincount(begin, minlength=int(end.max()) + 2) - np.bincount(end + 1, minlength=int(end.max()) + 2)
    return int(np.cumsum(changes).max())
