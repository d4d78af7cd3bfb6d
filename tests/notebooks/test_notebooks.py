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


def test_reading_a_run() -> None:
    """The capacity lies where the conclusion says, and TTFT is what gives way."""
    (notebook,) = (path for path in NOTEBOOKS if path.stem == "reading-a-run")
    names = _run_cells(notebook)
    loads = names["loads"]
    assert 5.0 < names["capacity"] < 8.5
    assert loads.loc[1.0, "goodput_share"] >= 0.99 > loads.loc[1.5, "goodput_share"]
    assert loads.loc[1.5, "mean_tpot_ms"] < 25
    assert loads.loc[1.5, "kv_cache_usage_mean"] < 0.2
    assert loads.loc[1.5, "p99_ttft_ms"] > 200
