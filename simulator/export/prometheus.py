"""A run as a scrape of vLLM's ``/metrics`` after the last request: Prometheus text exposition format 0.0.4."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.export.vllm_metrics import COUNTERS, GAUGES, HISTOGRAMS, Histogram
from simulator.metrics.logs import FINISHED, RequestLog, StepLog
from simulator.metrics.summary import RunRecords
from simulator.result import RunResult

Values = npt.NDArray[Any]
Weighted = tuple[Values, Values]
"""Observed values and how often each was seen."""


@dataclass(frozen=True)
class _Engine:
    """What one replica's engine would have counted and observed, by metric name without the prefix."""

    counters: Mapping[str, float]
    observed: Mapping[str, Weighted]


def prometheus_text(result: RunResult) -> str:
    """Counters and histograms of the whole run (first seed), one ``engine`` label per replica; gauges after the drain.

    Names, help texts, labels and buckets are vLLM's. Every request ends with ``finished_reason="length"``.
    """
    model, records = result.provenance["model"]["name"], result.records
    longest = result.scenario.engine.max_model_len or 1
    engines = [_engine(records, log) for log in records.steps]
    labels = [{"engine": str(log.replica), "model_name": model} for log in records.steps]
    lines: list[str] = []
    for name, help_text in GAUGES.items():
        lines += [*_head(name, help_text, "gauge"), *(_sample(name, own, 0.0) for own in labels)]
    for name, help_text in COUNTERS.items():
        lines += _head(f"{name}_total", help_text, "counter")
        more = {"finished_reason": "length"} if name == "request_success" else {}
        for engine, own in zip(engines, labels, strict=True):
            lines.append(_sample(f"{name}_total", {**own, **more}, engine.counters[name]))
    for name, histogram in HISTOGRAMS.items():
        lines += _head(name, histogram.help_text, "histogram")
        for engine, own in zip(engines, labels, strict=True):
            lines += _histogram(name, own, histogram, longest, *engine.observed[name])
    lines += _cache_config(result, [log.num_blocks for log in records.steps])
    return "\n".join(lines) + "\n"


def _engine(records: RunRecords, log: StepLog) -> _Engine:
    requests, prompt = records.log, records.workload.table.prompt_tokens
    mine = (requests.column("replica") == log.replica) & (requests.column("status") == FINISHED)
    observed = _requests(requests, prompt, mine)
    tokens = log.column("tokens")
    observed["iteration_tokens_total"] = _once(tokens[tokens > 0])
    observed["inter_token_latency_seconds"] = _gaps(log)
    counters = {
        "num_preemptions": log.preemptions,
        "prompt_tokens": prompt[mine].sum(),
        "generation_tokens": requests.column("emitted_tokens")[mine].sum(),
        "prefix_cache_queries": log.prefix_queries,
        "prefix_cache_hits": log.prefix_hits,
        "request_success": np.count_nonzero(mine),
    }
    return _Engine({name: float(value) for name, value in counters.items()}, observed)


def _requests(log: RequestLog, prompt: Values, mine: npt.NDArray[np.bool_]) -> dict[str, Weighted]:
    """Observations at the end of each request; phases are the engine's, without what delivery takes."""
    arrival, scheduled, first, finish = (
        log.column(name)[mine] for name in ("arrival_s", "scheduled_s", "first_token_s", "finish_s")
    )
    emitted = log.column("emitted_tokens")[mine]
    decode = finish - first
    values = {
        "time_to_first_token_seconds": first - arrival,
        "e2e_request_latency_seconds": finish - arrival,
        "request_queue_time_seconds": scheduled - arrival,
        "request_prefill_time_seconds": first - log.delivery_s - scheduled,
        "request_decode_time_seconds": decode,
        "request_inference_time_seconds": finish - log.delivery_s - scheduled,
        "request_time_per_output_token_seconds": decode / np.maximum(emitted - 1, 1),
        "request_prompt_tokens": prompt[mine],
        "request_generation_tokens": emitted,
    }
    return {name: _once(column) for name, column in values.items()}


def _gaps(log: StepLog) -> Weighted:
    """Gaps between deliveries: step ends, weighted by the requests that delivered at both, and the exceptions."""
    odd = np.array(log.odd_gaps_s, dtype=np.float64)
    gaps, counts = np.diff(log.column("end_s")), log.column("gap_seqs")[1:]
    return np.concatenate((gaps, odd)), np.concatenate((counts, np.ones(len(odd), dtype=np.int64)))


def _once(values: Values) -> Weighted:
    return values, np.ones(len(values), dtype=np.int64)


def _histogram(
    name: str, labels: Mapping[str, str], histogram: Histogram, longest: int, values: Values, counts: Values
) -> Iterator[str]:
    """Cumulative buckets, sum and count; a value equal to a bound is inside."""
    bounds = histogram.bounds(longest)
    place = np.searchsorted(bounds, values, side="left")
    seen = np.cumsum(np.bincount(place, weights=counts, minlength=len(bounds) + 1))
    for bound, count in zip([*map(float, bounds), float("inf")], seen.tolist(), strict=True):
        yield _sample(f"{name}_bucket", {**labels, "le": _number(bound)}, count)
    yield _sample(f"{name}_count", labels, float(seen[-1]))
    yield _sample(f"{name}_sum", labels, float(np.dot(values, counts)))


def _cache_config(result: RunResult, blocks: Sequence[int]) -> Iterator[str]:
    """The constant gauge from whose labels dashboards read the size of the KV cache."""
    engine = result.scenario.engine
    yield from _head("cache_config_info", "Information of the LLMEngine CacheConfig", "gauge")
    for replica, count in enumerate(blocks):
        labels = {
            "block_size": str(engine.block_size),
            "cache_dtype": result.provenance["dtypes"]["kv_cache"],
            "enable_prefix_caching": str(engine.enable_prefix_caching),
            "engine": str(replica),
            "gpu_memory_utilization": str(engine.gpu_memory_utilization),
            "num_gpu_blocks": str(count),
        }
        yield _sample("cache_config_info", labels, 1.0)


def _head(name: str, help_text: str, kind: str) -> list[str]:
    return [f"# HELP vllm:{name} {help_text}", f"# TYPE vllm:{name} {kind}"]


def _sample(name: str, labels: Mapping[str, str], value: float) -> str:
    inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
    return f"vllm:{name}{{{inside}}} {_number(value)}"


def _number(value: float) -> str:
    return "+Inf" if value == float("inf") else repr(float(value))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
