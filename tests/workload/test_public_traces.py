"""The public traces themselves, where they are at hand (they are not part of this repository)."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.workload import describe, list_profiles, load_profile, prefix_reuse
from simulator.workload.fit import ks_distance
from simulator.workload.lengths import QuantileLength
from simulator.workload.readers import Trace, load_trace
from tests.shared_data import SHARED

TRACES = SHARED / "data" / "traces"

FILES = {
    "azure-conv-2023": "AzureLLMInferenceTrace_conv.csv.gz",
    "azure-code-2023": "AzureLLMInferenceTrace_code.csv.gz",
    "mooncake-conversation": "mooncake_conversation_trace.jsonl.gz",
    "mooncake-synthetic": "mooncake_synthetic_trace.jsonl.gz",
}


def trace_of(name: str) -> Trace:
    path = TRACES / FILES[name]
    if not path.exists():
        pytest.skip(f"the trace {FILES[name]} is not beside the repository")
    return load_trace(path)


@pytest.mark.parametrize(
    ("name", "trace_format", "requests", "rate_per_s", "gap_cv", "prompt_mean", "output_mean", "spearman"),
    [
        ("azure-conv-2023", "azure", 19_366, 5.530, 1.094, 1154.7, 211.1, 0.073),
        ("azure-code-2023", "azure", 8_819, 2.566, 13.151, 2047.8, 27.9, -0.021),
        ("mooncake-conversation", "mooncake", 12_031, 3.401, 3.034, 12_035.1, 342.6, 0.072),
        ("mooncake-synthetic", "mooncake", 3_993, 3.906, 1.011, 15_325.5, 149.1, -0.517),
    ],
)
def test_public_traces_are_read_whole(
    name: str,
    trace_format: str,
    requests: int,
    rate_per_s: float,
    gap_cv: float,
    prompt_mean: float,
    output_mean: float,
    spearman: float,
) -> None:
    trace = trace_of(name)
    figures = describe(trace.table)
    assert trace.format == trace_format
    assert trace.rows_out_of_order == 0
    assert trace.table.arrival_s[0] == 0
    assert figures["num_requests"] == requests
    assert figures["rate_per_s"] == pytest.approx(rate_per_s, abs=6e-4)
    assert figures["gap_cv"] == pytest.approx(gap_cv, abs=6e-4)
    assert figures["prompt_tokens"]["mean"] == pytest.approx(prompt_mean, abs=0.06)
    assert figures["output_tokens"]["mean"] == pytest.approx(output_mean, abs=0.06)
    assert figures["spearman"] == pytest.approx(spearman, abs=6e-4)


@pytest.mark.parametrize(
    ("name", "per_block", "per_token"),
    [("mooncake-conversation", 36.6, 37.3), ("mooncake-synthetic", 64.0, 65.0)],
)
def test_infinite_cache_hit_rates_in_both_definitions(name: str, per_block: float, per_token: float) -> None:
    reuse = prefix_reuse(trace_of(name).table, 512)
    assert round(100 * reuse.block_hit_rate, 1) == per_block
    assert round(100 * reuse.token_hit_rate, 1) == per_token


def test_merged_runs_share_exactly_what_the_hash_ids_share() -> None:
    import gzip
    import json

    table = trace_of("mooncake-synthetic").table
    with gzip.open(TRACES / FILES["mooncake-synthetic"], "rt") as file:
        rows = [json.loads(line) for line in file]
    seen: set[int] = set()
    matched = []
    for row in rows:  # the file is sorted by time; an id stands for its whole prefix
        known = next((i for i, block in enumerate(row["hash_ids"]) if block not in seen), len(row["hash_ids"]))
        matched.append(min(512 * known, row["input_length"]))
        seen.update(row["hash_ids"])
    assert prefix_reuse(table).matched_tokens.tolist() == matched


def test_spreading_mends_the_batches_of_mooncake() -> None:
    name = "mooncake-conversation"
    assert np.mean(np.diff(trace_of(name).table.arrival_s) == 0) > 0.9
    spread = load_trace(TRACES / FILES[name], spread_batch_s=3.0).table.arrival_s
    assert np.mean(np.diff(spread) == 0) < 0.001
    assert np.diff(spread).std() / np.diff(spread).mean() < 0.4


@pytest.mark.parametrize("name", [name for name in list_profiles() if name in FILES])
def test_profiles_are_as_near_to_their_trace_as_they_state(name: str) -> None:
    profile, table = load_profile(name), trace_of(name).table
    shared_tokens = getattr(profile.spec.prefix, "shared_tokens", 0)
    lengths = {
        "prompt": (profile.spec.prompt_tokens, table.prompt_tokens - shared_tokens),
        "output": (profile.spec.output_tokens, table.output_tokens),
    }
    for side, (quantiles, tokens) in lengths.items():
        assert isinstance(quantiles, QuantileLength)
        assert ks_distance(quantiles, tokens) == pytest.approx(profile.fit[f"{side}_ks_distance"], abs=6e-5)
        assert tokens.mean() + (shared_tokens if side == "prompt" else 0) == pytest.approx(
            profile.fit[f"{side}_mean_tokens"], abs=0.006
        )
