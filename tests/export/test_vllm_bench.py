"""The bench file is what ``vllm bench serve`` would have written, and our own readers read it back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator import RunResult
from simulator.comparison.against_bench import compare_with_bench
from simulator.comparison.folder import read_bench
from simulator.metrics.logs import FINISHED
from simulator.workload.readers import load_trace
from tests.export.runs import crowded, speculating

KEYS = (
    *("date", "endpoint_type", "backend", "label", "model_id", "tokenizer_id", "num_prompts", "request_rate"),
    *("burstiness", "max_concurrency", "duration", "completed", "failed", "total_input_tokens", "total_output_tokens"),
    *("request_throughput", "request_goodput", "output_throughput", "total_token_throughput", "input_lens"),
    *("output_lens", "ttfts", "itls", "start_times", "generated_texts", "errors"),
    *("max_output_tokens_per_s", "max_concurrent_requests"),
    *(f"{s}_{m}_ms" for m in ("ttft", "tpot", "itl", "e2el") for s in ("mean", "median", "std", "p90", "p95", "p99")),
)


@pytest.fixture(scope="module", params=[crowded, speculating], ids=lambda result: result.__name__)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[RunResult, Path]:
    make: Callable[[], RunResult] = request.param
    path = tmp_path_factory.mktemp("bench") / "bench.json"
    make().export.vllm_bench(path)
    return make(), path


def test_keys_are_vllms_in_its_order(case: tuple[RunResult, Path]) -> None:
    assert tuple(json.loads(case[1].read_text())) == KEYS


def test_lists_give_the_summary(case: tuple[RunResult, Path]) -> None:
    """Computed from the lists as vLLM's client does it, the statistics are those of the summary."""
    bench: dict[str, Any] = json.loads(case[1].read_text())
    lens, good = np.array(bench["output_lens"]), np.array(bench["output_lens"]) > 0
    ttft, gaps = np.array(bench["ttfts"])[good], [gaps for gaps in bench["itls"] if gaps]
    e2el = np.array([first + sum(own) for first, own in zip(bench["ttfts"], bench["itls"], strict=True)])[good]
    several = lens[good] > 1
    tpot = (e2el - ttft)[several] / (lens[good][several] - 1)
    pooled = np.concatenate(gaps)
    for name, values in (("ttft", ttft), ("tpot", tpot), ("itl", pooled), ("e2el", e2el)):
        assert bench[f"mean_{name}_ms"] == pytest.approx(1e3 * values.mean(), rel=1e-9)
        assert bench[f"std_{name}_ms"] == pytest.approx(1e3 * values.std(), rel=1e-6)
        assert bench[f"median_{name}_ms"] == pytest.approx(1e3 * np.median(values), rel=1e-6)
        assert bench[f"p99_{name}_ms"] == pytest.approx(1e3 * np.percentile(values, 99), rel=1e-6)
    assert bench["total_output_tokens"] == lens.sum()
    assert bench["completed"] == good.sum()
    assert bench["failed"] == sum(map(bool, bench["errors"])) == len(lens) - good.sum()


def test_compare_reads_it_back(case: tuple[RunResult, Path]) -> None:
    run = json.loads(case[0].summary_json())
    rows = compare_with_bench(run, read_bench(case[1]))
    assert len(rows) > 20
    assert all(row.error == 0 for row in rows)


def test_it_is_a_trace_again(case: tuple[RunResult, Path]) -> None:
    result, path = case
    log, table = result.records.log, result.records.workload.table
    done = log.column("status") == FINISHED
    read = load_trace(path).table
    assert read.prompt_tokens.tolist() == table.prompt_tokens[done].tolist()
    assert read.output_tokens.tolist() == log.column("emitted_tokens")[done].tolist()
    assert np.diff(read.arrival_s) == pytest.approx(np.diff(log.column("arrival_s")[done]), abs=1e-9)


def test_peaks() -> None:
    from simulator.export.per_second import peak_requests_per_s, peak_tokens_per_s

    first, finish = np.array([0.5, 0.9, 2.0]), np.array([1.2, 0.95, 2.5])
    assert peak_tokens_per_s(first, [[0.1, 0.6], [0.05], [0.5]], 0.0) == 4
    assert peak_requests_per_s(np.array([0.0, 0.8, 1.5]), finish, 0.0) == 2
    assert peak_tokens_per_s(np.array([]), [], 0.0) == 0
    assert peak_requests_per_s(np.array([]), np.array([]), 0.0) == 0
