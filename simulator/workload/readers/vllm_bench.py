"""Detailed results of ``vllm bench serve --save-result --save-detailed``: one JSON object with a list per property.

Read are ``input_lens``, ``output_lens`` and, where the version writes them, ``start_times`` (s, of an arbitrary clock).
Without them the arrivals are not in the file: they are then spaced evenly at its ``request_rate``, all at 0 for "inf",
and the note says so. Requests that failed (0 output tokens) are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from simulator.errors import InputError
from simulator.workload.readers.columns import TraceColumns
from simulator.workload.readers.json_rows import JsonRow, parse_json
from simulator.workload.table import MAX_TOKENS, FloatColumn, IntColumn


def recognises(head: str) -> bool:
    """Whether the head of the file is that of a bench result."""
    keys = ('"input_lens"', '"request_throughput"', '"total_input_tokens"', '"max_concurrency"')
    return head.lstrip().startswith("{") and any(key in head for key in keys)


def read(path: Path, lines: Iterator[str], limit: int | None) -> TraceColumns:
    """Read the result. Raises ``InputError`` naming the key."""
    result = JsonRow(path, 1, parse_json(path, 1, "".join(lines)))
    if not result.has("input_lens"):
        hint = "run vllm bench serve with --save-result --save-detailed"
        raise InputError("is a summary without the lengths of the requests", file=path, path="input_lens", hint=hint)
    prompt, output = _lengths(result, "input_lens", 1)[:limit], _lengths(result, "output_lens", 0)[:limit]
    if len(prompt) != len(output):
        raise result.error(f"must have {len(prompt)} entries like input_lens", "output_lens", len(output))
    arrival_s, notes = _arrivals(result, len(prompt))
    answered = output > 0
    failed = int(np.count_nonzero(~answered))
    if failed:
        notes = (*notes, f"{failed} failed requests (0 output tokens) were left out")
    return TraceColumns(arrival_s[answered], prompt[answered], output[answered], notes=notes)


def _lengths(result: JsonRow, key: str, least: int) -> IntColumn:
    lengths = np.asarray(result.wholes(key, least), dtype=np.int64)
    if len(lengths) and lengths.max() > MAX_TOKENS:
        raise result.error(f"must lie in {least}..{MAX_TOKENS} tokens", key, int(lengths.max()))
    return lengths


def _arrivals(result: JsonRow, n: int) -> tuple[FloatColumn, tuple[str, ...]]:
    if result.has("start_times"):
        clock = result.get("start_times")
        if type(clock) is not list or len(clock) < n or not all(type(time) in (int, float) for time in clock):
            raise result.error("must be a list of numbers (s), one per request", "start_times", clock)
        times = np.asarray(clock[:n], dtype=np.float64)
        return times - times.min(initial=np.inf), ()
    rate = result.values.get("request_rate", "inf")
    if type(rate) in (int, float) and 0 < rate < np.inf:
        return np.arange(n) / rate, (f"arrivals are not in the file; spaced evenly at its request_rate of {rate:g}/s",)
    return np.zeros(n), ("arrivals are not in the file; all requests are sent at 0",)
