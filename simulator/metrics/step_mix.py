"""The steps of a run in two kinds, with and without prefill, each by its mean statistics.

The step log keeps the sums of each kind, not every counter of every step; their means are the closest picture of "a
step of this run". It serves FLOP and byte totals (both are sums over steps) and the operator breakdown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.metrics.logs import StepLog
from simulator.operators.features import FEATURE_NAMES, StepFeatures


@dataclass(frozen=True)
class StepKind:
    """``steps`` steps whose counters add up to ``sums``."""

    name: str
    steps: int
    sums: dict[str, int]

    @property
    def mean(self) -> StepFeatures:
        """The mean step. Its counters are fractions; every work and time formula takes them."""
        fractions: dict[str, Any] = {name: total / self.steps for name, total in self.sums.items()}
        return StepFeatures(**fractions)


def step_mix(logs: Sequence[StepLog]) -> list[StepKind]:
    """The kinds that occur: ``mixed`` (the prefill kernel runs) and ``decode``; together they are the run."""
    mixed, totals = (
        {name: sum(getattr(log, kind).get(name, 0) for log in logs) for name in FEATURE_NAMES}
        for kind in ("mixed_totals", "feature_totals")
    )
    decode = {name: totals[name] - mixed[name] for name in FEATURE_NAMES}
    pure = sum(int(np.count_nonzero(pure_decode_steps(log))) for log in logs)
    working = sum(int(np.count_nonzero(log.column("tokens"))) for log in logs)
    kinds = (StepKind("mixed", working - pure, mixed), StepKind("decode", pure, decode))
    return [kind for kind in kinds if kind.steps]


def pure_decode_steps(log: StepLog) -> npt.NDArray[np.bool_]:
    """(steps,) whether a step computes something and runs no prefill kernel."""
    return np.asarray((log.column("tokens") > 0) & (log.column("prefill_tokens") == 0))
