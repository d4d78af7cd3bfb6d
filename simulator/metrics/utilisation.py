"""How busy the replicas were: step statistics, KV use, MFU and MBU.

A level (running, waiting, used blocks) is logged once per step and holds while that step is on the device; between
steps an engine has nothing to run. Means over time weigh each step by its seconds.

The mean numbers of requests waiting and running come from the requests instead (Little's law: seconds spent there, per
second), because a level taken once per step misses whoever arrives and is scheduled between two readings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.cost.totals import DeviceTotals
from simulator.metrics.logs import RequestLog, StepLog
from simulator.metrics.quantiles import weighted_sum
from simulator.metrics.window import Window


def mfu(work: DeviceTotals, num_replicas: int, duration_s: float) -> float:
    """Model FLOPs utilisation: FLOPs of all replicas / FLOPs their devices could do in ``duration_s`` s, idle time too.

    ``work`` holds the FLOPs of all replicas together and the peaks of one replica.
    """
    return work.flops / (work.peak_flops_per_s * num_replicas * duration_s)


def mbu(work: DeviceTotals, num_replicas: int, duration_s: float) -> float:
    """Memory bandwidth utilisation: bytes moved / bytes that could have been moved in ``duration_s`` seconds."""
    return work.bytes / (work.peak_bytes_per_s * num_replicas * duration_s)


@dataclass(frozen=True)
class Levels:
    """Use of the replicas inside a window; shares are 0..1, None where there is nothing to divide by.

    ``busy``: share of time a step ran. ``mean_waiting``: requests per replica, over time, from arrival to the start of
    their first step, or back in the queue after a preemption; ``mean_running``: the other requests inside the engine.
    Together they are throughput times time in the engine. The peaks are of the levels after each plan (vLLM's gauges).
    ``mean_batch_tokens``/``mean_batch_seqs``: per step. ``kv_cache_usage_*``: used blocks / usable blocks.
    """

    busy: float | None
    mean_running: float | None
    mean_waiting: float | None
    peak_running: int
    peak_waiting: int
    mean_batch_tokens: float | None
    mean_batch_seqs: float | None
    kv_cache_usage_mean: float | None
    kv_cache_usage_peak: float | None

    @classmethod
    def of(cls, steps: Sequence[StepLog], requests: RequestLog, window: Window) -> Levels:
        """Levels pooled over replicas, every replica counting alike."""
        sums = [_ReplicaSums.of(log, requests, window) for log in steps]
        replica_seconds = window.duration_s * len(sums)
        count = sum(one.steps for one in sums)
        with_blocks = [one for one in sums if one.blocks]

        def over_time(total: float) -> float | None:
            return total / replica_seconds if replica_seconds > 0 else None

        def per_step(total: float) -> float | None:
            return total / count if count else None

        kv_seconds = window.duration_s * sum(one.blocks for one in with_blocks)
        return cls(
            busy=over_time(sum(one.busy_s for one in sums)),
            mean_running=over_time(sum(one.stay_s - one.waiting_s for one in sums)),
            mean_waiting=over_time(sum(one.waiting_s for one in sums)),
            peak_running=max((one.peak_running for one in sums), default=0),
            peak_waiting=max((one.peak_waiting for one in sums), default=0),
            mean_batch_tokens=per_step(sum(one.tokens for one in sums)),
            mean_batch_seqs=per_step(sum(one.running for one in sums)),
            kv_cache_usage_mean=sum(one.block_s for one in with_blocks) / kv_seconds if kv_seconds > 0 else None,
            kv_cache_usage_peak=max((one.peak_blocks / one.blocks for one in with_blocks), default=None),
        )


@dataclass(frozen=True)
class _ReplicaSums:
    """Sums over one replica's steps that end inside the window; ``steps`` and what is summed per step leave out plans
    that computed nothing. ``stay_s``, ``waiting_s``: request-seconds inside the engine and in its queue."""

    steps: int
    busy_s: float
    stay_s: float
    waiting_s: float
    block_s: float
    tokens: int
    running: int
    peak_running: int
    peak_waiting: int
    peak_blocks: int
    blocks: int

    @classmethod
    def of(cls, log: StepLog, requests: RequestLog, window: Window) -> _ReplicaSums:
        start, end = log.column("start_s"), log.column("end_s")
        first, last = 0, len(log)
        if not window.whole_run:
            first, last = np.searchsorted(end, [window.start_s, window.end_s], side="right").tolist()
        seconds = end[first:last] - start[first:last]
        running, waiting, blocks = (log.column(name)[first:last] for name in ("running", "waiting", "used_blocks"))
        tokens = log.column("tokens")[first:last]
        stay_s, queue_s = _request_seconds(requests, log.replica, window)
        return cls(
            steps=int(np.count_nonzero(tokens)),
            busy_s=float(seconds.sum()),
            stay_s=stay_s,
            # Queue times know waits shorter than a step; the levels know preempted requests that wait once more.
            waiting_s=min(stay_s, max(queue_s, weighted_sum(seconds, waiting))) if log.preemptions else queue_s,
            block_s=weighted_sum(seconds, blocks),
            tokens=int(tokens.sum(dtype=np.int64)),
            running=int(running[tokens > 0].sum(dtype=np.int64)),
            peak_running=int(running.max(initial=0)),
            peak_waiting=int(waiting.max(initial=0)),
            peak_blocks=int(blocks.max(initial=0)),
            blocks=log.num_blocks,
        )


def _request_seconds(log: RequestLog, replica: int, window: Window) -> tuple[float, float]:
    """Request-seconds inside one replica and, of them, before the first step, as far as they lie in the window."""
    rows = (log.column("replica") == replica) & np.isfinite(log.column("finish_s"))
    arrival, start, finish = (
        np.clip(log.column(name)[rows] - late, window.start_s, window.end_s)
        for name, late in (("arrival_s", 0.0), ("scheduled_s", 0.0), ("finish_s", log.delivery_s))
    )
    return float((finish - arrival).sum()), float((start - arrival).sum())
