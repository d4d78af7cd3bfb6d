"""Prometheus text: valid, vLLM's names, and the same numbers as the run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from simulator import RunResult, run
from simulator.export.vllm_metrics import HISTOGRAMS
from simulator.metrics.logs import FINISHED
from simulator.scenario.schema import Scenario
from tests.export.runs import crowded, speculating

Samples = dict[tuple[str, str], float]


def _text(result: RunResult, folder: Path) -> str:
    return result.export.prometheus(folder / "metrics.prom").read_text()


def _samples(text: str) -> dict[str, list[Any]]:
    """By metric family as the official parser reads them."""
    return {family.name: family.samples for family in text_string_to_metric_families(text)}


def _total(samples: list[Any], name: str) -> float:
    return sum(sample.value for sample in samples if sample.name == name)


@pytest.mark.parametrize("result", [crowded, speculating], ids=lambda result: result.__name__)
def test_counters_and_histograms_are_those_of_the_run(result: Any, tmp_path: Path) -> None:
    found, own = _samples(_text(result(), tmp_path)), result()
    summary, log = own.summary, own.records.log
    assert _total(found["vllm:request_success"], "vllm:request_success_total") == summary["completed"]
    assert _total(found["vllm:prompt_tokens"], "vllm:prompt_tokens_total") == summary["total_input_tokens"]
    assert _total(found["vllm:generation_tokens"], "vllm:generation_tokens_total") == summary["total_output_tokens"]
    assert _total(found["vllm:num_preemptions"], "vllm:num_preemptions_total") == summary["num_preemptions"]
    done = log.column("status") == FINISHED
    ttft = (log.column("first_token_s") - log.column("arrival_s"))[done]
    name = "vllm:time_to_first_token_seconds"
    assert _total(found[name], f"{name}_sum") == pytest.approx(ttft.sum())
    under = [sample for sample in found[name] if sample.labels.get("le") == "0.1"]
    assert sum(sample.value for sample in under) == np.count_nonzero(ttft <= 0.1)
    name = "vllm:inter_token_latency_seconds"
    mean = _total(found[name], f"{name}_sum") / _total(found[name], f"{name}_count")
    assert 1e3 * mean == pytest.approx(summary["mean_itl_ms"])
    name = "vllm:iteration_tokens_total"
    assert _total(found[name], f"{name}_count") == len(own.steps)


def test_histograms_are_cumulative(tmp_path: Path) -> None:
    found = _samples(_text(crowded(), tmp_path))
    for name in HISTOGRAMS:
        for engine in ("0", "1"):
            mine = [sample for sample in found[f"vllm:{name}"] if sample.labels["engine"] == engine]
            buckets = [sample for sample in mine if sample.name.endswith("_bucket")]
            counts = [sample.value for sample in buckets]
            assert counts == sorted(counts)
            bounds = [float(sample.labels["le"]) for sample in buckets]
            assert bounds == sorted(bounds)
            assert bounds[-1] == float("inf")
            assert counts[-1] == _total(mine, f"vllm:{name}_count")


def test_phases_add_up(tmp_path: Path) -> None:
    """Queue, prefill and decode are the end-to-end latency but for what delivery takes."""
    found, result = _samples(_text(crowded(), tmp_path)), crowded()
    names = [f"vllm:request_{phase}_time_seconds" for phase in ("queue", "prefill", "decode")]
    inside = sum(_total(found[name], f"{name}_sum") for name in names)
    name = "vllm:e2e_request_latency_seconds"
    delivery = result.records.log.delivery_s * result.summary["completed"]
    assert inside + delivery == pytest.approx(_total(found[name], f"{name}_sum"))


def test_odd_names_are_escaped(tmp_path: Path) -> None:
    import json
    from dataclasses import replace

    synthetic = {"num_requests": 2, "arrival": "offline", "prompt_tokens": 5, "output_tokens": 2}
    result = run(Scenario(model="llama-3.1-8b", hardware="h100", workload={"synthetic": synthetic}))
    odd = 'a "quoted\\ name"\n# TYPE x counter'
    provenance = {**result.provenance, "model": {**result.provenance["model"], "name": odd}}
    text = _text(replace(result, provenance=provenance), tmp_path)
    samples = _samples(text)["vllm:num_requests_running"]
    assert samples[0].labels["model_name"] == odd
    assert json.dumps(odd)[1:-1] in text
