"""``calibrate fit`` and ``calibrate transfer``: files written, borrowed classes named, mistakes refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from calibration.fit.classes import kernel_classes
from calibration.fit.files import FITTED_ELSEWHERE
from calibration.fit.form_fit import usual_constants
from simulator.cli.calibrate import calibrate_app
from simulator.hardware.catalog import load_hardware
from simulator.hardware.fits import read_fits

DEVICE = load_hardware("a100")


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(calibrate_app, list(arguments))
    return result.exit_code, result.output


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """bf16 multiplies of an A100, 12 % slower than usual, with one row faster than physics."""
    widths = (1024, 2048, 4096, 8192)
    shapes = [(m, n, k) for n in widths for k in widths for m in (1, 16, 128, 512, 2048, 8192)]
    rows = pd.DataFrame(shapes, columns=["m", "n", "k"]).assign(
        source="made", device="A100-SXM4-80GB", dtype="bf16", op="gemm", kernel="made", time_us=1.0
    )
    spec = kernel_classes()[0]
    noise = np.exp(np.random.default_rng(0).normal(0, 0.02, len(rows)))
    rows["time_us"] = spec.total(usual_constants(spec), DEVICE, rows.astype({"m": float})) * 1.12e6 * noise
    rows.loc[rows.index[-1], "time_us"] = 1e-3
    path = tmp_path / "rows.csv.gz"
    rows.to_csv(path, index=False)
    return path


def test_fit_writes_constants_corrections_and_pictures(table: Path, tmp_path: Path) -> None:
    out, plots = tmp_path / "mine.yaml", tmp_path / "plots"
    status, text = run("fit", str(table), "--out", str(out), "--plots", str(plots))
    assert status == 0, text
    assert "gemm bf16" in text
    assert "dropped 1 rows" in text
    fits = read_fits(out)
    assert fits.device == "A100-SXM4-80GB"
    origin = fits.gemm["bf16"].origin
    assert (origin.provenance, origin.rows) == ("fitted", 95)
    assert origin.median_error < 0.04
    assert origin.band is not None
    assert origin.band[0] < 1 < origin.band[1]
    assert fits.decode_attention["bf16"].origin.rows > 1000
    assert (plots / "gemm_bf16.png").stat().st_size > 10_000
    stored = json.loads(out.with_suffix(".residuals.json").read_text())["residuals"]
    assert set(stored) <= {"gemm", *FITTED_ELSEWHERE}


def test_the_same_rows_give_the_same_bytes(table: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    for out in (first, second):
        assert run("fit", str(table), "--hardware", "a100", "--out", str(out))[0] == 0
    assert first.read_bytes() == second.read_bytes()
    assert first.with_suffix(".residuals.json").read_bytes() == second.with_suffix(".residuals.json").read_bytes()


@pytest.mark.parametrize("arguments", [["--hardware", "h100"], ["--out", "mine.txt"], ["--hardware", "no-such"]])
def test_mistakes_end_with_status_2(table: Path, arguments: list[str]) -> None:
    status, _ = run("fit", str(table), *arguments)
    assert status == 2


def test_transfer_moves_constants_with_wider_errors(tmp_path: Path) -> None:
    out = tmp_path / "moved.yaml"
    status, text = run("transfer", "--from", "h100", "--to", "mi300x", "--out", str(out))
    assert status == 0, text
    moved, own = read_fits(out), read_fits_of("h100")
    assert moved.device == load_hardware("mi300x").name
    assert moved.gemm["bf16"].constants == own.gemm["bf16"].constants
    assert moved.gemm["bf16"].origin.provenance == "transferred"
    assert moved.gemm["bf16"].origin.p90_error >= 2 * own.gemm["bf16"].origin.p90_error
    assert not moved.residuals


def test_corrections_travel_within_an_architecture_with_wider_errors(tmp_path: Path) -> None:
    out = tmp_path / "moved.yaml"
    status, text = run("transfer", "--from", "h100", "--to", "h200", "--out", str(out))
    assert status == 0, text
    moved, own = read_fits(out), read_fits_of("h100")
    assert set(moved.residuals) == set(own.residuals)
    here, home = (fits.gemm["bf16"].origin.residual for fits in (moved, own))
    assert here is not None
    assert here.band is not None
    assert home is not None
    assert home.band is not None
    assert here.median_error == pytest.approx(1.7 * home.median_error, abs=2e-3)
    assert here.band[0] < home.band[0] < home.band[1] < here.band[1]


def read_fits_of(name: str):  # type: ignore[no-untyped-def]
    from simulator.hardware.fits import load_fits

    return load_fits(load_hardware(name))


def test_transfer_to_itself_is_refused(tmp_path: Path) -> None:
    assert run("transfer", "--from", "h100", "--to", "h100", "--out", str(tmp_path / "x.yaml"))[0] == 2


def test_transfer_to_another_kind_of_device_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "x.yaml"
    status, text = run("transfer", "--from", "h100", "--to", "generic-cpu", "--out", str(out))
    assert status == 2
    assert "is a cpu" in text
    assert not out.exists()


def test_a_class_with_one_shape_family_is_left_out_and_named(table: Path, tmp_path: Path) -> None:
    rows = pd.read_csv(table)
    alone = rows[(rows["n"] == 1024) & (rows["k"] == 1024)]
    path, out = tmp_path / "alone.csv", tmp_path / "mine.yaml"
    alone.to_csv(path, index=False)
    status, text = run("fit", str(path), "--out", str(out))
    assert status == 2
    assert "left out gemm bf16" in text
    assert not out.exists()


def test_words_where_numbers_belong_are_refused_with_their_line(table: Path, tmp_path: Path) -> None:
    lines = pd.read_csv(table).astype({"time_us": object})
    lines.loc[3, "time_us"] = "OOM"
    path = tmp_path / "words.csv"
    lines.to_csv(path, index=False)
    status, text = run("fit", str(path))
    assert status == 2
    assert "words.csv:5: time_us: must be a number (found 'OOM')" in text
