"""The constants on file reproduce the measured kernels they were fitted to, as well as they claim."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.hardware.catalog import load_hardware
from simulator.hardware.fits import load_fits, read_fits
from tests.shared_data import SHARED, needs_shared

ROOT = Path(__file__).resolve().parents[2]
FITS = sorted((ROOT / "calibration/fits").glob("*.yaml"))

# Median and p90 of absolute relative error of single kernels, held out, that this project has promised for H100: the
# closed form alone, and with its correction.
PROMISED = {
    ("gemm", "bf16"): ((0.06, 0.18), (0.04, 0.12)),
    ("gemm", "fp8"): ((0.055, 0.16), (0.05, 0.18)),
    ("prefill_attention", "bf16"): ((0.06, 0.18), (0.035, 0.11)),
    ("decode_attention", "bf16"): ((0.06, 0.18), (0.02, 0.085)),
    ("decode_attention", "fp8"): ((0.07, 0.16), (0.02, 0.07)),
    ("moe", "bf16"): ((0.06, 0.20), (0.06, 0.20)),
}


@pytest.mark.parametrize("path", FITS, ids=lambda path: path.stem)
def test_every_fits_file_reads_and_belongs_to_a_profile(path: Path) -> None:
    fits = read_fits(path)
    assert load_hardware(fits.device).name == path.stem
    origins = [fitted.origin for fitted in fits.gemm.values()]
    origins += [fitted.origin for fitted in fits.decode_attention.values()]
    origins += [part.origin for part in (fits.custom_all_reduce, fits.nccl_all_reduce) if part is not None]
    assert "fitted" in {origin.provenance for origin in origins}
    for origin in origins:  # what was not measured on the device itself is borrowed, and says so
        assert origin.provenance in ("fitted", "transferred", "nominal")
        assert origin.rows >= 15 or origin.provenance != "fitted"


@pytest.mark.parametrize(("key", "dtype"), PROMISED)
def test_held_out_errors_on_file_keep_the_promise(key: str, dtype: str) -> None:
    origin = getattr(load_fits(load_hardware("h100")), key)[dtype].origin
    for stated, (median, p90) in zip((origin, origin.residual), PROMISED[key, dtype], strict=True):
        assert stated.median_error <= median
        assert stated.p90_error <= p90


@needs_shared
def test_the_constants_on_file_have_the_errors_they_state() -> None:
    """Over every row of the H100 table. The stated figures are held out, so these may not be worse by much."""
    import pandas as pd

    from calibration.fit import kernel_classes
    from calibration.fit.device import device_rows

    device = load_hardware("h100")
    table, _ = device_rows([str(SHARED / "data/kernels/kernels_h100_sxm.csv.gz")], device)
    checked = 0
    for spec in kernel_classes():
        rows = spec.rows(table, device)
        if rows.empty:
            continue
        fitted = getattr(load_fits(device), spec.key)
        fitted = fitted if spec.dtype is None else fitted[spec.dtype]
        if rows["kernel"].iloc[0] not in fitted.origin.source:
            continue  # fitted to another build's rows
        predicted_us = spec.total(fitted.constants, device, rows) * 1e6
        error = pd.Series(predicted_us / rows["time_us"].to_numpy() - 1).abs()
        assert error.median() <= 1.1 * fitted.origin.median_error + 0.002, (spec.key, spec.dtype)
        assert error.quantile(0.9) <= 1.1 * fitted.origin.p90_error + 0.01, (spec.key, spec.dtype)
        checked += 1
    assert checked == 16


@needs_shared
def test_closed_form_decode_times_agree_with_measured_servers() -> None:
    """TPOT of measured vLLM 0.15 runs on H100 at their measured concurrency; no constant here was fitted to them by us
    beyond the engine profile."""
    import json

    import numpy as np

    from simulator.cost.compiled import CompiledStepCost
    from simulator.cost.deployment import Deployment
    from simulator.operators.features import StepFeatures
    from simulator.operators.layout import Dtypes

    errors = []
    for line in (SHARED / "data/cases/cases.jsonl").read_text().splitlines():
        case = json.loads(line)
        if case["group"] != "vllm_h100_requests" or not case["id"].split("-")[-1].startswith("q"):
            continue
        work, measured = case["workload"], case["measured"]["tpot_ms"]["mean"] / 1e3
        deployment = Deployment.of(
            case["model"], "h100", tensor_parallel_size=case["parallel"]["tp"],
            dtypes=Dtypes.of(case["weight_dtype"]), top_p_sampling=bool((case["sampling"] or {}).get("top_p")),
        )  # fmt: skip
        out, prompt = work["output_tokens"]["fixed"], work["prompt_tokens"]["mean"]
        running = round(work["qps"] * out * measured)
        context = int(running * (prompt + out / 2))
        step = StepFeatures(running, running, running, running, context)
        errors.append(CompiledStepCost(deployment).seconds(step) / measured - 1)
    assert len(errors) >= 10
    assert np.median(np.abs(errors)) < 0.05
    assert abs(np.median(errors)) < 0.05
