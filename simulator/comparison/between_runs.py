"""Two runs side by side, and which operator, queue or memory term makes the difference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simulator.comparison.metrics import Pair, shared_metrics

NOTABLE = 0.02
"""Relative change below which a metric counts as unchanged."""


@dataclass(frozen=True)
class OperatorChange:
    """Milliseconds per mean step of one operator in both runs."""

    name: str
    before_ms: float
    after_ms: float

    @property
    def change_ms(self) -> float:
        """After minus before."""
        return self.after_ms - self.before_ms


@dataclass(frozen=True)
class RunDifference:
    """``metrics`` (relative: after / before - 1), operators by size of change, and sentences, the weightiest first."""

    metrics: list[Pair]
    operators: list[OperatorChange]
    sentences: list[str]


def difference(before: dict[str, Any], after: dict[str, Any]) -> RunDifference:
    """Explain the way from one summary to another."""
    metrics = list(shared_metrics(after, before))
    operators = _operators(before, after)
    sentences = [
        *_steps(before, after, operators),
        *_prefill(before, after),
        *_queue(before, after),
        *_memory(before, after),
    ]
    if not sentences:
        sentences = ["nothing that matters differs"]
    return RunDifference(metrics, operators, sentences)


def _operators(before: dict[str, Any], after: dict[str, Any]) -> list[OperatorChange]:
    mine, theirs = (run.get("operators_ms_per_step") or {} for run in (before, after))
    names = list(dict.fromkeys([*mine, *theirs]))
    changes = [OperatorChange(name, mine.get(name, 0.0), theirs.get(name, 0.0)) for name in names]
    return sorted(changes, key=lambda change: -abs(change.change_ms))


def _steps(before: dict[str, Any], after: dict[str, Any], operators: list[OperatorChange]) -> list[str]:
    old, new = (sum(getattr(change, side) for change in operators) for side in ("before_ms", "after_ms"))
    if not old or abs(new / old - 1) < NOTABLE:
        return []
    most = [change for change in operators[:3] if abs(change.change_ms) > 0.1 * abs(new - old)]
    parts = ", ".join(f"{change.name} {change.change_ms:+.3g} ms" for change in most)
    batch = f"batch {before['mean_batch_seqs']:.3g} -> {after['mean_batch_seqs']:.3g} sequences"
    return [f"the mean step takes {old:.3g} -> {new:.3g} ms ({new / old - 1:+.0%}), mostly {parts}; {batch}"]


def _prefill(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    old, new = (run.get("prefix_cache_hit_rate") or 0.0 for run in (before, after))
    if abs(new - old) < NOTABLE:
        return []
    return [f"prefix-cache hits go from {old:.0%} to {new:.0%} of the prompt tokens, so prefill work changes with them"]


def _queue(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    old, new = before.get("mean_queue_time_ms"), after.get("mean_queue_time_ms")
    ttft = abs((after.get("mean_ttft_ms") or 0.0) - (before.get("mean_ttft_ms") or 0.0))
    if old is None or new is None or abs(new - old) <= max(0.5, 0.1 * ttft):
        return []
    share = f", {abs(new - old) / ttft:.0%} of the change of the mean TTFT" if ttft else ""
    return [f"requests wait {old:.3g} -> {new:.3g} ms for their first step{share}"]


def _memory(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    said = []
    blocks = [run["provenance"].get("kv_blocks_per_replica") for run in (before, after)]
    if all(blocks) and abs(blocks[1] / blocks[0] - 1) >= NOTABLE:
        peaks = [run.get("kv_cache_usage_peak") or 0.0 for run in (before, after)]
        use = f"peak use {peaks[0]:.0%} -> {peaks[1]:.0%}"
        said.append(f"the KV cache holds {blocks[0]:,} -> {blocks[1]:,} blocks per replica ({use})")
    old, new = before.get("num_preemptions", 0), after.get("num_preemptions", 0)
    if old != new:
        said.append(f"preemptions go from {old:,} to {new:,}; each computes its prompt again")
    return said
