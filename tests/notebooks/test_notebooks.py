"""Every notebook runs from top to bottom, and what it concludes is what it computed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))


def _run_cells(notebook: Path) -> dict[str, Any]:
    names: dict[str, Any] = {}
    for number, cell in enumerate(json.loads(notebook.read_text())["cells"]):
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), f"{notebook.name}[{number}]", "exec"), names)
    return names


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_not_stored(notebook: Path) -> None:
    cells = json.loads(notebook.read_text())["cells"]
    assert not any(cell.get("outputs") for cell in cells)


def _results(stem: str) -> dict[str, Any]:
    (notebook,) = (path for path in NOTEBOOKS if path.stem == stem)
    return _run_cells(notebook)


def test_reading_a_run() -> None:
    """The capacity lies where the conclusion says, and TTFT is what gives way."""
    names = _results("reading-a-run")
    loads = names["loads"]
    assert 5.0 < names["capacity"] < 8.5
    assert loads.loc[1.0, "goodput_share"] >= 0.99 > loads.loc[1.5, "goodput_share"]
    assert loads.loc[1.5, "mean_tpot_ms"] < 25
    assert loads.loc[1.5, "kv_cache_usage_mean"] < 0.2
    assert loads.loc[1.5, "p99_ttft_ms"] > 200


@pytest.mark.slow
def test_batching_and_chunked_prefill() -> None:
    """Small chunks use the device up, whole prompts and large chunks stop at the gap between tokens; Sarathi-Serve
    reports 2.6 times with longer prompts."""
    names = _results("batching-and-chunked-prefill")
    capacity, answers = names["capacity"], names["answers"]
    assert 1.4 < names["chunking"] < 3
    assert names["iteration_level"] > 3
    assert capacity["vLLM, chunked, budget 1024"] >= capacity["vLLM, chunked, budget 512"]
    assert capacity["vLLM, chunked, budget 2048"] < capacity["Orca (whole prompts)"]
    assert "itl:p99" in answers["vLLM, chunked, budget 2048"].binding.text
    assert "faster than they finish" in answers["vLLM, chunked, budget 512"].binding.text
    assert names["step_ms"][2048] > 100 > names["step_ms"][1024]


@pytest.mark.slow
def test_number_formats_and_capacity() -> None:
    """Bytes count on the L40S, arithmetic on both. Weight-only multiplies spare bytes, not work: where arithmetic binds
    they are no faster than bf16."""
    names = _results("number-formats-and-capacity")
    gain, users = names["gain"], names["users"]
    assert (gain.drop(index="fp8 weights only") >= 1).all().all()
    assert gain.loc["fp8 weights only", "l40s"] > 1.3
    assert 1.5 < gain.loc["fp8 weights and activations", "l40s"] < 2.2
    assert gain.loc["fp8, and fp8 KV cache", "l40s"] > gain.loc["fp8 weights and activations", "l40s"] + 0.3
    assert 0.9 <= gain.loc["fp8 weights only", "h100"] < 1.2 < gain.loc["fp8 weights and activations", "h100"] < 1.7
    assert users.loc["bf16", "h100"] > 4 * users.loc["bf16", "l40s"]


@pytest.mark.slow
def test_capacity_plan_from_a_private_trace() -> None:
    """The plan made from the profile holds on the log, with a replica gone at the peak."""
    names = _results("capacity-plan-from-a-private-trace")
    winner, p95 = names["winner"], names["p95"]
    assert winner.configuration.hardware == "h100"
    assert winner.replicas >= 2
    assert p95["ttft_ms"] < 500
    assert p95["tpot_ms"] < 40
