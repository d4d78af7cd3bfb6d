"""Constants of a processor from its own rows, where the truth is known: a machine invented with plain rules."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from calibration.measure.backends.fake import FakeBackend
from calibration.measure.case import Case
from calibration.measure.harness import measure, read_rows
from calibration.measure.work import work_of
from calibration.serve.host_terms import launch_seconds
from calibration.serve.machine_fits import MachineFits, fit_machine
from simulator.cost.attention_forms import DecodeAttentionForm
from simulator.cost.kernels import gemm_seconds
from simulator.errors import InputError
from simulator.hardware.catalog import load_hardware
from simulator.hardware.profile import HardwareProfile

FLOPS, BYTES_PER_S, DECODE_FLOPS = 80e12, 200e9, 50e9


def processor_seconds(case: Case) -> float:
    """Multiplies pad no rows and read their weights; decode attention works head by head, vector by vector."""
    flops, nbytes = work_of(case)
    rate = DECODE_FLOPS if case.op == "attn_decode" else FLOPS
    return 3e-6 + flops / rate + nbytes / BYTES_PER_S


class InventedProcessor(FakeBackend):
    """Rows under the name of the bundled CPU profile."""

    modes = ("eager",)
    math_dtypes = ("bf16",)
    kernels = ("torch_sdpa", "torch_sdpa_per_sequence")

    def device_name(self) -> str:
        return "Generic-CPU"


@pytest.fixture(scope="module")
def device() -> HardwareProfile:
    return replace(load_hardware("Generic-CPU"), l2_bytes=32 * 2**20)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("rows") / "cpu.csv"
    classes = ["launch", "gemm", "attn_decode", "attn_prefill", "norm", "activation", "rotary"]
    measure(InventedProcessor(processor_seconds), out, classes, points=48, budget_s=1e6, rounds=3)
    return out


@pytest.fixture(scope="module")
def fits(rows: Path, device: HardwareProfile) -> MachineFits:
    return fit_machine(rows, device)


def test_held_out_shapes_are_predicted(fits: MachineFits) -> None:
    for part, (count, median, _) in fits.errors.items():
        assert count >= 40, part
        assert median < 0.1, part
    assert fits.fits.gemm["bf16"].origin.rows == fits.errors["gemm"][0]


def test_one_row_costs_a_processor_no_tile(fits: MachineFits, device: HardwareProfile) -> None:
    constants = fits.fits.gemm["bf16"].constants

    def seconds(m: int) -> float:
        options = {"math_dtype": "bf16", "bytes_per_weight": 2.0, "bytes_per_activation": 2.0}
        return float(gemm_seconds(constants, device, m, 4096, 4096, **options))

    truth = processor_seconds(Case.of("gemm", "bf16", m=1, n=4096, k=4096))
    assert seconds(1) == pytest.approx(truth, rel=0.25)


def test_decode_time_follows_query_heads_not_kv_heads(fits: MachineFits, device: HardwareProfile) -> None:
    constants = fits.fits.decode_attention["bf16"].constants

    def seconds(heads: int, kv_heads: int) -> float:
        form = DecodeAttentionForm(constants, device, heads=heads, kv_heads=kv_heads, head_dim=128, bytes_per_kv=2.0)
        return float(form.seconds(8, 8, 8 * 4096))

    assert seconds(32, 8) == pytest.approx(seconds(32, 32))
    assert seconds(32, 8) / seconds(8, 8) == pytest.approx(4.0, rel=0.2)


def test_launches_are_read_and_missing_classes_named(rows: Path, device: HardwareProfile, tmp_path: Path) -> None:
    assert launch_seconds(read_rows(rows)) == pytest.approx(3e-6, rel=1e-3)
    with pytest.raises(InputError, match="no eager launch row"):
        launch_seconds([])
    lines = [line for line in rows.read_text().splitlines() if ",attn_decode," not in line]
    fewer = tmp_path / "fewer.csv"
    fewer.write_text("\n".join(lines) + "\n")
    with pytest.raises(InputError, match=r"fewer.csv: op: holds no bf16 rows of decode_attention"):
        fit_machine(fewer, device)
