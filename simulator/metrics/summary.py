"""The summary of a run: ``vllm bench serve``'s result keys, then our own.

Every value is a number, text or None (JSON null), never NaN. Latencies are of the requests that arrive inside the
measured window and finish; rates are of the requests that finish inside it, per second of the window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from simulator.cost.totals import DeviceTotals
from simulator.metrics.confidence import batch_means_interval
from simulator.metrics.goodput import Objectives
from simulator.metrics.itl import inter_token_gaps, itl_summary_ms
from simulator.metrics.latency import Latencies
from simulator.metrics.logs import FINISHED, REFUSED, RequestLog, StepLog
from simulator.metrics.utilisation import Levels, mbu, mfu
from simulator.metrics.window import Window, WindowRule, measured_window
from simulator.workload.workload import Workload

Summary = dict[str, Any]

PEAKS = frozenset({"kv_cache_usage_peak", "peak_num_requests_running", "peak_num_requests_waiting"})
"""Keys whose value is the largest seen: over several seeds the largest of all."""

GIVEN = frozenset({"request_rate", "burstiness"})
"""Numbers of the question, not of the answer."""


@dataclass(frozen=True)
class RunRecords:
    """All that metrics read of one run with one seed."""

    workload: Workload
    log: RequestLog
    steps: Sequence[StepLog]


@dataclass(frozen=True)
class SummaryRules:
    """What the summary is asked for: the window, the objectives of goodput, the burstiness to print."""

    window: WindowRule = field(default_factory=WindowRule)
    objectives: Objectives = field(default_factory=Objectives)
    burstiness: float | None = None


def summarise(records: RunRecords, rules: SummaryRules | None = None, work: DeviceTotals | None = None) -> Summary:
    """The summary of one run.

    ``work`` (FLOPs and bytes of all replicas, peaks of one) gives MFU and MBU of the whole run; without it they are
    None. Raises ``InputError`` when the warm-up leaves nothing to measure.
    """
    rules = rules or SummaryRules()
    window = measured_window(records.log, rules.window)
    whole_s, replicas = measured_window(records.log, WindowRule()).duration_s, len(records.steps)
    return {
        **_load(records, rules, window),
        **_throughput(records, rules, window),
        **_latencies(records, window),
        **_engine(records, window),
        "mfu": mfu(work, replicas, whole_s) if work and whole_s > 0 else None,
        "mbu": mbu(work, replicas, whole_s) if work and whole_s > 0 else None,
        "window": {"start_s": window.start_s, "end_s": window.end_s, "whole_run": window.whole_run},
    }


def _load(records: RunRecords, rules: SummaryRules, window: Window) -> Summary:
    workload, status = records.workload, records.log.column("status")
    rate = workload.offered_rate_per_s
    return {
        "num_prompts": records.log.n,
        "request_rate": "inf" if rate is None else rate,
        "burstiness": rules.burstiness,
        "max_concurrency": workload.max_concurrency,
        "duration": window.duration_s,
        "completed": int(np.count_nonzero(window.completed(records.log))),
        "failed": int(np.count_nonzero(status == REFUSED)),
        "unfinished": int(np.count_nonzero((status != FINISHED) & (status != REFUSED))),
    }


def _throughput(records: RunRecords, rules: SummaryRules, window: Window) -> Summary:
    done = window.completed(records.log)
    completed = int(np.count_nonzero(done))
    prompt = int(records.workload.table.prompt_tokens[done].sum())
    output = int(records.log.column("emitted_tokens")[done].sum())

    def per_second(count: int) -> float | None:
        return count / window.duration_s if window.duration_s > 0 else None

    asked = not rules.objectives.empty
    good = int(np.count_nonzero(rules.objectives.met(records.log, done))) if asked else 0
    return {
        "total_input_tokens": prompt,
        "total_output_tokens": output,
        "request_throughput": per_second(completed),
        "request_goodput": per_second(good) if asked else None,
        "goodput_share": good / completed if asked and completed else None,
        "output_throughput": per_second(output),
        "total_token_throughput": per_second(prompt + output),
    }


def _latencies(records: RunRecords, window: Window) -> Summary:
    latencies = Latencies.of(records.log, window.counted(records.log))
    per_request = latencies.summary_ms()
    queue = {key: value for key, value in per_request.items() if key.endswith("queue_time_ms")}
    in_vllm = {key: value for key, value in per_request.items() if key not in queue}
    samples = {"ttft": latencies.ttft_s, "tpot": latencies.tpot_s, "e2el": latencies.e2el_s}
    intervals = {f"mean_{name}_ms": batch_means_interval(values * 1e3) for name, values in samples.items()}
    return {
        **in_vllm,
        **itl_summary_ms(inter_token_gaps(records.steps, window)),
        **queue,
        "batch_means_ci95": {key: None if pair is None else list(pair) for key, pair in intervals.items()},
    }


def _engine(records: RunRecords, window: Window) -> Summary:
    levels = Levels.of(records.steps, records.log, window)
    queries = sum(log.prefix_queries for log in records.steps)
    hits = sum(log.prefix_hits for log in records.steps)
    steps = sum(int(np.count_nonzero(log.column("tokens"))) for log in records.steps)
    blocked = sum(log.blocked_admissions for log in records.steps)
    return {
        "num_replicas": len(records.steps),
        "num_preemptions": sum(log.preemptions for log in records.steps),
        "kv_blocked_step_share": blocked / steps if steps else None,
        "prefix_cache_hit_rate": hits / queries if queries else None,
        "kv_cache_usage_mean": levels.kv_cache_usage_mean,
        "kv_cache_usage_peak": levels.kv_cache_usage_peak,
        "mean_num_requests_running": levels.mean_running,
        "mean_num_requests_waiting": levels.mean_waiting,
        "peak_num_requests_running": levels.peak_running,
        "peak_num_requests_waiting": levels.peak_waiting,
        "mean_batch_tokens": levels.mean_batch_tokens,
        "mean_batch_seqs": levels.mean_batch_seqs,
        "busy_share": levels.busy,
    }


def mean_of(summaries: Sequence[Summary]) -> Summary:
    """One summary for several seeds: the mean of every number, of ``PEAKS`` the largest; the first's value otherwise.

    Whole numbers stay whole where their mean is.
    """
    return {key: _joined(key, [summary[key] for summary in summaries]) for key in summaries[0]}


def _joined(key: str, values: list[Any]) -> Any:
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(numbers) < len(values) or all(value == values[0] for value in values):
        return values[0]
    if key in PEAKS:
        return max(numbers)
    mean = sum(numbers) / len(numbers)
    whole = all(isinstance(value, int) for value in numbers) and mean == int(mean)
    return int(mean) if whole else mean
