"""Rows per expert in calls of the tables whose tokens follow aiconfigurator's power law.

As its collectors draw them (``power_law_logits_v3``, collector/helper.py, early 2026): an expert's load is from a
density ``x^-alpha`` between 1 and 0.8 times the tokens (0.01 and 2 where rows are no more than experts), all are scaled
to the rows of the call, rounded and held to one row per token; rows lost go to the least loaded. With alpha 1.01 loads
are even in their logarithm: with as many rows as experts, half of these are idle.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from calibration.fit.kernel_class import Floats

_QUANTILES = (np.arange(64) + 0.5) / 64


class SkewedCalls:
    """Calls with loads by the power law, alpha close to 1: experts touched, and tiles by their height.

    ``touched``: experts with at least one row, per call.
    """

    def __init__(self, tokens: Floats, experts: Floats, experts_per_token: Floats) -> None:
        rows = tokens * experts_per_token
        self._experts = experts
        self._loads = _loads(tokens, experts, rows)
        self._by_height: dict[float, Floats] = {}
        touched = experts * np.minimum(self._loads, 1.0).mean(axis=1)
        self.touched = np.clip(touched, experts_per_token, np.minimum(experts, rows))

    def blocks(self, height: Floats) -> Floats:
        """Tiles of ``height`` rows (a number, or one per call) over all experts."""
        heights = np.asarray(height, dtype=np.float64)
        if heights.ndim == 0:
            return self._blocks(float(heights))
        found = np.zeros(heights.shape)
        for one in np.unique(heights):
            found = np.where(heights == one, self._blocks(float(one)), found)
        return found

    def _blocks(self, height: float) -> Floats:
        if height not in self._by_height:
            tiles = np.where(self._loads < 1, self._loads, np.ceil(self._loads / height))
            self._by_height[height] = self._experts * tiles.mean(axis=1)
        return self._by_height[height]


def skewed_calls(tokens: Floats, experts: Floats, experts_per_token: Floats) -> SkewedCalls:
    """The calls of a table; a fit asks for the same ones at every step."""
    return _remembered(*(sizes.astype(np.float64).tobytes() for sizes in (tokens, experts, experts_per_token)))


@lru_cache(maxsize=8)
def _remembered(*sizes: bytes) -> SkewedCalls:
    return SkewedCalls(*(np.frombuffer(part) for part in sizes))


def _loads(tokens: Floats, experts: Floats, rows: Floats) -> Floats:
    """(calls, 64) rows of an expert at equal quantiles, ascending where drawn; fractions below 1 are the share of
    experts with one row."""
    many = rows > experts
    least, most = np.where(many, 1.0, 0.01), np.where(many, np.maximum(1.0, 0.8 * tokens), 2.0)
    drawn = least[:, None] * (most / least)[:, None] ** _QUANTILES
    loads = np.round(drawn / drawn.mean(axis=1, keepdims=True) * (rows / experts)[:, None])
    loads = np.minimum(loads, tokens[:, None])
    lost = np.maximum(rows / experts - loads.mean(axis=1), 0.0)
    rounds = np.floor(lost)
    share = (lost - rounds)[:, None] * len(_QUANTILES) - np.arange(len(_QUANTILES))
    return np.asarray(loads + rounds[:, None] + np.clip(share, 0.0, 1.0), dtype=np.float64)
