"""Fits of the devices whose timings come in other tools' tables: graphics cards, TPU v6e, the Blackwell systems.

    python -m calibration.measured_devices TABLES_FOLDER [--aiconfigurator FOLDER] [--device RTX-4090 ...] [--write]

``TABLES_FOLDER`` holds ``kernels_llmservingsim.csv.gz`` and ``vidur_profiles.csv.gz``; aiconfigurator's tables are
those of the installed package unless a folder is named. Rows pass ``calibration.hygiene``; kernel classes without rows
of their own are borrowed (``simulator/hardware/stand_ins.py``) and say so. Without ``--write`` errors are printed only.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

import pandas as pd

from calibration.fit import KernelClass, Result, fit_class, kernel_classes
from calibration.fit.device import as_fitted
from calibration.fit.expert_gates import keep_sound_experts
from calibration.fit.files import FITTED_ELSEWHERE, DeviceFit, Key, device_fit, origin_of, write_device
from calibration.fit.mixed_attention import CARDS, FORMAT, fit_card
from calibration.hygiene import clean
from calibration.importers.formats import import_measurements
from calibration.importers.imported import Selection
from calibration.in_engine import attention_in_engine, brought_together, speaks_for_the_engine
from simulator.hardware.catalog import load_hardware
from simulator.hardware.fits import Fitted, KernelFits, Origin
from simulator.hardware.profile import HardwareProfile

FILES = {"llmservingsim": "kernels_llmservingsim.csv.gz", "vidur": "vidur_profiles.csv.gz"}
LICENCES = {
    "llmservingsim": "LLMServingSim (MIT) timings",
    "vidur": "Vidur (MIT) timings",
    "aiconfigurator": "aiconfigurator-core 0.12.0 (Apache-2.0) tables",
}

DEVICES: dict[str, tuple[str, ...]] = {
    "RTX-4090": ("llmservingsim",),
    "RTX-PRO-6000": ("aiconfigurator", "llmservingsim"),
    "RTX-A6000": ("llmservingsim",),
    "A40": ("vidur",),
    "TPU-v6e": ("llmservingsim",),
    "B300-SXM-288GB": ("aiconfigurator",),
    "GB200-NVL72": ("aiconfigurator",),
    "GB300-NVL72": ("aiconfigurator",),
}
"""Device -> formats its rows come in."""

COLD_ONLY = ("TPU-v6e", "RTX-PRO-6000")
"""Devices whose on-chip memory (128 MB) holds whole weight matrices that their tables timed again and again; a server's
other layers evict them."""

ROWS_PER_SOURCE = 3000
"""Sources weigh alike, whatever their size: one timed kernels alone, the other inside a running engine."""

FEWEST_FAMILIES = 4
_CONTEXT = {"prefill_attention": ("q_len",), "decode_attention": ("kv_len",)}
"""Head shapes needed to hold whole ones out, and what is held out of a table with fewer: whole context lengths."""


FP8_BY_BF16 = (0.35, 0.75)
"""Median and p90 error of fp8 multiplies under bf16 constants at the fp8 peak, where both were timed (H100 43 and 72 %,
L40S 34 and 70 %, RTX PRO 6000 28 and 77 %): the kernel quantises its input and its tiles differ."""

OTHER_BOX = 2.0
"""Factor on the errors of collectives over the host bus: whether cards reach each other directly or through host memory
is the box's, not the card's (of the wire, 17 % were reached in the one box timed with L40S, 44 % with RTX PRO 6000)."""


@dataclass(frozen=True)
class Fit:
    """One class fitted, the columns held out to score it, whose rows it is from, and whether its times are those of
    kernels inside a running engine."""

    result: Result
    held_out: tuple[str, ...]
    collections: str
    in_engine: bool


def rows_of(device: HardwareProfile, tables: Path, aiconfigurator: str) -> pd.DataFrame:
    """Clean rows of a device from all its sources; ``collection`` names the format each came in."""
    parts = []
    for name in DEVICES[device.name]:
        source = aiconfigurator if name == "aiconfigurator" else str(tables / FILES[name])
        _, imported = import_measurements(source, Selection(device=device.name), name)
        kept, dropped = clean(imported.rows, device, warm_cache=device.name not in COLD_ONLY)
        kept, odd = keep_sound_experts(as_fitted(kept), device)
        for part in [*dropped, *odd]:
            print(f"{device.name:16} {name}: {part}")
        parts.append(kept.assign(collection=name))
    return pd.concat(parts, ignore_index=True)


def fit_rows(device: HardwareProfile, rows: pd.DataFrame) -> dict[Key, Fit]:
    """Every class the rows tell something about, fitted; errors on whole shape families held out."""
    found: dict[Key, Fit] = {}
    for spec in kernel_classes():
        if spec.key in FITTED_ELSEWHERE:
            continue
        chosen = _chosen(spec, device, rows)
        if chosen.empty:
            continue
        spec = _separable(spec, chosen)
        result = fit_class(replace(spec, rows=lambda table, _: table), device, chosen)
        if result is not None:
            collections = ", ".join(LICENCES[name] for name in chosen["collection"].unique())
            found[spec.key, spec.dtype] = Fit(result, spec.held_out, collections, speaks_for_the_engine(chosen))
    return found


def _chosen(spec: KernelClass, device: HardwareProfile, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of a class: attention of an engine alone where there is enough of it, else every source, as many rows of
    each and all at the times of the engine."""
    attention = attention_in_engine(spec, rows)
    if attention is not None:
        return attention
    whole = replace(spec, rows=lambda table, _: table)
    return brought_together(whole, device, _balanced(spec.rows(rows, device)))


