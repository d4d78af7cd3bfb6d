"""Importers: another tool's table in our columns, units and names, with what was left out told by count."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from calibration.importers.formats import FORMATS, import_measurements
from calibration.importers.imported import Selection
from calibration.measurements_file import read_measurements
from simulator.cli.main import app
from simulator.errors import InputError
from simulator.hardware.catalog import load_hardware
from tests.shared_data import SHARED, needs_shared

PLAIN = "M,N,K,latency\n8,4096,2048,0.009\n16,4096,2048,0.010\n"
RUN = CliRunner()


def _plain(folder: Path) -> Path:
    path = folder / "mine.csv"
    path.write_text(PLAIN, encoding="utf-8")
    return path


def test_plain_table_with_a_column_map_becomes_a_measurement_file(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    maps = ["m=M", "n=N", "k=K", "time_ms=latency", "op=gemm:", "dtype=bf16:"]
    arguments = ["calibrate", "import", str(_plain(tmp_path)), "--out", str(out), "--device", "h200"]
    result = RUN.invoke(app, arguments + [part for pair in maps for part in ("--map", pair)])
    assert result.exit_code == 0, result.output
    rows = read_measurements(out, load_hardware("h200"))
    assert list(rows["time_us"]) == pytest.approx([9.0, 10.0])
    assert list(rows["m"]) == [8, 16]


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        ([], "lacks 'device'"),
        (["--device", "h200"], "lacks 'op'"),
        (["--device", "h200", "--map", "op=gemm:"], "lacks 'time_us'"),
        (["--map", "m=MM"], "'MM'"),
        (["--map", "mm=M"], "is no column of the measurement schema"),
        (["--map", "m"], "must read COLUMN=NAME"),
        (["--map", "m=M", "--map", "m=N"], "maps a column twice"),
        (["--format", "tidi"], "did you mean 'tidy'"),
        (["--device", "h2000"], "no such hardware"),
        (["--format", "tidy"], "lacks the column 'device'"),
    ],
)
def test_what_is_missing_is_said_with_its_remedy(tmp_path: Path, extra: list[str], told: str) -> None:
    result = RUN.invoke(app, ["calibrate", "import", str(_plain(tmp_path)), "--out", str(tmp_path / "o.csv"), *extra])
    assert result.exit_code == 2
    assert told in result.output
    assert not (tmp_path / "o.csv").exists()


def test_unknown_source_and_output_names_are_refused(tmp_path: Path) -> None:
    for arguments, told in (
        ([str(tmp_path / "no.csv"), "--out", "o.csv"], "no such file"),
        ([str(_plain(tmp_path)), "--out", "o.parquet"], "must end in .csv"),
    ):
        result = RUN.invoke(app, ["calibrate", "import", *arguments])
        assert result.exit_code == 2
        assert told in result.output


def test_copied_devices_are_pointed_out(tmp_path: Path) -> None:
    path = tmp_path / "two.csv"
    lines = ["device,op,dtype,m,n,k,time_us"]
    for m in range(1, 31):
        lines += [f"h100,gemm,bf16,{m},512,512,{5 + m * 0.37}", f"h200,gemm,bf16,{m},512,512,{(5 + m * 0.37) * 1.3}"]
    path.write_text("\n".join(lines), encoding="utf-8")
    result = RUN.invoke(app, ["calibrate", "import", str(path), "--out", str(tmp_path / "o.csv")])
    assert result.exit_code == 0
    assert "warning: gemm of H200-SXM-141GB is 1.3 times that of H100-SXM5-80GB" in result.output


def test_rows_without_a_place_are_counted_by_reason(tmp_path: Path) -> None:
    path = tmp_path / "tidy.csv"
    path.write_text(
        "device,op,dtype,m,n,k,time_us\nh100_sxm,gemm,bfloat16,8,64,64,5\nh100_sxm,mla_decode_module,bf16,,,,9\n"
        "h100_sxm,gemm,q5_k,8,64,64,5\nMI999,gemm,bf16,8,64,64,5\nl40s,gemm,bf16,8,64,64,5\n",
        encoding="utf-8",
    )
    found, imported = import_measurements(str(path), Selection(device="H100-SXM5-80GB"))
    assert found == "tidy"
    assert list(imported.rows["dtype"]) == ["bf16"]
    told = " | ".join(part.reason for part in imported.dropped)
    for words in ("'mla_decode_module'", "'q5_k'", "'MI999'", "measured on L40S"):
        assert words in told
    assert sum(part.count for part in imported.dropped) == 4


def test_a_table_with_nothing_to_import_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "none.csv"
    path.write_text("device,op,time_us\nMI999,gemm,3\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"no row that can be imported.*MI999"):
        import_measurements(str(path), Selection())


LSS_HEADER = (
    "source,profiler,device,model,tp,dtype,kind,op,m,k,n,batch,q_len,kv_prefill,kv_len,kv_total,kv_big,kv_small,"
    "n_big,heads,kv_heads,head_dim,activated_experts,time_us"
)


def test_llmservingsim_rows_keep_what_a_server_runs(tmp_path: Path) -> None:
    def row(profiler: str, kind: str, op: str, **cells: object) -> str:
        base = {"source": "s", "device": "RTX4090", "model": "a/b", "tp": 1, "dtype": "bf16", "heads": 32,
                "kv_heads": 8, "head_dim": 128, "profiler": profiler, "kind": kind, "op": op,
                "time_us": 50.0}  # fmt: skip
        merged = base | cells
        return ",".join(str(merged.get(name, "")) for name in LSS_HEADER.split(","))

    vllm = "vllm0.19-layerwise"
    lines = [
        row(vllm, "gemm", "qkv_proj", m=4, k=4096, n=6144),
        row(vllm, "gemm", "down_proj", m=4, k=14336, n=4096),
        row(vllm, "attn_prefill", "attention", batch=0, q_len=16, kv_prefill=48, kv_len=0),
        row(vllm, "attn_decode", "attention", batch=2, q_len=0, kv_prefill=0, kv_len=512),
        row(vllm, "attn_mixed", "attention", batch=2, q_len=16, kv_prefill=64, kv_len=512),
        row(vllm, "elementwise", "layernorm", m=4),
        row(vllm, "elementwise", "act_fn", m=4),
        row(vllm, "sampler", "sampler", m=4),
        row("v0 torch profiler", "gemm", "o_proj", m=8, k=4096, n=4096, dtype="fp16"),
        row("v0 torch profiler", "attn_decode", "attention", batch=2, kv_len=512, dtype="fp16"),
    ]
    lines += [row(vllm, "moe", "moe_fused", m=m, k=2048, n=768, activated_experts=e)
              for m, e in ((1, 8), (2, 8), (2, 16), (32, 128))]  # fmt: skip
    path = tmp_path / "lss.csv"
    path.write_text("\n".join([LSS_HEADER, *lines]), encoding="utf-8")
    found, imported = import_measurements(str(path), Selection())
    assert found == "llmservingsim"
    rows = imported.rows.set_index("op")
    prefill, decode = rows.loc["attn_prefill"], rows.loc["attn_decode"]
    assert (prefill["batch"], prefill["q_len"], prefill["kv_len"]) == (1, 16, 64)
    assert (decode["batch"], decode["kv_len"]) == (2, 512)
    assert rows.loc["norm", "n"] == 4096
    assert rows.loc["activation", "n"] == 14336
    assert sorted(rows.loc["moe", "m"]) == [1, 2, 32]  # two tokens that touch 8 experts are not balanced
    assert set(rows.loc["moe", "experts"]) == {128}
    assert len(rows.loc["gemm"]) == 3
    assert rows.loc["gemm", "heads"].isna().all()
    assert {part.count for part in imported.dropped} == {1}
    assert len(imported.dropped) == 3


def test_every_format_has_a_reader() -> None:
    from importlib import import_module

    for module in FORMATS.values():
        assert callable(import_module(module).sniff)
        assert callable(import_module(module).read)


@needs_shared
@pytest.mark.parametrize(
    ("name", "format_name", "device"),
    [
        ("kernels_a100_sxm.csv.gz", "tidy", "A100-SXM4-80GB"),
        ("apex_collectives_attention.csv.gz", "apex", "H200-SXM-141GB"),
    ],
)
def test_shared_tables_are_recognised(name: str, format_name: str, device: str) -> None:
    found, imported = import_measurements(str(SHARED / "data/kernels" / name), Selection(device=device))
    assert found == format_name
    assert set(imported.rows["device"]) == {device}
