"""The same case with no host terms, the shipped ones, and those fitted without its model."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from simulator.cost.engine_profile import load_engine
from simulator.validation import host_terms
from simulator.validation.columns import COLUMNS, HELD_OUT, IN_SAMPLE, WITHOUT_INFERRED, ZERO, side_by_side
from simulator.validation.held_out import HeldOutConstants
from simulator.validation.host_terms import HOST_TERMS
from simulator.validation.read import read_cases
from simulator.validation.score import all_scores
from simulator.validation.validate import validate
from tests.cli.invoke import inferplan
from tests.validation.case_files import record, write_cases


def errors(cases: Path, **options: Any) -> dict[str, float]:
    return {score.metric: score.predicted for score in all_scores(validate(cases, with_band=False, **options).results)}


def test_zero_is_the_kernels_alone(tmp_path: Path) -> None:
    [case] = read_cases(write_cases(tmp_path, record()))
    engine = HOST_TERMS["zero"](case, load_engine("vllm-0.15"))
    assert engine.async_scheduling
    assert engine.cuda_graph_sizes == load_engine("vllm-0.15").cuda_graph_sizes
    assert engine.reserved_bytes > 0
    for term in (
        "api_delivery_s",
        "per_step_s",
        "per_layer_s",
        "per_admitted_s",
        "sampler_step_s",
        "all_reduce_extra_s",
    ):
        assert getattr(engine, term) == 0.0
    for term in ("gemm", "prefill_attention", "decode_attention", "all_reduce", "moe"):
        assert getattr(engine, f"{term}_multiplier") == 1.0


def test_held_out_constants_serve_only_the_cases_they_were_fitted_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folds = HeldOutConstants(("tiny",), {"tests/tiny": {"api_delivery_s": 0.5}})
    monkeypatch.setattr(host_terms, "held_out_constants", lambda engine: folds)
    cases = write_cases(tmp_path, record(), record(id="other", group="other"))
    held_out = validate(cases, terms="held-out", with_band=False).results
    fitted = validate(cases, with_band=False).results
    own, other = (
        after.scores[0].predicted - before.scores[0].predicted for after, before in zip(held_out, fitted, strict=True)
    )
    assert own == pytest.approx(500 - 1e3 * load_engine("vllm-0.15").api_delivery_s, abs=0.5)
    assert other == 0.0


def test_columns_stand_side_by_side(tmp_path: Path) -> None:
    cases = write_cases(tmp_path, record(sampling={"top_p": True}), record(id="odd", engine={"name": "mystery"}))
    beside = side_by_side(cases)
    ttft = {column: beside.scores(column)["tiny-closed", "ttft_mean_ms"].predicted for column in COLUMNS}
    assert ttft[ZERO] < ttft[WITHOUT_INFERRED] < ttft[IN_SAMPLE]
    assert ttft[HELD_OUT] == ttft[IN_SAMPLE]  # no fit has seen this group
    assert beside.scores(HELD_OUT)["tiny-closed", "ttft_mean_ms"].low < ttft[HELD_OUT]


def test_the_csv_keeps_its_columns_and_gets_more_behind_them(tmp_path: Path) -> None:
    cases = write_cases(tmp_path, record(), record(id="odd", engine={"name": "mystery"}))
    plain, wide = tmp_path / "plain.csv", tmp_path / "wide.csv"
    assert inferplan("validate", cases, "--out", plain).status == 0
    outcome = inferplan("validate", cases, "--out", wide, "--side-by-side")
    assert outcome.status == 0
    assert "held out %" in outcome.out
    rows, wide_rows = (list(csv.DictReader(path.open())) for path in (plain, wide))
    for row, more in zip(rows, wide_rows, strict=True):
        assert list(more.items())[: len(row)] == list(row.items())
    assert float(wide_rows[0]["predicted_zero"]) < float(wide_rows[0]["predicted_in_sample"])
    assert wide_rows[0]["predicted"] == wide_rows[0]["predicted_in_sample"]
    assert set(wide_rows[0]) - set(rows[0]) == {
        f"{figure}_{key}"
        for figure in ("predicted", "ape")
        for key in ("zero", "in_sample", "held_out", "without_inferred")
    }


def test_other_terms_by_option(tmp_path: Path) -> None:
    cases = write_cases(tmp_path, record())
    assert errors(cases, terms="zero")["tpot_mean_ms"] < errors(cases)["tpot_mean_ms"]
    outcome = inferplan("validate", cases, "--host-terms", "zeros")
    assert outcome.status == 2
    assert "--host-terms: must be one of fitted, zero, held-out (found 'zeros')\n  did you mean 'zero'?" in outcome.err


def test_several_processes_give_the_same_rows_in_the_same_order(tmp_path: Path) -> None:
    cases = write_cases(tmp_path, *(record(id=f"c{index}", workload={"concurrency": index}) for index in range(1, 6)))
    alone, shared = (all_scores(validate(cases, workers=workers).results) for workers in (1, 2))
    assert alone == shared
    assert [score.case_id for score in alone[::2]] == [f"c{index}" for index in range(1, 6)]
