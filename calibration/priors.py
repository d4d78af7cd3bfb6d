"""Fit the kernel constants of ``calibration/fits`` from measured kernel tables, and report held-out errors.

    python calibration/priors.py TABLES_FOLDER [--write] [--device H100-SXM5-80GB ...]

``TABLES_FOLDER`` holds ``kernels_<device>.csv.gz`` (columns op, dtype, m, n, k, batch, ..., time_us). Without
``--write`` nothing is changed: the errors of the constants on file are printed beside those of a fresh fit. Errors are
absolute relative errors of single kernels, cross-validated: whole (n, k) pairs, head shapes, expert shapes or message
sizes are held out in four folds.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import least_squares

from simulator.atomic import write_text
from simulator.cost import kernels
from simulator.cost.attention_forms import DecodeAttentionForm, PrefillAttentionForm
from simulator.hardware.catalog import load_hardware
from simulator.hardware.fits import (
    CustomAllReduceFit,
    DecodeAttentionFit,
    GemmFit,
    MoEFit,
    NcclAllReduceFit,
    PrefillAttentionFit,
)
from simulator.hardware.profile import HardwareProfile

TABLES = {
    "H100-SXM5-80GB": "h100_sxm",
    "H200-SXM-141GB": "h200_sxm",
    "A100-SXM4-80GB": "a100_sxm",
    "L40S": "l40s",
    "B200-SXM-180GB": "b200_sxm",
}
FOLDS = 4
MOST_ROWS = 6000
LARGE_L2_BYTES = 80e6
_HERE = Path(__file__).resolve().parent
Predict = Callable[[Any, HardwareProfile, pd.DataFrame], np.ndarray]


@dataclass(frozen=True)
class KernelClass:
    """How one class of kernels is picked from a table, predicted and bounded.

    ``start``, ``low``, ``high``: one entry per constant of ``kind``; ``held_out``: columns whose combinations are kept
    together in a fold.
    """

    key: str
    dtype: str | None
    kind: type
    rows: Callable[[pd.DataFrame, HardwareProfile], pd.DataFrame]
    predict: Predict
    held_out: tuple[str, ...]
    start: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True)
class Result:
    """Constants of one class with their cross-validated errors."""

    constants: Any
    source: str
    rows: int
    median_error: float
    p90_error: float


def fit_class(spec: KernelClass, device: HardwareProfile, table: pd.DataFrame) -> Result | None:
    """Fit one class by least squares on log residuals (soft_l1); None when the table has no rows of it."""
    rows = spec.rows(table, device)
    if rows.empty:
        return None
    sample = rows.sample(min(MOST_ROWS, len(rows)), random_state=0)
    folds = _folds(sample, spec.held_out)
    error = np.empty(len(sample))
    for fold in range(FOLDS):
        held = folds == fold
        constants = _solve(spec, device, sample[~held])
        error[held] = relative_error(spec, constants, device, sample[held])
    return Result(
        constants=_solve(spec, device, sample),
        source=", ".join(sorted(set(sample["source"] + " " + sample["kernel"].fillna("")))),
        rows=len(sample),
        median_error=float(np.median(error)),
        p90_error=float(np.quantile(error, 0.9)),
    )


def relative_error(spec: KernelClass, constants: Any, device: HardwareProfile, rows: pd.DataFrame) -> np.ndarray:
    """Absolute relative error of each row's predicted time."""
    return np.abs(spec.predict(constants, device, rows) * 1e6 / rows["time_us"].to_numpy() - 1)


def _solve(spec: KernelClass, device: HardwareProfile, rows: pd.DataFrame) -> Any:
    measured = np.log(rows["time_us"].to_numpy() * 1e-6)

    def residual(log_constants: np.ndarray) -> np.ndarray:
        constants = spec.kind(*np.exp(log_constants).tolist())
        return np.log(spec.predict(constants, device, rows)) - measured

    found = least_squares(
        residual,
        np.log(spec.start),
        bounds=(np.log(spec.low), np.log(spec.high)),
        loss="soft_l1",
        f_scale=0.1,
        max_nfev=80,
    )
    return spec.kind(*[float(f"{value:.4g}") for value in np.exp(found.x)])


def _folds(rows: pd.DataFrame, columns: tuple[str, ...]) -> np.ndarray:
    groups = rows.groupby(list(columns)).ngroup().to_numpy()
    order = np.random.default_rng(0).permutation(groups.max() + 1)
    return order[groups] % FOLDS


