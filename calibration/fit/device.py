"""All kernel classes of one device fitted to its measured rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from calibration.dropped import Dropped, merged
from calibration.fit.bounds import for_device
from calibration.fit.classes import kernel_classes
from calibration.fit.expert_gates import keep_sound_experts
from calibration.fit.files import Key
from calibration.fit.held_out import Result, families, fit_class
from calibration.fit.kernel_class import KernelClass
from calibration.fit.one_library import keep_fastest_attention
from calibration.fit.relatives import Relative
from calibration.fit.unsplit_latents import drop_unsplit_latents
from calibration.hygiene import clean
from calibration.importers.formats import import_measurements
from calibration.importers.imported import Selection
from calibration.words import words
from simulator.hardware.profile import HardwareProfile

_DEFAULTS = {"window": 0.0, "moe_tp": 1.0, "moe_ep": 1.0}

Report = Callable[[Key, Result], None]
Relatives = Callable[[KernelClass], Sequence[Relative]]
"""Devices that few rows of a class learn from (``calibration.fit.relatives.shipped_relatives``)."""


def no_relatives(_: KernelClass) -> Sequence[Relative]:
    """Rows speak alone."""
    return ()


def device_rows(sources: list[str], device: HardwareProfile) -> tuple[pd.DataFrame, list[Dropped]]:
    """Clean rows of a device from tables in any format that can be imported; what was dropped, by reason.

    Raises ``InputError`` for a file that is no table, or holds no row of the device.
    """
    parts, dropped = [], []
    for source in sources:
        _, imported = import_measurements(source, Selection(device=device.name))
        parts.append(imported.rows)
        dropped += imported.dropped
    kept, unfit = clean(pd.concat(parts, ignore_index=True), device)
    kept, slow = keep_sound_experts(as_fitted(kept), device)
    kept, others = keep_fastest_attention(kept)
    kept, unsplit = drop_unsplit_latents(kept, device)
    return kept, merged([*dropped, *unfit, *slow, *others, *unsplit])


def as_fitted(rows: pd.DataFrame) -> pd.DataFrame:
    """Names and defaults the kernel classes expect: fp16 runs at bf16's rate and serves as it."""
    collective = words(rows, "op").str.startswith("nccl")
    dtype = rows["dtype"].where(collective, rows["dtype"].replace({"fp16": "bf16"}))
    filled = {name: rows[name].astype(float).fillna(value) for name, value in _DEFAULTS.items()}
    return rows.assign(dtype=dtype, kv_dtype=rows["kv_dtype"].replace({"fp16": "bf16"}), **filled)


def fit_device(
    device: HardwareProfile, rows: pd.DataFrame, *, points: int | None = None, relatives: Relatives = no_relatives,
    report: Report | None = None,
) -> dict[Key, Result]:  # fmt: skip
    """Every class the rows tell something about; ``report`` hears of each as it is done.

    ``points`` and ``relatives`` as in ``fit_class``, the latter of each class.
    """
    results: dict[Key, Result] = {}
    for spec in kernel_classes():
        spec = for_device(spec, device)
        result = fit_class(spec, device, rows, points=points, relatives=relatives(spec))
        if result is not None:
            results[spec.key, spec.dtype] = result
            if report is not None:
                report((spec.key, spec.dtype), result)
    return results


def lone_families(device: HardwareProfile, rows: pd.DataFrame) -> list[Key]:
    """Classes all of whose rows are of one shape family: ``fit_device`` leaves them out, for no error can be held out.

    Such a class is better served by a relative's constants, whose errors are known.
    """
    return [
        (spec.key, spec.dtype)
        for spec in kernel_classes()
        if families(spec, for_device(spec, device).rows(rows, device)) == 1
    ]


def kernel_tables(folder: Path) -> list[Path]:
    """The files ``kernels_*.csv[.gz]`` of a folder, by name."""
    return sorted(path for path in folder.glob("kernels_*.csv*") if path.name.endswith((".csv", ".csv.gz")))
