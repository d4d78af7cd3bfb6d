"""The figures of a simulated case, under the names measurements have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.metrics.logs import FINISHED, RequestLog
from simulator.workload.table import RequestTable

Floats = npt.NDArray[np.floating[Any]]
Mask = npt.NDArray[np.bool_]

STATISTICS: dict[str, Callable[[Floats], Any]] = {
    "mean": np.mean,
    "p50": lambda values: np.quantile(values, 0.5),
    "p90": lambda values: np.quantile(values, 0.9),
    "p99": lambda values: np.quantile(values, 0.99),
}


def request_latencies_ms(log: RequestLog) -> dict[str, Floats]:
    """``ttft_ms``, ``tpot_ms``, ``e2e_ms`` of every row, (n,); NaN = not finished, or one token and so no TPOT."""
    finished = log.column("status") == FINISHED
    arrival = np.where(finished, log.column("arrival_s"), np.nan)
    ttft, e2e = log.column("first_token_s") - arrival, log.column("finish_s") - arrival
    gaps = log.column("emitted_tokens") - 1
    tpot = np.where(gaps > 0, (e2e - ttft) / np.maximum(gaps, 1), np.nan)
    return {"ttft_ms": 1e3 * ttft, "tpot_ms": 1e3 * tpot, "e2e_ms": 1e3 * e2e}


def latency_figures(latencies_ms: dict[str, Floats], rows: Mask) -> dict[str, float]:
    """``ttft_mean_ms`` .. ``e2e_p99_ms`` over the given rows; a latency without a sample is left out."""
    found: dict[str, float] = {}
    for name, values in latencies_ms.items():
        sample = values[rows & np.isfinite(values)]
        if len(sample):
            family = name.removesuffix("_ms")
            found |= {f"{family}_{statistic}_ms": float(take(sample)) for statistic, take in STATISTICS.items()}
    return found


def throughput_figures(log: RequestLog, table: RequestTable, rows: Mask) -> dict[str, float]:
    """Tokens and requests per second of the given rows, from their first arrival to their last token."""
    done = rows & (log.column("status") == FINISHED)
    if not done.any():
        return {}
    seconds = float(log.column("finish_s")[done].max() - log.column("arrival_s")[done].min())
    output, prompt = int(log.column("emitted_tokens")[done].sum()), int(table.prompt_tokens[done].sum())
    return {
        "output_tok_s": output / seconds,
        "total_tok_s": (output + prompt) / seconds,
        "req_s": int(done.sum()) / seconds,
    }