def _gemm(dtype: str) -> KernelClass:
    width = 2.0 if dtype == "bf16" else 1.0

    def predict(fit: GemmFit, device: HardwareProfile, rows: pd.DataFrame) -> np.ndarray:
        seconds: np.ndarray = kernels.gemm_seconds(
            fit, device, rows["m"].to_numpy(), rows["n"].to_numpy(), rows["k"].to_numpy(), math_dtype=dtype,
            bytes_per_weight=width, bytes_per_activation=width,
        )  # fmt: skip
        return seconds

    quantise = (0.05, 1e-3, 5.0) if dtype == "fp8" else (1e-3, 1e-4, 1.0)
    return KernelClass(
        "gemm", dtype, GemmFit, lambda t, _: t[(t.op == "gemm") & (t.dtype == dtype)], predict, ("n", "k"),
        start=(0.9, 0.85, 3.5, 3.0, 0.4, 200.0, 0.15, 1.2, 0.2, quantise[0], 0.1),
        low=(0.3, 0.4, 0.3, 0.8, 0.01, 1.0, 0.01, 1.0, 1e-3, quantise[1], 1e-4),
        high=(1.1, 1.1, 20.0, 20.0, 1.2, 3000.0, 1.0, 16.0, 2.0, quantise[2], 3.0),
    )  # fmt: skip


def _prefill(kv_dtype: str) -> KernelClass:
    def predict(fit: PrefillAttentionFit, device: HardwareProfile, rows: pd.DataFrame) -> np.ndarray:
        batch, new = rows["batch"].to_numpy(), rows["q_len"].to_numpy()
        cached = rows["kv_len"].to_numpy() - new
        form = PrefillAttentionForm(
            fit, device, heads=rows["heads"].to_numpy(), kv_heads=rows["kv_heads"].to_numpy(),
            head_dim=rows["head_dim"].to_numpy(), math_dtype="bf16", bytes_per_kv=2.0 if kv_dtype == "bf16" else 1.0,
        )  # fmt: skip
        pairs = batch * (new * cached + new * (new + 1) / 2)
        seconds: np.ndarray = form.seconds(
            batch, batch * new, pairs, batch * (cached + new), batch * np.ceil(new / 128)
        )
        return seconds

    return KernelClass(
        "prefill_attention", kv_dtype, PrefillAttentionFit,
        lambda t, _: t[(t.op == "attn_prefill") & (t.kv_dtype == kv_dtype) & (t.window == 0)], predict,
        ("heads", "kv_heads"),
        start=(0.7, 0.6, 10.0, 1.1, 0.9, 1.0, 0.4, 10.0),
        low=(0.2, 0.1, 1.0, 0.7, 0.01, 1e-3, 1e-3, 1e-3),
        high=(1.1, 1.2, 30.0, 8.0, 2.0, 20.0, 1.5, 1e3),
    )  # fmt: skip


def _decode(kv_dtype: str) -> KernelClass:
    """The tables repeat a call on the same KV, which a cache of 90 MB and more then holds; a server's other layers
    evict it. On devices with such a cache, rows whose KV is 5 to 200 % of it are left out."""
    width = 2.0 if kv_dtype == "bf16" else 1.0

    def predict(fit: DecodeAttentionFit, device: HardwareProfile, rows: pd.DataFrame) -> np.ndarray:
        batch = rows["batch"].to_numpy()
        form = DecodeAttentionForm(
            fit, device, heads=rows["heads"].to_numpy(), kv_heads=rows["kv_heads"].to_numpy(),
            head_dim=rows["head_dim"].to_numpy(), bytes_per_kv=2.0 if kv_dtype == "bf16" else 1.0,
        )  # fmt: skip
        seconds: np.ndarray = form.seconds(batch, batch, batch * rows["kv_len"].to_numpy())
        return seconds

    def pick(t: pd.DataFrame, device: HardwareProfile) -> pd.DataFrame:
        rows = t[(t.op == "attn_decode") & (t.kv_dtype == kv_dtype) & (t.window == 0)]
        if device.l2_bytes < LARGE_L2_BYTES:
            return rows
        in_l2 = rows.batch * rows.kv_len * rows.kv_heads * rows.head_dim * 2 * width / device.l2_bytes
        return rows[(in_l2 < 0.05) | (in_l2 > 2)]

    return KernelClass(
        "decode_attention", kv_dtype, DecodeAttentionFit, pick, predict, ("heads", "kv_heads"),
        start=(0.95, 5.0, 3.5, 0.4, 0.2, 8.0, 0.7),
        low=(0.3, 1.0, 0.01, 1e-3, 1e-4, 0.01, 0.01),
        high=(1.1, 30.0, 20.0, 2.0, 10.0, 40.0, 1.0),
    )  # fmt: skip


