"""A run's result folder, or the result file of a load test, read back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from simulator.errors import InputError
from simulator.json_document import read_json


def read_run(folder: Path) -> dict[str, Any]:
    """``summary.json`` of a folder written by ``inferplan run --out`` (or the file itself)."""
    path = folder / "summary.json" if folder.is_dir() else folder
    summary = read_json(path)
    if "provenance" not in summary:
        raise InputError("is not the summary of an inferplan run", file=path, hint="give a folder written by --out")
    return summary


def read_bench(path: Path) -> dict[str, Any]:
    """The result file of ``vllm bench serve --save-result``."""
    result = read_json(path)
    if "mean_ttft_ms" not in result and "request_throughput" not in result:
        raise InputError("is not a result of vllm bench serve", file=path, hint="expected keys such as mean_ttft_ms")
    return result
