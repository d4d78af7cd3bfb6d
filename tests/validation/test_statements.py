"""What the accuracy page states: bands, noise of the measurements, targets."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from simulator.validation.band_quality import BandQuality, interval_score, pooled_means
from simulator.validation.bands import discrepancy_of
from simulator.validation.noise import quarter_noise, replicate_noise
from simulator.validation.read import read_cases
from simulator.validation.score import Score
from simulator.validation.targets import TARGETS, Target, median_ape, scores_of
from simulator.validation.validate import validate
from tests.cli.invoke import inferplan
from tests.validation.case_files import record, write_cases, write_requests


def score(metric: str = "tpot_mean_ms", measured: float = 100.0, quality: str = "A", group: str = "g") -> Score:
    return Score(f"{group}-{metric}", group, quality, metric, 100.0, measured, 90.0, 110.0)


def test_the_interval_score_is_the_width_and_ten_times_the_distance_outside() -> None:
    assert interval_score(90, 110, 100) == pytest.approx(math.log(110 / 90))
    assert interval_score(90, 110, 121) == pytest.approx(math.log(110 / 90) + 10 * math.log(1.1))
    assert interval_score(90, 110, 81) == pytest.approx(math.log(110 / 90) + 10 * math.log(90 / 81))


def test_the_interval_score_is_least_for_the_true_band() -> None:
    """Normal errors of 5 %: the 80 % band (1.28 sigma) beats narrower and wider ones."""
    errors = np.random.Generator(np.random.PCG64(1)).normal(0, 0.05, 4000)

    def mean_score(width: float) -> float:
        return float(np.mean([interval_score(math.exp(-width), math.exp(width), math.exp(e)) for e in errors]))

    true = mean_score(1.2816 * 0.05)
    assert true < mean_score(0.8 * 0.05)
    assert true < mean_score(2.0 * 0.05)


def test_coverage_and_width() -> None:
    found = BandQuality.of([score(measured=value) for value in (95, 105, 109, 120)])
    assert (found.n, found.coverage, found.width) == (4, 0.75, pytest.approx(20.0))


def test_bands_are_judged_on_means_of_good_cases() -> None:
    scores = [score(), score("ttft_p99_ms"), score("output_tok_s"), score(quality="C"), score("prompt_time_ms")]
    assert [one.metric for one in pooled_means(scores)] == ["tpot_mean_ms", "output_tok_s", "prompt_time_ms"]


@pytest.mark.parametrize(
    ("metric", "family"),
    [
        ("ttft_p99_ms", "ttft"),
        ("prompt_time_ms", "ttft"),
        ("tpot_p50_ms", "tpot"),
        ("e2e_mean_ms", "e2el"),
        ("output_tok_s", "throughput"),
        ("req_s", "throughput"),
    ],
)
def test_every_metric_has_a_discrepancy(metric: str, family: str) -> None:
    assert discrepancy_of(metric) == family


def test_replicates_are_runs_of_one_set_up(tmp_path: Path) -> None:
    measured = [{"tpot_ms": {"mean": value}} for value in (10.0, 11.0, 20.0)]
    cases = read_cases(
        write_cases(
            tmp_path,
            record(id="a", measured=measured[0], source="experiment 1"),
            record(id="b", measured=measured[1], source="experiment 2", engine={"max_num_batched_tokens": 512}),
            record(id="c", measured=measured[2], workload={"concurrency": 9}),
        )
    )
    [row] = [row for row in replicate_noise(cases) if row.metric == "tpot_mean_ms"]
    assert row.sets == 1
    assert row.median == pytest.approx(100 * math.sqrt(0.5) / 10.5)


def test_quarters_of_a_window_scatter(tmp_path: Path) -> None:
    """TPOT steps up by a tenth in the last quarter; the rows before the window do not count."""
    rows = [
        {
            "arrival_s": 0.1 * i,
            "prompt_tokens": 32,
            "output_tokens": 2,
            "tpot_ms": 99.0 if i < 10 else 10.0 + (i >= 310),
        }
        for i in range(410)
    ]
    write_requests(tmp_path / "r.csv.gz", rows)
    workload = {"kind": "trace", "requests_file": "r.csv.gz", "score_only": {"skip_first_n": 10, "first_n": 410}}
    results = validate(write_cases(tmp_path, record(workload=workload)), with_band=False).results
    found = {row.metric: row for row in quarter_noise(results)}
    expected = 100 * float(np.std([10, 10, 10, 11], ddof=1)) / 10.25
    assert found["tpot_mean_ms"].median == pytest.approx(expected)
    assert found["tpot_p99_ms"].sets == 1


def test_targets_speak_of_good_cases_on_their_device() -> None:
    target = Target("g", "tpot_mean_ms", 5.0, "A100")
    scores = [score(measured=95.0), score(quality="C"), score("ttft_mean_ms"), score(group="h")]
    assert scores_of(target, scores, {"g-tpot_mean_ms": "NVIDIA A100"} | {s.case_id: "H100" for s in scores[2:]}) == [
        scores[0]
    ]
    assert math.isnan(median_ape([]))
    assert {target.group for target in TARGETS} >= {"vllm_h100_requests", "vllm_summary", "inferencex", "llmd"}


def test_the_page_marks_a_missed_target(tmp_path: Path) -> None:
    """Measured at 1 ms a token, which nothing on this device reaches."""
    requests = {"ttft_ms": {"mean": 10.0}, "tpot_ms": {"mean": 0.1}}
    cases = write_cases(tmp_path, record(group="vllm_summary", measured=requests))
    page = tmp_path / "accuracy.md"
    assert inferplan("validate", cases, "--markdown", page).status == 0
    text = page.read_text()
    [line] = [line for line in text.splitlines() if line.startswith("| vllm_summary | `tpot_mean_ms` | 1 | 2.5 |")]
    assert line.endswith("| **missed** |")
    for heading in ("## Against the targets", "## Are the 80 % bands honest", "## Beside other simulators"):
        assert heading in text
