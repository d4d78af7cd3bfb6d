"""Bad correction files beside a fits file are refused with the file and the place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from simulator.errors import InputError
from simulator.hardware.residuals import read_residuals

GOOD = {"centres": [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], "weights": [0.1, -0.1], "scales": [1.0, 2.0, 2.0], "clip": 1.0}


def write(path: Path, part: str, **changes: Any) -> Path:
    path.write_text(json.dumps({"residuals": {part: {"bf16": GOOD | changes}}}), encoding="utf-8")
    return path


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    assert set(read_residuals(write(tmp_path / "a.json", "gemm"))) == {("gemm", "bf16")}


@pytest.mark.parametrize(
    ("part", "changes", "told"),
    [
        ("gem", {}, "did you mean 'gemm'"),
        ("gemm", {"weights": [0.1]}, "n weights"),
        ("gemm", {"weights": []}, "n weights"),
        ("gemm", {"scales": [1.0]}, "3 scales"),
        ("gemm", {"scales": [1.0, 0.0, 1.0]}, "scales above 0"),
        ("gemm", {"weights": [0.1, float("nan")]}, "finite"),
        ("gemm", {"weights": ["a", "b"]}, "no correction"),
        ("gemm", {"clip": 1e9}, "clip"),
        ("gemm", {"clip": None}, "no correction"),
    ],
)
def test_bad_corrections_are_refused(tmp_path: Path, part: str, changes: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        read_residuals(write(tmp_path / "a.json", part, **changes))


@pytest.mark.parametrize("text", ["", "[]", "{", '{"residuals": 3}', '{"residuals": {"gemm": 3}}', "{}"])
def test_a_damaged_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"a\.json"):
        read_residuals(path)
