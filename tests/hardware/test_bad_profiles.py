"""The messages of a broken profile: file, line, dotted path, what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.errors import InputError
from simulator.hardware.catalog import load_hardware, profile_files

FILES = {path.stem: path for path in profile_files()}


def broken(tmp_path: Path, name: str, old: str, new: str) -> Path:
    text = FILES[name].read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "broken.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"),
    [
        ("H100-SXM5-80GB", "bandwidth_gb_s: 3352", "bandwith_gb_s: 3352", "did you mean 'bandwith_gb_s'?"),
        ("H100-SXM5-80GB", "bandwidth_gb_s: 3352", "bandwidth_gb_s: -1", "must be a number > 0 (found -1)"),
        ("H100-SXM5-80GB", "bandwidth_gb_s: 3352", "bandwidth_gb_s: .nan", "must be a number > 0 (found nan)"),
        ("H100-SXM5-80GB", "  bf16: 989.4", "  bf15: 989.4", "did you mean 'bf16'"),
        ("H100-SXM5-80GB", "multiprocessors: 132", "multiprocessors: 132\nsms: 132", "sms: is not a known key here"),
        ("H100-SXM5-80GB", "topology: switch", "topology: swich", "did you mean 'switch'?"),
        ("H100-SXM5-80GB", "year: 2022", "", "year: is missing"),
        ("H100-SXM5-80GB", "kind: gpu", "kind: gpus", "kind: must be one of gpu, tpu, trainium, gaudi, cpu"),
        ("H100-SXM5-80GB", "usable_gib: 79.1", "usable_gib: 791", "cannot exceed the nominal memory"),
        ("V100-SXM2-32GB", "  fp16: 125\n", "", "a dense peak of bf16 or fp16 is needed"),
        ("TPU-v6e", "dims: [16, 16], ", "", "link.dims: is missing"),
        ("TPU-v6e", "wraps_every: 16", "wraps_every: half", "link.wraps_every: must be a whole number >= 0"),
        ("TPU-v6e", "rows: 256, ", "", "matrix_unit.rows: is missing"),
        ("MI300X", "topology: mesh, domain: 8", "topology: mesh, domain: 1", "a mesh joins at least 2"),
        ("L4", "as_of:", "as_off:", "price.as_of: is missing"),
    ],
)
def test_a_broken_profile_names_file_line_and_path(
    tmp_path: Path, name: str, old: str, new: str, expected: str
) -> None:
    path = broken(tmp_path, name, old, new)
    with pytest.raises(InputError) as caught:
        load_hardware(path)
    message = str(caught.value)
    assert expected in message
    assert message.startswith(f"{path}:")


def test_line_of_a_bad_value(tmp_path: Path) -> None:
    path = broken(tmp_path, "L40S", "multiprocessors: 142", "multiprocessors: many")
    text = path.read_text(encoding="utf-8")
    line = 1 + text[: text.index("multiprocessors")].count("\n")
    with pytest.raises(InputError) as caught:
        load_hardware(path)
    assert f"{path}:{line}: multiprocessors: must be a whole number >= 1 (found 'many')" in str(caught.value)


def test_an_unknown_name_offers_near_ones() -> None:
    with pytest.raises(InputError, match="did you mean 'mi300x'"):
        load_hardware("mi300xx")
    with pytest.raises(InputError, match="known: A100-PCIe-80GB, A100-SXM4-40GB, "):
        load_hardware("abacus")
