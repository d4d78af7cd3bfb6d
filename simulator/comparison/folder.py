"""A run's result folder, or any JSON result file, read back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from simulator.errors import InputError


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


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object. Raises ``InputError`` with file and line."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError("does not exist", file=path) from None
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"is not JSON: {error}", file=path, line=getattr(error, "lineno", None)) from None
    if not isinstance(content, dict):
        raise InputError("must hold a JSON object", file=path, value=type(content).__name__)
    return content
