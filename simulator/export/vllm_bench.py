"""A run as the result file of ``vllm bench serve --save-result --save-detailed`` (vLLM 0.11 and later)."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.cluster.simulation import Progress
from simulator.export.per_second import peak_requests_per_s, peak_tokens_per_s
from simulator.export.token_times import token_gaps_s
from simulator.metrics.latency import STATISTICS
from simulator.metrics.logs import FINISHED, RequestLog
from simulator.result import RunResult

LATENCIES = ("ttft", "tpot", "itl", "e2el")

_COUNTS = ("duration", "completed", "failed", "total_input_tokens", "total_output_tokens")
_RATES = ("request_throughput", "request_goodput", "output_throughput", "total_token_throughput")


def bench_result(result: RunResult, on_progress: Progress | None = None) -> dict[str, Any]:
    """The file's content, in its order; refused requests are failed ones with 0 tokens.

    Summaries are those of the run's measured window, as ``RunResult.summary`` has them; the lists hold every request in
    arrival order (first seed), times in seconds. The run is simulated again for ``itls``.
    """
    summary, records = result.summary, result.records
    log, table = records.log, records.workload.table
    done = log.column("status") == FINISHED
    arrival = log.column("arrival_s")
    order = np.argsort(arrival, kind="stable")
    ttft = np.where(done, log.column("first_token_s") - arrival, 0.0)
    gaps = token_gaps_s(result, on_progress)
    model = result.provenance["model"]["name"]
    return {
        "date": None,  # equal runs give equal files
        "endpoint_type": "inferplan",
        "backend": "inferplan",
        "label": result.title,
        "model_id": model,
        "tokenizer_id": model,
        **{key: summary[key] for key in ("num_prompts", "request_rate", "burstiness", "max_concurrency")},
        **{key: summary[key] for key in (*_COUNTS, *_RATES)},
        "input_lens": table.prompt_tokens[order].tolist(),
        "output_lens": np.where(done, log.column("emitted_tokens"), 0)[order].tolist(),
        "ttfts": ttft[order].tolist(),
        "itls": [gaps[row] for row in order.tolist()],
        "start_times": arrival[order].tolist(),
        "generated_texts": [""] * log.n,
        "errors": [log.refusals.get(row, "") for row in order.tolist()],
        **_peaks(log, done, gaps),
        **{f"{one}_{latency}_ms": summary[f"{one}_{latency}_ms"] for latency in LATENCIES for one in STATISTICS},
    }


def _peaks(log: RequestLog, done: npt.NDArray[np.bool_], gaps: list[list[float]]) -> dict[str, float]:
    arrival, first, finish = (log.column(name)[done] for name in ("arrival_s", "first_token_s", "finish_s"))
    start_s = float(arrival.min(initial=np.inf))
    return {
        "max_output_tokens_per_s": peak_tokens_per_s(first, [gaps[row] for row in np.flatnonzero(done)], start_s),
        "max_concurrent_requests": peak_requests_per_s(arrival, finish, start_s),
    }


def bench_json(result: RunResult, on_progress: Progress | None = None) -> bytes:
    """The same as the bytes of the file."""
    return (json.dumps(bench_result(result, on_progress), allow_nan=False) + "\n").encode()
