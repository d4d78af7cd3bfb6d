"""The steps of a run in two kinds, with and without prefill, each by its mean statistics.

The step log keeps totals, not every counter of every step; this is the closest picture of "a step of this run" that
they give. It serves FLOP and byte totals (both are sums over steps) and the operator breakdown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.metrics.logs import StepLog
from simulator.operators.features import FEATURE_NAMES, StepFeatures

_ONLY_IN_TOTAL = ("decode_queries", "decode_kv", "adapters")


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
    """The kinds that occur: ``mixed`` (a prefill chunk is in the step) and ``decode``; together they are the run.

    Steps, tokens and decoding sequences of each kind are exact; the decode sums that are only logged in total (KV read,
    verified queries, adapters) are split in proportion to the decoding sequences.
    """
    totals = {name: sum(log.feature_totals.get(name, 0) for log in logs) for name in FEATURE_NAMES}
    counts = [_pure_decode(log) for log in logs]
    steps, tokens, decoding = (sum(count[column] for count in counts) for column in range(3))
    share = decoding / totals["decode_seqs"] if totals["decode_seqs"] else 0.0
    decode = dict.fromkeys(FEATURE_NAMES, 0) | {name: int(totals[name] * share) for name in _ONLY_IN_TOTAL}
    # A step without prefill samples each of its queries; what else was sampled ended a prefill.
    decode |= {"tokens": tokens, "decode_seqs": decoding, "sampled": decode["decode_queries"]}
    mixed = {name: totals[name] - decode[name] for name in FEATURE_NAMES}
    all_steps = sum(int(np.count_nonzero(log.column("tokens"))) for log in logs)
    kinds = (StepKind("mixed", all_steps - steps, mixed), StepKind("decode", steps, decode))
    return [kind for kind in kinds if kind.steps]


def pure_decode_steps(log: StepLog) -> npt.NDArray[np.bool_]:
    """(steps,) whether a step computes something and no prefill."""
    scheduled, decode_seqs = log.column("tokens"), log.column("decode_seqs")
    return np.asarray((scheduled > 0) & (scheduled <= decode_seqs * _queries_per_seq(log)))


def _pure_decode(log: StepLog) -> tuple[int, int, int]:
    """Steps without prefill, their scheduled tokens and their decoding sequences."""
    scheduled, decode_seqs, pure = log.column("tokens"), log.column("decode_seqs"), pure_decode_steps(log)
    counted = (column[pure].sum(dtype=np.int64) for column in (scheduled, decode_seqs))
    return int(np.count_nonzero(pure)), *(int(total) for total in counted)  # type: ignore[return-value]


def _queries_per_seq(log: StepLog) -> int:
    """Most rows of a decoding sequence: 1, with speculation the mean rounded up. Never calls a decode step mixed."""
    sequences = log.feature_totals.get("decode_seqs", 0)
    return -(-log.feature_totals.get("decode_queries", 0) // sequences) if sequences else 1