def _moe(dtype: str) -> KernelClass:
    width = 2.0 if dtype == "bf16" else 1.0

    def pick(t: pd.DataFrame, device: HardwareProfile) -> pd.DataFrame:
        gated = ~t.kernel.fillna("").str.contains("nongated")
        rows = t[(t.op == "moe") & (t.dtype == dtype) & (t.moe_ep == 1) & gated]
        even = rows[rows.distribution == "balanced"]
        return even if len(even) else rows[rows.distribution == "power_law_1.01"]

    def predict(fit: MoEFit, device: HardwareProfile, rows: pd.DataFrame) -> np.ndarray:
        tokens, experts, chosen = (rows[name].to_numpy() for name in ("m", "experts", "topk"))
        touched = np.minimum(experts, tokens * chosen)
        seconds: np.ndarray = kernels.moe_seconds(
            fit, device, tokens=tokens, hidden_size=rows["k"].to_numpy(),
            intermediate_size=rows["n"].to_numpy() / rows["moe_tp"].to_numpy(), num_matrices=3,
            experts_per_token=chosen, touched_experts=touched, math_dtype=dtype, bytes_per_weight=width,
            bytes_per_activation=2.0,
        )  # fmt: skip
        return seconds

    return KernelClass(
        "moe", dtype, MoEFit, pick, predict, ("experts", "topk", "n", "k"),
        start=(0.6, 0.8, 30.0, 2.0, 20.0, 100.0),
        low=(0.1, 0.1, 1.0, 0.7, 0.1, 1.0),
        high=(1.1, 1.2, 300.0, 20.0, 200.0, 5000.0),
    )  # fmt: skip


def _all_reduce(
    key: str, kind: type, pick: Callable[[pd.DataFrame, HardwareProfile], pd.DataFrame], form: Any, **bounds: Any
) -> Any:
    def predict(fit: Any, device: HardwareProfile, rows: pd.DataFrame) -> np.ndarray:
        seconds: np.ndarray = form(fit, device, rows["bytes"].to_numpy(), rows["world_size"].to_numpy())
        return seconds

    return KernelClass(key, None, kind, pick, predict, ("bytes",), **bounds)


def kernel_classes() -> list[KernelClass]:
    """Every class that is fitted."""
    return [
        _gemm("bf16"),
        _gemm("fp8"),
        _prefill("bf16"),
        _prefill("fp8"),
        _decode("bf16"),
        _decode("fp8"),
        _moe("bf16"),
        _moe("fp8"),
        _all_reduce(
            "custom_all_reduce", CustomAllReduceFit, lambda t, _: t[t.kernel == "vLLM_custom_graph"],
            kernels.custom_all_reduce_seconds,
            start=(4.0, 0.1, 0.6, 4.0, 0.7), low=(0.5, 1e-3, 0.05, 0.1, 0.05), high=(30.0, 1.5, 1.2, 60.0, 1.2),
        ),
        _all_reduce(
            "nccl_all_reduce", NcclAllReduceFit, lambda t, _: t[(t.op == "nccl_all_reduce") & (t.dtype == "fp16")],
            kernels.nccl_all_reduce_seconds,
            start=(5.0, 0.5, 0.7, 0.9), low=(0.5, 1e-3, 0.05, 0.2), high=(60.0, 1.5, 1.2, 5.0),
        ),
    ]  # fmt: skip


def render(device: str, results: dict[tuple[str, str | None], Result]) -> str:
    """The fits file of one device."""
    lines = [
        "# Kernel constants fitted by calibration/priors.py. Forms: simulator/cost; units: simulator/hardware/fits.py",
        f"device: {device}",
    ]
    previous = None
    for (key, dtype), result in results.items():
        if key != previous:
            lines.append(f"{key}:")
            previous = key
        pad = "  "
        if dtype is not None:
            lines.append(f"  {dtype}:")
            pad = "    "
        constants = ", ".join(f"{f.name}: {getattr(result.constants, f.name):g}" for f in fields(result.constants))
        lines += [
            f"{pad}provenance: fitted",
            f'{pad}source: "aiconfigurator-core 0.12.0 (Apache-2.0) tables: {result.source}"',
            f"{pad}rows: {result.rows}",
            f"{pad}median_error: {result.median_error:.3f}",
            f"{pad}p90_error: {result.p90_error:.3f}",
            f"{pad}constants: {{{constants}}}",
        ]
    return "\n".join(lines) + "\n" + _STREAM


_STREAM = """\
stream:
  provenance: nominal
  source: "usual share of bandwidth of element-wise kernels and one graph-launched kernel; no timings used"
  rows: 0
  median_error: 0.3
  p90_error: 0.6
  constants: {memory_share: 0.75, latency_us: 1.0}
"""


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", type=Path)
    parser.add_argument("--device", action="append", choices=list(TABLES))
    parser.add_argument("--write", action="store_true", help="replace the files in calibration/fits")
    arguments = parser.parse_args()
    for name in arguments.device or TABLES:
        device = load_hardware(name)
        table = pd.read_csv(arguments.tables / f"kernels_{TABLES[name]}.csv.gz", low_memory=False)
        results = {}
        for spec in kernel_classes():
            result = fit_class(spec, device, table)
            if result is not None:
                results[spec.key, spec.dtype] = result
                print(
                    f"{name:16} {spec.key:18} {spec.dtype or '':5} n={result.rows:5}"
                    f" median {result.median_error:.3f} p90 {result.p90_error:.3f} {result.constants}",
                    flush=True,
                )
        if arguments.write:
            write_text(_HERE / "fits" / f"{name}.yaml", render(name, results))


if __name__ == "__main__":
    main()
