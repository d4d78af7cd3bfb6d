"""Tables laid out as aiconfigurator-core lays them out: systems, backends, newest versions, units."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from calibration.importers.formats import import_measurements
from calibration.importers.imported import Selection
from simulator.errors import InputError

GEMM = {"framework": "VLLM", "version": "x", "device": "NVIDIA H200", "op_name": "gemm", "kernel_source": "cublas",
        "gemm_dtype": "bfloat16", "m": 8, "n": 64, "k": 32, "latency": 0.005}  # fmt: skip


def _write(folder: Path, path: str, *rows: dict[str, Any]) -> None:
    pytest.importorskip("pyarrow")
    target = folder / "systems" / "data" / f"{path}_perf.parquet"
    target.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(list(rows)).to_parquet(target)


def test_newest_version_of_each_table_in_our_units_and_names(tmp_path: Path) -> None:
    _write(tmp_path, "h200_sxm/gemm/vllm/0.9.1/gemm", GEMM | {"latency": 0.5})
    _write(tmp_path, "h200_sxm/gemm/vllm/0.24.0/gemm", GEMM, GEMM | {"device": "NVIDIA L40S"})
    attention = {"device": "NVIDIA H200", "kernel_source": "fa3", "batch_size": 4, "num_heads": 16, "head_dim": 128,
                 "num_key_value_heads": 0, "attn_dtype": "bfloat16", "kv_cache_dtype": "fp8",
                 "window_size": 0}  # fmt: skip
    decode = attention | {"isl": 1, "step": 511, "latency": 0.02}
    prefill = attention | {"isl": 128, "step": 64, "latency": 0.03}
    _write(tmp_path, "h200_sxm/attention/vllm/0.24.0/generation_attention", decode)
    _write(tmp_path, "h200_sxm/attention/vllm/0.24.0/context_attention", prefill)
    message = {"kernel_source": "NCCL", "op_name": "all_reduce", "nccl_dtype": "half", "num_gpus": 8}
    _write(tmp_path, "h200_sxm/comm/nccl/2.29.2/nccl", message | {"message_size": 1024, "latency": 0.006})
    _write(tmp_path, "h200_sxm/mla/vllm/0.24.0/mla_context_module", {"latency": 1.0}, {"latency": 2.0})

    found, imported = import_measurements(str(tmp_path), Selection(device="H200-SXM-141GB"))
    assert found == "aiconfigurator"
    rows = imported.rows.set_index("op")
    assert rows.loc["gemm", "time_us"] == pytest.approx(5.0)
    assert rows.loc["gemm", "source"] == "aiconfigurator-core vllm-0.24.0"
    assert (rows.loc["attn_decode", "kv_len"], rows.loc["attn_decode", "kv_heads"]) == (512, 16)
    assert (rows.loc["attn_prefill", "q_len"], rows.loc["attn_prefill", "kv_len"]) == (128, 192)
    assert rows.loc["nccl_all_reduce", "bytes"] == 2048
    assert set(imported.rows["device"]) == {"H200-SXM-141GB"}
    counts = {part.reason: part.count for part in imported.dropped}
    assert counts == {
        "filed under h200_sxm, measured on another device": 1,
        "tables of kernels the schema has no place for": 2,
    }
    _, older = import_measurements(str(tmp_path), Selection(system="h200_sxm", version="0.9.1"))
    assert older.rows[older.rows["op"] == "gemm"]["time_us"].tolist() == pytest.approx([500.0])


def test_latent_attention_and_the_multiplies_around_it(tmp_path: Path) -> None:
    latent = {"device": "NVIDIA H200", "kernel_source": "default", "mla_dtype": "bfloat16", "kv_cache_dtype": "fp8",
              "num_heads": 16, "batch_size": 4}  # fmt: skip
    _write(tmp_path, "h200_sxm/mla/trtllm/1.3.0/generation_mla", latent | {"isl": 1, "step": 1023, "latency": 0.02})
    _write(tmp_path, "h200_sxm/mla/trtllm/1.3.0/context_mla", latent | {"isl": 256, "step": 0, "latency": 0.05})
    multiply = {"device": "NVIDIA H200", "kernel_source": "bmm", "bmm_dtype": "bfloat16", "num_heads": 16,
                "num_tokens": 8, "latency": 0.004}  # fmt: skip
    into, out_of = multiply | {"op_name": "mla_gen_pre"}, multiply | {"op_name": "mla_gen_post"}
    _write(tmp_path, "h200_sxm/mla_bmm/trtllm/1.3.0/mla_bmm", into, out_of)
    _, imported = import_measurements(str(tmp_path), Selection(device="H200-SXM-141GB", backend="trtllm"))
    rows = imported.rows.set_index("op")
    decode, prefill = rows.loc["mla_decode"], rows.loc["mla_prefill"]
    assert (decode["batch"], decode["kv_len"], decode["heads"], decode["kv_dtype"]) == (4, 1024, 16, "fp8")
    assert (prefill["q_len"], prefill["kv_len"], prefill["time_us"]) == (256, 256, pytest.approx(50.0))
    multiplies = rows.loc["mla_bmm", ["m", "n", "k", "heads"]].to_numpy().tolist()
    assert multiplies == [[8, 512, 128, 16], [8, 128, 512, 16]]
    assert not imported.dropped


def test_attention_tables_without_windows_are_read(tmp_path: Path) -> None:
    row = {"device": "NVIDIA A100", "kernel_source": "triton", "batch_size": 4, "num_heads": 16, "head_dim": 128,
           "num_key_value_heads": 4, "attn_dtype": "bfloat16", "kv_cache_dtype": "bfloat16", "isl": 1, "step": 511,
           "latency": 0.02}  # fmt: skip
    _write(tmp_path, "a100_sxm/attention/sglang/0.5.10/generation_attention", row)
    _, imported = import_measurements(str(tmp_path), Selection(device="A100-SXM4-80GB", backend="sglang"))
    assert imported.rows["window"].tolist() == [0]


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (Selection(system="h20_sxm"), "did you mean 'h200_sxm'"),
        (Selection(device="L40S"), "no tables of this device"),
        (Selection(backend="vlm"), "did you mean 'vllm'"),
        (Selection(version="9.9"), "no table of vllm"),
    ],
)
def test_what_the_tables_lack_is_said(tmp_path: Path, wanted: Selection, told: str) -> None:
    _write(tmp_path, "h200_sxm/gemm/vllm/0.24.0/gemm", GEMM)
    with pytest.raises(InputError, match=told):
        import_measurements(str(tmp_path), wanted)


def test_without_the_package_the_remedy_is_named() -> None:
    from importlib.util import find_spec

    if find_spec("aiconfigurator_core") is not None:
        pytest.skip("aiconfigurator-core is installed here")
    with pytest.raises(InputError, match=r"not installed[\s\S]*inferplan\[aiconfigurator\]"):
        import_measurements("aiconfigurator-core", Selection())
