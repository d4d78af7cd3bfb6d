"""The quick parser and the plain one read the same: data, line numbers, mistakes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import yaml_document
from simulator.errors import InputError
from simulator.yaml_document import parse_yaml

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(path for room in ("hardware_profiles", "workloads", "calibration", "docs/scenarios")
               for path in (ROOT / room).rglob("*.yaml"))  # fmt: skip


def parsed(text: str) -> Any:
    """Data and lines, or the message."""
    lines: dict[Any, int] = {}
    try:
        return parse_yaml(text, "x.yaml", lines), lines
    except InputError as error:
        return str(error)


def both(text: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    quick = parsed(text)
    with monkeypatch.context() as patch:
        patch.setattr(yaml_document, "_QUICK_LOADER", None)
        return quick, parsed(text)


def test_bundled_files(monkeypatch: pytest.MonkeyPatch) -> None:
    for path in FILES[::6]:
        quick, plain = both(path.read_text(), monkeypatch)
        assert quick == plain, path


@given(text=st.text(alphabet="ab1.:-, []{}#&*!'\"\n\t|>?%@0eE_~", max_size=30))
def test_any_text(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        quick, plain = both(text, patch)
    assert quick == plain
