"""Vidur's profiles become rows of the measurement schema."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from calibration.importers.formats import import_measurements
from calibration.importers.imported import Imported, Selection
from calibration.least_time import least_time_us
from simulator.errors import InputError
from simulator.hardware.catalog import load_hardware
from tests.calibration.vidur_files import RAW_ATTENTION, RAW_MLP, tidy_row, write
from tests.shared_data import SHARED, needs_shared


def imported(path: Path, **wanted: str) -> Imported:
    """The file as ``inferplan calibrate import`` reads it, the format found by itself."""
    found, result = import_measurements(str(path), Selection(**wanted))
    assert found == "vidur"
    return result


def only(result: Imported, op: str) -> pd.Series:
    """The one row of a kernel class."""
    rows = result.rows[result.rows["op"] == op]
    assert len(rows) == 1
    return rows.iloc[0]


def test_contexts_count_the_new_tokens(tmp_path: Path) -> None:
    result = imported(
        write(
            tmp_path / "p.csv",
            [
                tidy_row("attn_prefill", batch_size=1, prefill_chunk=512, kv_len=256),
                tidy_row("attn_decode", batch_size=6, kv_len=960),
            ],
        )
    )
    prefill, decode = only(result, "attn_prefill"), only(result, "attn_decode")
    assert (prefill["batch"], prefill["q_len"], prefill["kv_len"]) == (1, 512, 768)
    assert (decode["batch"], decode["kv_len"]) == (6, 961)
    assert set(result.rows["kv_dtype"]) == {"fp16"}
    assert set(result.rows["device"]) == {"A100-SXM4-80GB"}


def test_what_has_no_place_is_named_and_counted(tmp_path: Path) -> None:
    network = {"bytes": 4096, "world_size": 4, "tp": None}
    result = imported(
        write(
            tmp_path / "p.csv",
            [
                tidy_row("mlp_down_proj", m=8, n=8192, k=11008),
                tidy_row("add", num_tokens=8, bytes=8),
                tidy_row("send_recv", **network),
                tidy_row("all_reduce", device="a100_dgx", devices_per_node=4, **network),
                tidy_row("all_reduce", device="a100_dgx", devices_per_node=2, **network),
                tidy_row("all_reduce", device="a100_pairwise_nvlink", devices_per_node=4, **network),
                tidy_row("mlp_down_proj", device="a30", m=8, n=8192, k=11008),
            ],
        )
    )
    assert sorted(result.rows["op"]) == ["gemm", "nccl_all_reduce"]
    counts = {dropped.reason: dropped.count for dropped in result.dropped}
    assert counts == {
        "operators without a kernel class in the schema": 2,
        "collectives over NVLink bridges: no such node profile": 1,
        "collectives over several nodes": 1,
        "no hardware profile for device 'a30'; name its profile with --hardware": 1,
    }


def test_activation_without_gate_is_left_out(tmp_path: Path) -> None:
    mlp = [
        tidy_row("mlp_up_proj", m=8, n=10240, k=2560),
        tidy_row("mlp_down_proj", m=8, n=2560, k=10240),
        tidy_row("mlp_act", num_tokens=8, bytes=8 * 2 * 10240 * 2),
    ]
    result = imported(write(tmp_path / "p.csv", mlp))
    assert "activation" not in set(result.rows["op"])
    mlp[0] = tidy_row("mlp_up_proj", m=8, n=20480, k=2560)
    mlp[2] = tidy_row("mlp_act", num_tokens=8, bytes=8 * 3 * 10240 * 2)
    assert only(imported(write(tmp_path / "p.csv", mlp)), "activation")["n"] == 10240


def test_own_file_of_linear_layers(tmp_path: Path) -> None:
    """Two ranks: 32 query and 4 KV heads of 128, half of the inner width, gate and up in one multiply."""
    result = imported(write(tmp_path / "compute" / "h100" / "org" / "mlp.csv", [RAW_MLP]))
    gemms = result.rows[result.rows["op"] == "gemm"]
    assert set(zip(gemms["n"], gemms["k"], gemms["time_us"].round(6), strict=True)) == {
        (5120, 8192, 61.0),
        (8192, 4096, 46.0),
        (22016, 8192, 235.0),
        (8192, 11008, 119.0),
    }
    assert only(result, "norm")["n"] == 8192
    assert only(result, "activation")["n"] == 11008
    assert only(result, "rotary")[["heads", "kv_heads", "head_dim"]].tolist() == [32, 4, 128]
    assert set(result.rows["device"]) == {"H100-SXM5-80GB"}
    assert set(result.rows["m"]) == {24}


def test_own_file_of_attention(tmp_path: Path) -> None:
    result = imported(write(tmp_path / "attention.csv", RAW_ATTENTION), device="A100-SXM4-80GB")
    prefill, decode = only(result, "attn_prefill"), only(result, "attn_decode")
    assert prefill[["q_len", "kv_len", "heads", "kv_heads", "time_us"]].tolist() == [512, 768, 32, 4, 91.0]
    assert decode[["batch", "kv_len", "time_us"]].tolist() == [6, 961, 31.0]


def test_own_file_must_say_its_device(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"does not say which device[^-]*--device"):
        imported(write(tmp_path / "attention.csv", RAW_ATTENTION))


def test_table_that_lacks_a_column_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "p.csv", [{"op": "attn_decode", "time_us_median": 3.0}])
    with pytest.raises(InputError, match="lacks the column 'source'"):
        import_measurements(str(path), Selection(), "vidur")


@needs_shared
def test_published_profiles_obey_physics() -> None:
    """A wrong width or context would make many rows faster than the data sheet allows."""
    device = load_hardware("A100-SXM4-80GB")
    result = imported(SHARED / "data" / "kernels" / "vidur_profiles.csv.gz", device=device.name)
    assert result.rows["op"].value_counts().to_dict() == {
        "gemm": 36516,
        "norm": 17997,
        "attn_decode": 10230,
        "embedding": 9129,
        "rotary": 9127,
        "activation": 8868,
        "attn_prefill": 4393,
        "nccl_all_reduce": 2979,
    }
    sample = result.rows[result.rows["op"].isin(("gemm", "attn_prefill", "attn_decode", "norm", "activation"))]
    assert (sample["time_us"] < least_time_us(sample, device)).mean() < 0.001
