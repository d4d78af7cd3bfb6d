"""``inferplan validate``: files, tables, refusals."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from simulator.validation.validate import validate
from tests.cli.invoke import inferplan
from tests.shared_data import SHARED, needs_shared
from tests.validation.case_files import record, write_cases

CASES = SHARED / "data" / "cases" / "cases.jsonl"


def test_errors_csv_has_one_row_per_metric_and_keeps_unsupported_cases(tmp_path: Path) -> None:
    cases = write_cases(tmp_path, record(), record(id="strange", engine={"name": "mystery"}))
    out = tmp_path / "errors.csv"
    outcome = inferplan("validate", cases, "--out", out)
    assert outcome.status == 0
    assert "strange: unsupported: engine 'mystery' has no profile" in outcome.out
    rows = list(csv.DictReader(out.open()))
    assert list(rows[0]) == ["case_id", "group", "quality", "metric", "predicted", "measured", "ape", "low", "high"]
    assert [row["metric"] for row in rows] == [
        "ttft_mean_ms",
        "tpot_mean_ms",
        "unsupported: engine 'mystery' has no profile",
    ]
    ttft = rows[0]
    predicted, measured = float(ttft["predicted"]), float(ttft["measured"])
    assert measured == 10.0
    assert float(ttft["ape"]) == pytest.approx(100 * abs(predicted / measured - 1), rel=1e-4)
    assert float(ttft["low"]) < predicted < float(ttft["high"])


def test_one_group(tmp_path: Path) -> None:
    cases = write_cases(tmp_path, record(), record(id="b", group="other"))
    found = json.loads(inferplan("validate", cases, "--group", "other", "--json").out)
    assert {row["group"] for row in found["groups"]} == {"other"}
    assert {row["case_id"] for row in found["cases"]} == {"b"}


def test_an_unknown_group_is_refused_with_a_suggestion(tmp_path: Path) -> None:
    outcome = inferplan("validate", write_cases(tmp_path, record()), "--group", "tyny")
    assert outcome.status == 2
    assert "--group: must be one of tiny (found 'tyny')\n  did you mean 'tiny'?" in outcome.err


def test_a_broken_file_leaves_nothing_behind(tmp_path: Path) -> None:
    cases = write_cases(tmp_path, record(), record(id="b", quality="Z"))
    outcome = inferplan("validate", cases, "--out", tmp_path / "errors.csv")
    assert outcome.status == 2
    assert "cases.jsonl:2: quality" in outcome.err
    assert not (tmp_path / "errors.csv").exists()


def test_a_missing_file(tmp_path: Path) -> None:
    outcome = inferplan("validate", tmp_path / "none.jsonl")
    assert outcome.status == 2
    assert "none.jsonl" in outcome.err


def test_the_accuracy_page_shows_every_column(tmp_path: Path) -> None:
    """Top-p is inferred: without it the step is shorter, so the last column differs from the held-out one."""
    cases = write_cases(tmp_path, record(sampling={"top_p": True}), record(id="odd", engine={"name": "mystery"}))
    page = tmp_path / "accuracy.md"
    assert inferplan("validate", cases, "--markdown", page).status == 0
    text = page.read_text()
    [tpot] = [line for line in text.splitlines() if "`tpot_mean_ms`" in line]
    cells = [cell.strip() for cell in tpot.strip("|").split("|")]
    assert cells[:4] == ["tiny", "A", "`tpot_mean_ms`", "1"]
    zero, in_sample, held_out, without_inferred = cells[4:8]
    assert in_sample == held_out  # no fit has seen this group
    assert len({zero, held_out, without_inferred}) == 3
    assert "1 x engine 'mystery' has no profile: odd" in text


@needs_shared
def test_every_published_case_is_scored_or_has_a_reason() -> None:
    """Every group of a few cases, without bands, so that the test stays short."""
    for group in ("tpu", "llmservingsim", "llmd"):
        results = validate(CASES, group=group, with_band=False).results
        listed = {result.case.id for result in results if result.scores or result.unsupported}
        wanted = {case["id"] for case in map(json.loads, CASES.open()) if case["group"] == group}
        assert listed == wanted


@needs_shared
@pytest.mark.slow
def test_measured_vllm_runs_are_met_within_the_good_targets() -> None:
    """Per-request group, quality A: TPOT and E2E within 4 %, the study's "good"; TTFT must beat the simulators whose
    published median on these runs is 18 %."""
    found = json.loads(inferplan("validate", CASES, "--group", "vllm_h100_requests", "--json").out)

    def median(metric: str) -> float:
        return float(np.median([r["ape"] for r in found["cases"] if r["quality"] == "A" and r["metric"] == metric]))

    assert median("tpot_mean_ms") < 4
    assert median("e2e_mean_ms") < 4
    assert median("ttft_mean_ms") < 9
