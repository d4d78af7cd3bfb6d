"""Kernel constants of the machine at hand: its own rows in the simulator's closed forms, a family's for the rest.

``inferplan calibrate fit`` does the same for a file; this takes the rows of the kernel libraries the server runs on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from calibration.fit import Result, fit_class, kernel_classes
from calibration.fit.bounds import for_device
from calibration.fit.device import as_fitted
from calibration.fit.files import origin_of
from calibration.measurements_file import read_measurements
from simulator.errors import InputError
from simulator.hardware.fits import Fitted, KernelFits, load_fits
from simulator.hardware.profile import HardwareProfile

_FITTED = ("gemm", "prefill_attention", "decode_attention", "stream")


@dataclass(frozen=True)
class Libraries:
    """Kernel libraries of a server, per class of attention."""

    prefill: str
    decode: str


SLOTS = Libraries("torch_sdpa", "torch_sdpa_per_sequence")
PAGED = Libraries("torch_varlen_paged", "torch_varlen_paged")


@dataclass(frozen=True)
class MachineFits:
    """``fits``: constants for the simulator; ``errors``: kernel class -> (rows, median, p90 of the absolute relative
    error on shapes held out)."""

    fits: KernelFits
    errors: Mapping[str, tuple[int, float, float]]


def fit_machine(measurements: Path, device: HardwareProfile, libraries: Libraries = SLOTS) -> MachineFits:
    """Fit multiply, attention and element-wise classes in bf16 to a measurement file.

    Raises ``InputError`` when a class has no rows.
    """
    table = as_fitted(read_measurements(measurements, device))
    named = {"attn_prefill": libraries.prefill, "attn_decode": libraries.decode}
    table = table[[named.get(op, kernel) == kernel for op, kernel in zip(table["op"], table["kernel"], strict=True)]]
    results: dict[tuple[str, str | None], Result] = {}
    for spec in kernel_classes():
        if spec.key in _FITTED and spec.dtype in ("bf16", None):
            found = fit_class(for_device(spec, device), device, table)
            if found is None:
                raise InputError(f"holds no bf16 rows of {spec.key}", file=measurements, path="op")
            results[spec.key, spec.dtype] = found
    return MachineFits(_joined(device, results), {key: _statement(found) for (key, _), found in results.items()})


def _joined(device: HardwareProfile, results: Mapping[tuple[str, str | None], Result]) -> KernelFits:
    """Own constants and corrections in the place of the family's."""
    base = load_fits(device)
    own = {key: Fitted(found.constants, origin_of(found, "measured here")) for key, found in results.items()}
    return replace(
        base,
        device=device.name,
        gemm={"bf16": own["gemm", "bf16"]},
        prefill_attention={"bf16": own["prefill_attention", "bf16"]},
        decode_attention={"bf16": own["decode_attention", "bf16"]},
        stream=own["stream", None],
        residuals={(key, dtype or ""): r.residual for (key, dtype), r in results.items() if r.residual is not None},
    )


def _statement(found: Result) -> tuple[int, float, float]:
    errors = found.layers["L2" if found.residual is not None else "L1"].errors
    return found.rows, errors.median, errors.p90
