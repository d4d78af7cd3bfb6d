"""The metrics two results share, in the order people read them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

LATENCIES = ("ttft", "tpot", "itl", "e2el")
STATISTICS = ("mean", "median", "p90", "p95", "p99")
RATES = ("request_throughput", "request_goodput", "output_throughput", "total_token_throughput")
SCALES_WITH_STEPS = ("tpot", "itl", "e2el", "ttft")
"""Latencies made of step times: an error of the steps is an error of theirs."""


@dataclass(frozen=True)
class Pair:
    """One metric of two results; ``relative`` is ``left / right - 1``."""

    name: str
    left: float
    right: float

    @property
    def relative(self) -> float | None:
        """None when the right value is zero."""
        return self.left / self.right - 1 if self.right else None


def shared_metrics(left: dict[str, Any], right: dict[str, Any]) -> Iterator[Pair]:
    """Every latency statistic (ms) and rate (per s) that both results give as a number."""
    names = [f"{statistic}_{latency}_ms" for latency in LATENCIES for statistic in STATISTICS]
    for name in (*names, *RATES):
        mine, theirs = _number(left.get(name)), _number(right.get(name))
        if mine is not None and theirs is not None:
            yield Pair(name, mine, theirs)


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
