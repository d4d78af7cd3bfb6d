"""Work of every step of one device, from the step log: the same totals as MFU and MBU, spread over the steps.

The log keeps tokens, decoding sequences and used KV blocks of each step, and the exact sums of every other statistic
over the steps with and those without prefill. What follows from tokens and sequences is computed step by step (one
evaluation per distinct size); attention, which follows from contexts, is known as a sum over the steps of a kind and
spread over them: decode attention by used KV blocks, prefill attention by prefill tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.cost.deployment import Deployment
from simulator.metrics.logs import StepLog
from simulator.metrics.step_mix import StepKind, step_mix
from simulator.operators.encoder import admission_work
from simulator.operators.features import StepFeatures
from simulator.operators.step import (
    decode_attention_work,
    decode_fixed_work,
    decode_statistics,
    prefill_attention_work,
    prefill_statistics,
    sampled_work,
    token_work,
)
from simulator.operators.work import Sizes, Work

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class StepWork:
    """Of one device of a replica, (steps,) each: FLOPs, bytes of device memory, bytes put on the wire."""

    flops: Floats
    bytes: Floats
    wire_bytes: Floats

    @classmethod
    def zeros(cls, steps: int) -> StepWork:
        """Nothing yet."""
        return cls(np.zeros(steps), np.zeros(steps), np.zeros(steps))

    def add(self, where: npt.NDArray[np.bool_], work: tuple[Sizes, Sizes, Sizes]) -> None:
        """Add to the steps of ``where``."""
        for column, values in zip((self.flops, self.bytes, self.wire_bytes), work, strict=True):
            column[where] += values


def logged_work(deployment: Deployment, log: StepLog) -> StepWork:
    """Work of each step of a replica's log; steps without tokens have none."""
    found = StepWork.zeros(len(log))
    tokens, prefill = log.column("tokens"), log.column("prefill_tokens")
    for kind in step_mix([log]):
        where = (tokens > 0) & ((prefill > 0) if kind.name == "mixed" else (prefill == 0))
        if where.any():
            _add_kind(found, where, kind, deployment, log)
    return found


def _add_kind(
    found: StepWork, where: npt.NDArray[np.bool_], kind: StepKind, deployment: Deployment, log: StepLog
) -> None:
    model, layout, tp = deployment.model, deployment.layout, deployment.tensor_parallel_size
    sums = StepFeatures.of_sums(kind.sums)
    tokens, sequences, prompt, blocks = (
        log.column(name)[where].astype(np.int64) for name in ("tokens", "decode_seqs", "prefill_tokens", "used_blocks")
    )
    found.add(where, _by_size(tokens, lambda n: token_work(model, layout, n), tp))
    if sums.sampled:
        per_sequence, per_step = _sampling(sums, kind.steps)

        def head(n: Floats) -> list[Work]:
            return sampled_work(model, layout, per_sequence * n + per_step)

        found.add(where, _by_size(sequences, head, tp, at_zero=per_step > 0))
    if sums.decode_seqs:
        queries = sums.decode_queries / sums.decode_seqs
        found.add(where, _by_size(sequences, lambda n: decode_fixed_work(model, layout, n, queries * n), tp))
        attention = decode_attention_work(model, layout, decode_statistics(sums))
        found.add(where, _spread(attention, np.where(sequences > 0, blocks, 0), sequences, tp))
    if sums.prefill_seqs:
        attention = prefill_attention_work(model, layout, prefill_statistics(sums))
        found.add(where, _spread(attention, prompt, prompt, tp))
    if sums.admitted:
        found.add(where, _totals(admission_work(model, layout, sums.admitted / kind.steps), tp))


def _sampling(sums: StepFeatures, steps: int) -> tuple[float, float]:
    """Rows of the LM head per decoding sequence and, beyond those (prompts that end), per step."""
    if sums.sampled <= sums.decode_seqs:
        return sums.sampled / sums.decode_seqs, 0.0
    return 1.0, (sums.sampled - sums.decode_seqs) / steps


def _by_size(
    sizes: npt.NDArray[np.int64], work_of: Callable[[Floats], list[Work]], tp: int, *, at_zero: bool = False
) -> tuple[Floats, Floats, Floats]:
    """Totals of each step, from one evaluation at the distinct sizes; size 0 has no work unless ``at_zero``."""
    distinct = np.flatnonzero(np.bincount(sizes))
    place = np.zeros(distinct[-1] + 1, dtype=np.int64)
    place[distinct] = np.arange(len(distinct))
    counted = (distinct > 0) | at_zero
    at = np.where(counted, distinct, 1).astype(np.float64)
    flops, moved, wire = (np.where(counted, column, 0.0)[place[sizes]] for column in _totals(work_of(at), tp))
    return flops, moved, wire


def _spread(work: list[Work], weights: Sizes, otherwise: Sizes, tp: int) -> tuple[Floats, Floats, Floats]:
    """Totals of all steps, shared out by ``weights`` (``otherwise`` where those are all 0)."""
    weights = weights if weights.any() else otherwise
    shares = weights / weights.sum()
    flops, moved, wire = (float(total) * shares for total in _totals(work, tp))
    return flops, moved, wire


def _totals(work: list[Work], tp: int) -> tuple[Sizes, Sizes, Sizes]:
    """FLOPs, memory bytes and wire bytes of one rank; a ring all-reduce of n ranks sends 2 (n - 1) / n buffers."""
    ring = 2.0 * (tp - 1) / tp
    flops: Sizes = sum((item.count * item.flops for item in work), start=0.0)
    moved: Sizes = sum((item.count * (item.bytes_read + item.bytes_written) for item in work), start=0.0)
    wire: Sizes = sum((ring * item.count * item.collective_bytes for item in work), start=0.0)
    return flops, moved, wire
