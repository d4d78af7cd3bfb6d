"""``inferplan estimate`` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from simulator.cli.estimate import estimate_command
from simulator.cli.estimate_tables import amount
from simulator.errors import InputError

APP = typer.Typer()
APP.command()(estimate_command)
BASIC = ["--model", "Llama-3.1-8B", "--hardware", "h100"]


def run(*arguments: str) -> str:
    result = CliRunner().invoke(APP, [*BASIC, *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_summary() -> None:
    text = run()
    assert "Llama-3.1-8B on 1 x H100-SXM5-80GB" in text
    for word in ("TTFT", "TPOT", "tok/s", "GiB per GPU", "memory", "compute"):
        assert word in text


def test_detail_lists_the_operators() -> None:
    text = run("--detail", "--batch", "8", "--tp", "2")
    for operator in ("qkv", "gate_up", "decode_attention", "prefill_attention", "lm_head", "ffn_all_reduce"):
        assert operator in text
    assert "fitted" in text
    assert "█" in text


def test_no_figure_is_cut_however_narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    for columns in ("200", "80", "40"):
        monkeypatch.setenv("COLUMNS", columns)
        for text in (run("--detail", "--batch", "64"), run("--batch", "64")):
            assert "…" not in text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, ""), (512, "512"), (999.6, "1.00 k"), (7.6966e12, "7.70 T"), (25.17e6, "25.2 M"), (6.7e19, "67000 P")],
)
def test_amounts_have_three_digits_and_a_prefix(value: float, text: str) -> None:
    assert amount(value) == text


def test_formats_and_what_one_token_is() -> None:
    text = run("--weight-dtype", "fp8", "--osl", "1")
    assert "weights fp8, activations fp8, KV bf16" in text
    assert "TPOT" not in text
    assert "per user" not in text
    assert "(65 blocks)" in text


def test_json_is_one_object() -> None:
    content = json.loads(run("--json", "--detail", "--weight-dtype", "fp8", "--kv-dtype", "fp8"))
    assert content["weight_dtype"] == content["kv_dtype"] == "fp8"
    assert 3 < content["tpot_ms"] < 6
    total = sum(row["time_ms"] for row in content["operators"] if row["phase"] == "decode")
    assert total == pytest.approx(content["tpot_ms"])


def test_plot_is_written_and_named(tmp_path: Path) -> None:
    path = tmp_path / "roofline.png"
    assert str(path.name) in run("--plot", str(path)).replace("\n", "")
    assert path.stat().st_size > 10_000


def test_a_mistake_is_an_input_error_for_the_main_command_to_print() -> None:
    with pytest.raises(InputError, match="did you mean"):
        CliRunner().invoke(APP, ["--model", "Llama-3.1-8", "--hardware", "h100"], catch_exceptions=False)