def _balanced(rows: pd.DataFrame) -> pd.DataFrame:
    parts = [part.sample(min(ROWS_PER_SOURCE, len(part)), random_state=0) for _, part in rows.groupby("collection")]
    return pd.concat(parts, ignore_index=True) if parts else rows


def _separable(spec: KernelClass, rows: pd.DataFrame) -> KernelClass:
    """The class with something to hold out: a table of one model has one head shape only."""
    families = rows.groupby(list(spec.held_out), dropna=False).ngroups
    if families >= FEWEST_FAMILIES or spec.key not in _CONTEXT:
        return spec
    return replace(spec, held_out=_CONTEXT[spec.key])


def constants_of(device: HardwareProfile, own: Mapping[Key, Fit]) -> DeviceFit:
    """The fits with origins, completed by borrowed classes and formats."""
    whole = device_fit(device, {key: fit.result for key, fit in own.items()}, "")
    fitted = dict(whole.fitted)
    for key, fit in own.items():
        fitted[key] = replace(fitted[key], origin=_origin(device, key, fit))
    if device.supports("fp8") and ("gemm", "fp8") not in fitted:
        wide = fitted["gemm", "bf16"]
        origin = Origin("transferred", f"{wide.origin.source}; taken from bf16", wide.origin.rows, *FP8_BY_BF16)
        fitted["gemm", "fp8"] = Fitted(wide.constants, origin)
    order = [field.name for field in fields(KernelFits)]
    return replace(whole, fitted=dict(sorted(fitted.items(), key=lambda item: order.index(item[0][0]))))


def _origin(device: HardwareProfile, key: Key, fit: Fit) -> Origin:
    """Where the rows are from and what was held out; collectives over a host bus with the spread between boxes."""
    origin = origin_of(fit.result, fit.collections)
    builds = origin.source.replace("aiconfigurator-core vllm", "vllm").replace("LLMServingSim vllm", "vllm")
    held_out = " and ".join(fit.held_out)
    origin = replace(origin, source=f"{builds}; held out by {held_out}", in_engine=fit.in_engine)
    over_bus = "all_reduce" in key[0] and device.link.topology in ("none", "pairs")
    return origin.weakened("fitted", "one box", OTHER_BOX) if over_bus else origin


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", type=Path)
    parser.add_argument("--aiconfigurator", default="aiconfigurator-core", metavar="FOLDER")
    parser.add_argument("--device", action="append", choices=list(DEVICES))
    parser.add_argument("--write", action="store_true", help="replace the files in calibration/fits")
    arguments = parser.parse_args()
    for name in arguments.device or DEVICES:
        device = load_hardware(name)
        own = fit_rows(device, rows_of(device, arguments.tables, arguments.aiconfigurator))
        for (key, dtype), fit in own.items():
            layers = ", ".join(
                f"{layer} {scores.errors.median:.3f} / {scores.errors.p90:.3f}"
                for layer, scores in fit.result.layers.items()
            )
            print(f"{name:16} {key:18} {dtype or '':9} n={fit.result.rows:5} {layers}", flush=True)
        if arguments.write:
            path = Path(__file__).resolve().parent / "fits" / f"{name}.yaml"
            whole = constants_of(device, own)
            if name in CARDS:
                fitted = dict(whole.fitted)
                fitted["mixed_attention", FORMAT] = fit_card(name, arguments.tables / FILES["llmservingsim"])
                whole = replace(whole, fitted=fitted)
            write_device(path, whole)


if __name__ == "__main__":
    main()
