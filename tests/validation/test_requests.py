"""From a case to requests: files as they are, draws where only rates are given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator.errors import InputError
from simulator.validation.case import Case
from simulator.validation.inferred import without_inferred
from simulator.validation.read import read_cases
from simulator.validation.requests import case_requests
from tests.validation.case_files import record, write_cases, write_requests

CYCLE = {
    "scheme": "cycle",
    "num_prompts": 4,
    "prompts_per_group": 2,
    "group_prefix_tokens": 0,
    "group_prefix_tokens_nominal": 32,
}


def one(folder: Path, **changes: Any) -> Case:
    [case] = read_cases(write_cases(folder, record(**changes)))
    return case


def trace(folder: Path, **workload: Any) -> Case:
    rows = [
        {"arrival_s": 0.5 * i, "prompt_tokens": 64 + i % 4, "output_tokens": 5, "prompt_id": i % 4, "ttft_ms": 20 + i}
        for i in range(12)
    ]
    write_requests(folder / "requests.csv.gz", rows)
    return one(folder, workload={"kind": "trace", "requests_file": "requests.csv.gz", **workload})


def test_a_trace_is_replayed_and_only_its_window_counts(tmp_path: Path) -> None:
    requests = case_requests(trace(tmp_path, score_only={"skip_first_n": 3, "first_n": 10}))
    assert requests.workload.table.arrival_s.tolist() == [0.5 * i for i in range(12)]
    assert np.flatnonzero(requests.scored).tolist() == list(range(3, 10))
    assert requests.measured["ttft_ms"].tolist() == [20.0 + i for i in range(12)]


def test_equal_prompt_ids_are_equal_prompts(tmp_path: Path) -> None:
    segments = case_requests(trace(tmp_path, prefix_sharing=CYCLE)).workload.table.segments
    assert segments is not None
    assert segments.of(0) == segments.of(4) == segments.of(8)
    assert segments.of(0)[0][0] != segments.of(1)[0][0]


def test_the_nominal_group_prefix_counts_only_without_inferred_facts(tmp_path: Path) -> None:
    case = without_inferred(trace(tmp_path, prefix_sharing=CYCLE))
    segments = case_requests(case).workload.table.segments
    assert segments is not None
    first, second, third = segments.of(0), segments.of(1), segments.of(2)
    assert first[0] == second[0] == (0, 32)
    assert third[0] == (1, 32)
    assert first[1] != second[1]


def test_poisson_stages_follow_each_other_with_their_expected_number(tmp_path: Path) -> None:
    stages = [{"qps": 2, "duration_s": 100}, {"qps": 5, "duration_s": 60}]
    requests = case_requests(one(tmp_path, workload={"kind": "poisson", "stages": stages}))
    arrival = requests.workload.table.arrival_s
    assert np.bincount(requests.stage).tolist() == [200, 300]
    assert arrival[requests.stage == 0].max() <= 100 <= arrival[requests.stage == 1].min()
    assert arrival.max() <= 160
    gaps = np.diff(arrival[requests.stage == 1])
    assert gaps.std() / gaps.mean() == pytest.approx(1.0, abs=0.15)  # exponential


def test_lengths_between_bounds_are_drawn_the_same_every_time(tmp_path: Path) -> None:
    case = one(tmp_path, workload={"num_requests": 2000, "prompt_tokens": {"uniform": [80, 100]}})
    prompts = case_requests(case).workload.table.prompt_tokens
    assert (prompts.min(), prompts.max()) == (80, 100)
    assert prompts.mean() == pytest.approx(90, abs=0.5)
    assert prompts.tolist() == case_requests(case).workload.table.prompt_tokens.tolist()


def test_where_only_the_mean_is_known_every_request_has_it(tmp_path: Path) -> None:
    case = one(tmp_path, workload={"output_tokens": {"mean": 247.6}})
    assert set(case_requests(case).workload.table.output_tokens.tolist()) == {248}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"not gzip", "is not a whole gzip file"),
        (None, "needs a column output_tokens"),
    ],
)
def test_a_broken_request_file_is_named(tmp_path: Path, content: bytes | None, message: str) -> None:
    case = trace(tmp_path)
    if content is None:
        write_requests(tmp_path / "requests.csv.gz", [{"arrival_s": 0, "prompt_tokens": 3}])
    else:
        (tmp_path / "requests.csv.gz").write_bytes(content)
    with pytest.raises(InputError, match=rf"requests\.csv\.gz: {message}"):
        case_requests(case)


def test_a_truncated_request_file_is_named(tmp_path: Path) -> None:
    case = trace(tmp_path)
    path = tmp_path / "requests.csv.gz"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"requests\.csv\.gz: is not a whole gzip file"):
        case_requests(case)
