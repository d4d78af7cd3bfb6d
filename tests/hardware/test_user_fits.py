"""Kernel constants and measured rows of the user's own."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pytest

from simulator.cost.compiled import CompiledStepCost
from simulator.cost.deployment import Deployment
from simulator.cost.estimate import estimate
from simulator.cost.step_cost import ReadableStepCost
from simulator.datafiles import data_dir
from simulator.errors import InputError
from simulator.hardware.catalog import load_hardware
from simulator.hardware.user_fits import content_hash, user_fits
from simulator.operators.features import StepFeatures
from tests.cli.invoke import inferplan

H100 = load_hardware("h100")
ROWS = """\
device,op,dtype,m,n,k,batch,q_len,kv_len,heads,kv_heads,head_dim,kv_dtype,time_us,iqr_us
H100-SXM5-80GB,gemm,bf16,8,6144,4096,,,,,,,,30.0,0.6
H100-SXM5-80GB,gemm,bf16,8,6144,4096,,,,,,,,50.0,0.6
H100-SXM5-80GB,gemm,bf16,8,6144,4096,,,,,,,,40.0,0.8
H100-SXM5-80GB,attn_decode,bf16,,,,8,,1000,32,8,128,bf16,77.0,1.0
H100-SXM5-80GB,attn_prefill,bf16,,,,2,512,512,32,8,128,bf16,99.0,1.0
H100-SXM5-80GB,norm,bf16,8,4096,,,,,,,,,3.0,0.1
"""


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    path.write_text(ROWS)
    return path


@pytest.fixture
def fits(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    shutil.copy(data_dir("calibration/fits") / "H100-SXM5-80GB.yaml", path)
    return path


def decode(batch: int, context: int) -> StepFeatures:
    return StepFeatures(tokens=batch, sampled=batch, decode_seqs=batch, decode_queries=batch, decode_kv=batch * context)


def test_own_constants_replace_the_bundled_ones(fits: Path) -> None:
    bundled = estimate("Llama-3.1-8B", "h100")
    latency = next(line for line in fits.read_text().splitlines() if "latency_us" in line)
    value = latency.split("latency_us:")[1].split(",")[0].strip(" }")
    fits.write_text(fits.read_text().replace(f"latency_us: {value},", "latency_us: 30,", 1))
    assert estimate("Llama-3.1-8B", "h100", fits=fits).tpot_s > 1.2 * bundled.tpot_s


def test_constants_of_another_device_are_refused(fits: Path) -> None:
    with pytest.raises(InputError, match="holds constants of H100-SXM5-80GB, the hardware is A100") as caught:
        estimate("Llama-3.1-8B", "a100", fits=fits)
    assert str(fits) in str(caught.value)


@pytest.mark.parametrize("key", ["fits", "exact"])
def test_a_file_that_is_not_there(key: str) -> None:
    with pytest.raises(InputError, match=f"calibration.{key}: no such file"):
        user_fits(H100, **{key: "absent.yaml"})


def test_measured_rows_are_taken_at_exactly_their_shapes(rows: Path) -> None:
    """The median of three rows; a neighbouring shape keeps the fitted time; both step costs agree."""
    deployment = Deployment.of("Llama-3.1-8B", H100, fits=user_fits(H100, exact=rows))
    readable, compiled = ReadableStepCost(deployment), CompiledStepCost(deployment)
    plain = ReadableStepCost(Deployment.of("Llama-3.1-8B", H100))
    engine = deployment.engine
    hit = {row.name: row for row in readable.breakdown(decode(8, 1000))}
    assert hit["qkv"].seconds == pytest.approx(32 * 40e-6 * engine.gemm_multiplier)
    assert hit["decode_attention"].seconds == pytest.approx(32 * 77e-6 * engine.decode_attention_multiplier)
    assert [hit[name].origin.layer for name in ("qkv", "decode_attention", "down")][:2] == ["L3", "L3"]
    assert hit["qkv"].origin.provenance == "measured"
    assert hit["down"].origin.layer != "L3"
    missed = {row.name: row.seconds for row in readable.breakdown(decode(8, 1001))}
    old = {row.name: row.seconds for row in plain.breakdown(decode(8, 1001))}
    assert missed["decode_attention"] == old["decode_attention"]
    prompt = StepFeatures(tokens=1024, sampled=2)
    prompt.add_chunk(512, 0)
    prompt.add_chunk(512, 0)
    prefill = {row.name: row.seconds for row in readable.breakdown(prompt)}["prefill_attention"]
    assert prefill == pytest.approx(32 * 99e-6 * engine.prefill_attention_multiplier)
    for features in (decode(8, 1000), decode(8, 1001), prompt):
        assert compiled.seconds(features) == pytest.approx(readable.seconds(features), rel=1e-12)


def test_packed_rows_are_read(rows: Path, tmp_path: Path) -> None:
    packed = tmp_path / "rows.csv.gz"
    packed.write_bytes(gzip.compress(rows.read_bytes()))
    assert user_fits(H100, exact=packed).exact == user_fits(H100, exact=rows).exact


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("device,op", "gpu,op", "device: is a missing column"),
        ("time_us", "time_ms", "time_us: is a missing column"),
        ("77.0", "-77.0", "rows.csv:5: time_us: must be a number > 0 (found '-77.0')"),
        ("77.0", "nan", "rows.csv:5: time_us: must be a number > 0"),
        ("bf16,8,6144,4096,,,,,,,,30.0", "bf16,8.5,6144,4096,,,,,,,,30.0", "rows.csv:2: m: must be a whole number"),
        ("H100-SXM5-80GB,gemm", "H200-SXM-141GB,gemm", "rows.csv:2: device: the rows must be of H100-SXM5-80GB"),
        ("gemm", "copy_h2d", None),
    ],
)
def test_rows_that_cannot_be_used(rows: Path, old: str, new: str, message: str | None) -> None:
    rows.write_text(rows.read_text().replace(old, new))
    if message is None:
        assert not user_fits(H100, exact=rows).exact.gemm
        return
    with pytest.raises(InputError) as caught:
        user_fits(H100, exact=rows)
    assert message in str(caught.value)


def test_a_file_without_a_usable_row_and_a_broken_one(tmp_path: Path) -> None:
    empty, broken = tmp_path / "empty.csv", tmp_path / "broken.csv.gz"
    empty.write_text("device,op,time_us\n")
    broken.write_bytes(b"\x1f\x8b\x08")
    with pytest.raises(InputError, match="has no row of gemm"):
        user_fits(H100, exact=empty)
    with pytest.raises(InputError, match="is no CSV file that can be read"):
        user_fits(H100, exact=broken)


def test_a_scenario_names_them_and_the_result_says_which(fits: Path, rows: Path, tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(
        "model: llama-3.1-8b\nhardware: h100\ncalibration: {fits: mine.yaml, exact: rows.csv}\n"
        "workload: {synthetic: {num_requests: 4, arrival: offline, prompt_tokens: 64, output_tokens: 4}}\n"
    )
    outcome = inferplan("run", scenario, "--json", "--no-bands")
    assert outcome.status == 0, outcome.err
    said = json.loads(outcome.out)["provenance"]["calibration"]
    assert said["fits"] == {"file": str(fits), "sha256": content_hash(fits)}
    assert said["exact"]["sha256"] == content_hash(rows)
    wrong = inferplan("run", scenario, "--set", "hardware=a100")
    assert wrong.status == 2
    assert "holds constants of H100-SXM5-80GB" in wrong.err


def test_estimate_takes_them_on_the_command_line(fits: Path, rows: Path) -> None:
    basic = ("estimate", "--model", "Llama-3.1-8B", "--hardware", "h100", "--batch", "8")
    outcome = inferplan(*basic, "--fits", fits, "--exact", rows, "--detail")
    assert outcome.status == 0, outcome.err
    assert "L3 measured" in outcome.out
