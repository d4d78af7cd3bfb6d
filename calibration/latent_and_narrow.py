"""Fits of latent attention and of weight-only formats, from aiconfigurator's tables of several engines.

    python -m calibration.latent_and_narrow [--aiconfigurator FOLDER] [--device H200-SXM-141GB ...] [--write]

vLLM's own tables time latent attention as whole blocks, projections included. Kernels alone are in TensorRT-LLM's and
SGLang's, and these take what vLLM's blocks take per further token of context: TensorRT-LLM's on Hopper and on B200
within 3 % (bf16 with 128 heads on one rank: 8 %), SGLang's Triton kernel on L40S and RTX PRO 6000, where vLLM runs
Triton too, within 20 %. ``KERNELS_OF`` says whose rows are taken; the multiplies around decode are vLLM's own.

Classes without rows are borrowed (``simulator/hardware/stand_ins.py``) and say so. Without ``--write`` errors are
printed only: data sheet, closed form, with correction, and with 64 points a class.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pandas as pd

from calibration.dropped import merged
from calibration.fit import Result, fit_class
from calibration.fit.accuracy import FEW_POINTS
from calibration.fit.classes import latent_and_narrow_classes
from calibration.fit.device import as_fitted
from calibration.fit.files import LATENT_AND_NARROW, DeviceFit, Key, entries, origin_of, write_device
from calibration.fit.transfer import ACROSS_GENERATIONS
from calibration.fit.unsplit_latents import drop_unsplit_latents
from calibration.hygiene import clean
from calibration.importers.formats import import_measurements
from calibration.importers.imported import Selection
from calibration.words import words
from simulator.errors import InputError
from simulator.hardware.catalog import load_hardware
from simulator.hardware.fits import Fitted, KernelFits, Origin, read_fits
from simulator.hardware.profile import HardwareProfile
from simulator.hardware.residuals import Residual
from simulator.hardware.stand_ins import stand_in_for

COLLECTION = "aiconfigurator-core 0.12.0 (Apache-2.0) tables"

MEASURED = (
    "A100-SXM4-80GB", "L40S", "H100-SXM5-80GB", "H200-SXM-141GB", "B200-SXM-180GB", "B300-SXM-288GB", "GB200-NVL72",
    "GB300-NVL72", "RTX-PRO-6000",
)  # fmt: skip
BORROWING = ("RTX-4090", "RTX-A6000", "A40")
"""Devices with a file and without rows; lenders come before them."""

BACKENDS: tuple[tuple[str, str | None], ...] = (
    ("vllm", None), ("sglang", None), ("sglang", "0.5.10"), ("trtllm", None),
)  # fmt: skip
"""Engine and version (None: the newest) of the tables read; SGLang 0.5.10 timed ten int4 mixtures, newer ones one."""

_TRITON = ("ada", "blackwell-rtx")
"""Architectures on which vLLM and SGLang decode over latents with Triton."""

KERNELS_OF: Mapping[str, tuple[str, ...]] = {
    "mla_prefill": ("trtllm",),
    "mla_bmm": ("vllm", "sglang"),
    "gemm": ("trtllm",),
}
"""Kernel class of the tables -> engines whose rows are taken, the first that has any; others: all."""

_OPS = ("mla_prefill", "mla_decode", "mla_bmm", "gemm", "moe")
_WEIGHT_ONLY = ("int4_wo", "int8_wo", "w4a16_mxfp4")
_FITS = Path(__file__).resolve().parent / "fits"

LENT: Mapping[tuple[str, str], str] = {
    (name, "latent_decode"): "L40S" for name in ("A100-SXM4-80GB", "A40", "RTX-A6000")
}
"""(Device, class) -> whose constants serve instead of the stand-in's: vLLM runs the same Triton kernel there."""
_WEIGHT_ONLY_LENDER = "A100-SXM4-80GB"
"""The one device whose 4-bit multiplies were timed."""


def rows_of(device: HardwareProfile, source: str) -> pd.DataFrame:
    """Clean rows of the classes here; says what was dropped."""
    parts, dropped = [], []
    for backend, version in BACKENDS:
        try:
            _, imported = import_measurements(
                source, Selection(device=device.name, backend=backend, version=version), "aiconfigurator"
            )
        except InputError:
            continue  # no table of this engine, or version
        rows = imported.rows
        narrow = ~rows["op"].isin(["gemm", "moe"]) | rows["dtype"].isin(_WEIGHT_ONLY)
        parts.append(rows[rows["op"].isin(_OPS) & narrow].assign(backend=backend))
    rows, unfit = clean(pd.concat(parts, ignore_index=True), device)
    dropped += unfit
    rows, unsplit = drop_unsplit_latents(as_fitted(rows), device)
    for part in merged([*dropped, *unsplit]):
        print(f"{device.name:16} {part}")
    return rows[_chosen(rows, device)]


