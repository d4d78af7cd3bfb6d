"""The constants on file reproduce the measured kernels they were fitted to, as well as they claim."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from simulator.hardware.catalog import load_hardware
from simulator.hardware.fits import load_fits, read_fits
from tests.shared_data import SHARED, needs_shared

ROOT = Path(__file__).resolve().parents[2]
FITS = sorted((ROOT / "calibration/fits").glob("*.yaml"))

# Median and p90 of absolute relative error of single kernels, held out, that this project has promised for H100.
PROMISED = {
    ("gemm", "bf16"): (0.065, 0.18),
    ("gemm", "fp8"): (0.12, 0.32),
    ("prefill_attention", "bf16"): (0.07, 0.20),
    ("decode_attention", "bf16"): (0.06, 0.17),
    ("decode_attention", "fp8"): (0.07, 0.16),
}


def priors() -> ModuleType:
    spec = importlib.util.spec_from_file_location("priors", ROOT / "calibration/priors.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["priors"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", FITS, ids=lambda path: path.stem)
def test_every_fits_file_reads_and_belongs_to_a_profile(path: Path) -> None:
    fits = read_fits(path)
    assert load_hardware(fits.device).name == path.stem
    origins = [fitted.origin for fitted in fits.gemm.values()]
    origins += [fitted.origin for fitted in fits.decode_attention.values()]
    for origin in (*origins, fits.custom_all_reduce.origin):
        assert origin.rows > 50
        assert origin.provenance == "fitted"


@pytest.mark.parametrize(("key", "dtype"), PROMISED)
def test_held_out_errors_on_file_keep_the_promise(key: str, dtype: str) -> None:
    origin = getattr(load_fits(load_hardware("h100")), key)[dtype].origin
    median, p90 = PROMISED[key, dtype]
    assert origin.median_error <= median
    assert origin.p90_error <= p90


@needs_shared
def test_the_constants_on_file_have_the_errors_they_state() -> None:
    """Over every row of the H100 table. The stated figures are held out, so these may not be worse by much."""
    import pandas as pd

    script, device = priors(), load_hardware("h100")
    table = pd.read_csv(SHARED / "data/kernels/kernels_h100_sxm.csv.gz", low_memory=False)
    checked = 0
    for spec in script.kernel_classes():
        fitted = getattr(load_fits(device), spec.key)
        fitted = fitted if spec.dtype is None else fitted[spec.dtype]
        error = pd.Series(script.relative_error(spec, fitted.constants, device, spec.rows(table, device)))
        assert error.median() <= 1.1 * fitted.origin.median_error + 0.002, (spec.key, spec.dtype)
        assert error.quantile(0.9) <= 1.1 * fitted.origin.p90_error + 0.01, (spec.key, spec.dtype)
        checked += 1
    assert checked == 10


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
