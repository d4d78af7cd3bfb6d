"""Case files: what is read, and what a broken one says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simulator.errors import InputError
from simulator.validation.models_table import read_models
from simulator.validation.read import read_cases
from tests.shared_data import SHARED, needs_shared
from tests.validation.case_files import MODEL_ROW, record, write_cases


def test_measurements_get_flat_names_with_units(tmp_path: Path) -> None:
    measured = {
        "ttft_ms": {"mean": 10.0, "p99": 30.0},
        "prompt_time_ms": {"p50": 7.0},
        "output_tok_s": 800,
        "stages": [{"stage": 0, "qps": 2, "tpot_ms": {"mean": 5.0}}],
    }
    [case] = read_cases(write_cases(tmp_path, record(measured=measured)))
    assert case.measured == {
        "ttft_mean_ms": 10.0,
        "ttft_p99_ms": 30.0,
        "tpot_mean_ms": 1.0,
        "prompt_time_ms": 7.0,
        "output_tok_s": 800.0,
    }
    assert case.stage_measured == ({"tpot_mean_ms": 5.0},)


@pytest.mark.parametrize(
    ("score_metrics", "scored"),
    [
        (None, {"ttft_mean_ms", "ttft_p90_ms", "tpot_mean_ms", "output_tok_s"}),
        (["tpot"], {"tpot_mean_ms"}),
        (["ttft_p90", "throughput"], {"ttft_p90_ms", "output_tok_s"}),
    ],
)
def test_score_metrics_name_families_or_statistics(tmp_path: Path, score_metrics: Any, scored: set[str]) -> None:
    [case] = read_cases(write_cases(tmp_path, record(score_metrics=score_metrics)))
    metrics = ("ttft_mean_ms", "ttft_p90_ms", "tpot_mean_ms", "output_tok_s")
    assert {metric for metric in metrics if case.scores(metric)} == scored


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"quality": "D"}, r"cases\.jsonl:1: quality: must be one of A, B, C \(found 'D'\)"),
        ({"workload": {"kind": "tracing"}}, r"workload\.kind: must be one of .*\n  did you mean 'trace'\?"),
        ({"workload": {"num_requests": 0}}, r"workload\.num_requests: must be a whole number >= 1 \(found 0\)"),
        (
            {"workload": {"prompt_tokens": {"uniform": [9, 3]}}},
            r"workload\.prompt_tokens\.uniform: must be \[low, high",
        ),
        ({"engine": {"num_kv_blocks": 2.5}}, r"engine\.num_kv_blocks: must be a whole number"),
        ({"engine": {"enforce_eager": "yes"}}, r"engine\.enforce_eager: must be true or false \(found 'yes'\)"),
        ({"measured": {"ttft_ms": {"mean": -1}}}, r"measured\.ttft_ms\.mean: must be a number > 0 \(found -1\)"),
        ({"measured": 3}, r"measured: must be an object"),
        ({"model": None}, r"model: must be a text"),
        ({"score_metrics": "tpot"}, r"score_metrics: must be a list of texts"),
    ],
)
def test_a_wrong_value_is_named_with_line_and_path(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_cases(write_cases(tmp_path, record(**change)))


def test_ids_are_unique(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cases\.jsonl:2: id: is already the id of line 1"):
        read_cases(write_cases(tmp_path, record(), record()))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"{broken\n", r":1: is not JSON"),
        (b"[1]\n", r":1: must be a JSON object"),
        (b"\n\n", r"holds no case"),
        (b"\xff\xfe\n", r"is not a UTF-8 text file"),
        (b"[" * 100_000, r":1: is not JSON"),
    ],
)
def test_a_file_that_is_no_case_file(tmp_path: Path, text: bytes, message: str) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_bytes(text)
    with pytest.raises(InputError, match=message):
        read_cases(path)


def test_a_model_row_with_a_gap_names_file_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "models.csv"
    row = {**MODEL_ROW, "hidden_size": "wide"}
    path.write_text(",".join(row) + "\n" + ",".join(row.values()) + "\n")
    with pytest.raises(InputError, match=r"models\.csv:2: hidden_size: must be a whole number >= 1 \(found 'wide'\)"):
        read_models(path)


@pytest.mark.parametrize(
    ("kind", "windows"),
    [
        ("GQA", [1024] * 4),
        ("GQA, local attention on 3 of 4 layers", [1024, 1024, 1024, None]),
        ("GQA, alternating sliding window", [1024, None, 1024, None]),
    ],
)
def test_which_layers_are_windowed(tmp_path: Path, kind: str, windows: list[int | None]) -> None:
    row = {**MODEL_ROW, "attention_kind": kind, "sliding_window": "1024"}
    write_cases(tmp_path, record(), models=(row,))
    layers = read_models(tmp_path / "models.csv")["tests/tiny"].layers
    assert [getattr(block.attention, "sliding_window", None) for block in layers] == windows


def test_attention_the_table_cannot_describe_is_left_to_the_catalog(tmp_path: Path) -> None:
    latent = {**MODEL_ROW, "id": "deepseek-ai/DeepSeek-V3", "attention_kind": "MLA", "num_key_value_heads": ""}
    write_cases(tmp_path, record(), models=(latent, MODEL_ROW))
    assert list(read_models(tmp_path / "models.csv")) == ["tests/tiny"]


@needs_shared
def test_the_models_beside_the_cases_have_their_published_sizes() -> None:
    """Billions of parameters as the table itself computes them from each config.json."""
    models = read_models(SHARED / "data" / "cases" / "models.csv")
    sizes = {name: round(spec.parameters / 1e9, 2) for name, spec in models.items()}
    assert sizes["meta-llama/Llama-2-7b-hf"] == 6.74
    assert sizes["mistralai/Mixtral-8x7B-v0.1"] == 46.7
    assert sizes["mistralai/Mistral-Nemo-Instruct-2407"] == 12.25
    assert sizes["RedHatAI/Llama-4-Scout-17B-16E-Instruct-FP8-dynamic"] == 107.77
    assert sizes["bigscience/bloom"] == 176.24