def _chosen(rows: pd.DataFrame, device: HardwareProfile) -> pd.Series:
    """Rows of the engine whose kernels are meant, class by class."""
    decode = ("sglang",) if device.architecture in _TRITON else ("trtllm",)
    keep = pd.Series(True, index=rows.index)
    for op, engines in ({"mla_decode": decode} | dict(KERNELS_OF)).items():
        mine, backend = rows["op"] == op, words(rows, "backend")
        first = next((name for name in engines if (mine & (backend == name)).any()), None)
        keep &= ~mine | (backend == first)
    return keep


def fit_rows(device: HardwareProfile, rows: pd.DataFrame) -> dict[Key, Result]:
    """Every class the rows tell something about; prints held-out errors."""
    found: dict[Key, Result] = {}
    for spec in latent_and_narrow_classes():
        result = fit_class(spec, device, rows)
        if result is None:
            continue
        few = fit_class(spec, device, rows, points=FEW_POINTS)
        layers = {**result.layers, **({} if few is None else {f"{FEW_POINTS} points": list(few.layers.values())[-1]})}
        errors = ", ".join(
            f"{name} {100 * one.errors.median:.1f} / {100 * one.errors.p90:.0f}" for name, one in layers.items()
        )
        print(f"{device.name:16} {spec.key:16} {spec.dtype or '':6} n={result.rows:5} {errors}", flush=True)
        found[spec.key, spec.dtype] = result
    return found


def own_classes(device: HardwareProfile, results: Mapping[Key, Result], known: KernelFits) -> DeviceFit:
    """The device's file with its own fits of these classes instead of whatever it had."""
    own = {key: Fitted(result.constants, _origin(result)) for key, result in results.items()}
    kept = {key: residual for key, residual in _residuals(known).items() if key[0] not in LATENT_AND_NARROW}
    new = {key: result.residual for key, result in results.items() if result.residual is not None}
    others = {key: fitted for key, fitted in entries(known).items() if key[0] not in LATENT_AND_NARROW}
    return DeviceFit(device.name, in_order({**others, **own}), kept | new)


def completed(device: HardwareProfile, known: KernelFits) -> DeviceFit:
    """The device's file with borrowed classes where it has none of its own."""
    present = entries(known)
    lent = {key: fitted for key, fitted in _borrowed(device).items() if key not in present}
    return DeviceFit(device.name, in_order({**present, **lent}), _residuals(known))


def in_order(fitted: Mapping[Key, Fitted[Any]]) -> dict[Key, Fitted[Any]]:
    """Sorted as the kernel classes of ``KernelFits``."""
    order = [item.name for item in fields(KernelFits)]
    return dict(sorted(fitted.items(), key=lambda item: order.index(item[0][0])))


def _residuals(known: KernelFits) -> dict[Key, Residual]:
    return {(part, dtype or None): residual for (part, dtype), residual in known.residuals.items()}


def _origin(result: Result) -> Origin:
    origin = origin_of(result, COLLECTION)
    return replace(origin, source=origin.source.replace(": aiconfigurator-core ", ": "))


def _borrowed(device: HardwareProfile) -> dict[Key, Fitted[Any]]:
    """What the stand-in has of its own; then what ``LENT`` and ``_WEIGHT_ONLY_LENDER`` lend."""
    stand_in = stand_in_for(device)
    found: dict[Key, Fitted[Any]] = {}
    if stand_in.constants != device.name:
        found |= _lent_by(stand_in.constants, stand_in.error_factor, LATENT_AND_NARROW)
    if device.name != _WEIGHT_ONLY_LENDER:
        found = _lent_by(_WEIGHT_ONLY_LENDER, ACROSS_GENERATIONS, ("weight_only_gemm",)) | found
    for (name, part), lender in LENT.items():
        if name == device.name:
            found |= _lent_by(lender, ACROSS_GENERATIONS, (part,))
    return found


def _lent_by(lender: str, factor: float, parts: tuple[str, ...]) -> dict[Key, Fitted[Any]]:
    known = entries(read_fits(_FITS / f"{lender}.yaml"))
    return {
        key: Fitted(fitted.constants, fitted.origin.weakened("transferred", lender, factor))
        for key, fitted in known.items()
        if key[0] in parts and fitted.origin.provenance == "fitted"
    }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--aiconfigurator", default="aiconfigurator-core", metavar="FOLDER")
    parser.add_argument("--device", action="append", choices=[*MEASURED, *BORROWING])
    parser.add_argument("--write", action="store_true", help="replace these classes in the files of calibration/fits")
    arguments = parser.parse_args()
    names = arguments.device or [*MEASURED, *BORROWING]
    for name in names:
        device, path = load_hardware(name), _FITS / f"{name}.yaml"
        results = fit_rows(device, rows_of(device, arguments.aiconfigurator)) if name in MEASURED else {}
        if arguments.write:
            write_device(path, own_classes(device, results, read_fits(path)))
    for name in names if arguments.write else []:
        path = _FITS / f"{name}.yaml"
        write_device(path, completed(load_hardware(name), read_fits(path)))


if __name__ == "__main__":
    main()
