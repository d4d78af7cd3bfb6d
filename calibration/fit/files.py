"""Files of one device: constants as YAML, corrections as JSON, both deterministic.

``<device>.yaml`` is read by ``simulator.hardware.fits``, ``<device>.residuals.json`` by its neighbour ``residuals``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from calibration.fit.held_out import Result
from simulator.atomic import write_text
from simulator.hardware.fits import Fitted, KernelFits, borrowed_fits, load_fits
from simulator.hardware.origin import ErrorStatement, Origin
from simulator.hardware.profile import HardwareProfile
from simulator.hardware.residuals import Residual
from simulator.hardware.stand_ins import stand_in_for

Key = tuple[str, str | None]

_HEADER = (
    "# Kernel constants (inferplan calibrate). Forms: simulator/cost; units: simulator/hardware/kernel_constants.py"
)


LATENT_AND_NARROW = ("latent_decode", "latent_prefill", "absorbed_matmul", "weight_only_gemm", "weight_only_moe")
"""Kernel classes that ``calibration.latent_and_narrow`` fits."""

FITTED_ELSEWHERE = ("mixed_attention", "sustained_math", *LATENT_AND_NARROW)
"""Kernel classes with a fit of their own (``calibration.fit.mixed_attention``, ``calibration.fit.sustained_math``): a
file that is written anew keeps them, and their corrections, unless the rows hold them."""


@dataclass(frozen=True)
class DeviceFit:
    """Constants with origin, and corrections, per (kernel class, number format)."""

    device: str
    fitted: Mapping[Key, Fitted[Any]]
    residuals: Mapping[Key, Residual]


def device_fit(device: HardwareProfile, results: Mapping[Key, Result], collection: str) -> DeviceFit:
    """Own results, completed by what the device borrows (``simulator.hardware.stand_ins``) where it has none."""
    own = {key: Fitted(result.constants, origin_of(result, collection)) for key, result in results.items()}
    lends_itself = stand_in_for(device).constants == device.name
    known = load_fits(device)
    present = entries(known)
    borrowed = present if lends_itself else entries(borrowed_fits(device))
    elsewhere = {key: fitted for key, fitted in present.items() if key[0] in FITTED_ELSEWHERE}
    order = [item.name for item in fields(KernelFits)]
    joined = dict(sorted({**borrowed, **elsewhere, **own}.items(), key=lambda entry: order.index(entry[0][0])))
    kept = {
        (part, dtype or None): residual
        for (part, dtype), residual in known.residuals.items()
        if part in FITTED_ELSEWHERE and (part, dtype or None) not in own
    }
    residuals = {key: result.residual for key, result in results.items() if result.residual is not None}
    return DeviceFit(device.name, joined, residuals | kept)


def origin_of(result: Result, collection: str) -> Origin:
    """Held-out errors and bands as a fits file states them."""
    form = result.layers["L1"]
    corrected = result.layers.get("L2")
    statement = None
    if corrected is not None and result.residual is not None:
        statement = ErrorStatement(
            corrected.errors.median, corrected.errors.p90, (corrected.band.low, corrected.band.high),
            len(result.residual.weights),
        )  # fmt: skip
    return Origin(
        "fitted", f"{collection}: {result.source}", result.rows, form.errors.median, form.errors.p90,
        (form.band.low, form.band.high), statement,
    )  # fmt: skip


def write_device(path: Path, fit: DeviceFit) -> None:
    """Write the YAML at ``path`` and the corrections beside it."""
    write_text(path, render_constants(fit))
    write_text(path.with_suffix(".residuals.json"), render_residuals(fit.residuals))


def render_constants(fit: DeviceFit) -> str:
    """The YAML text."""
    lines = [_HEADER, f"device: {json.dumps(fit.device) if ':' in fit.device else fit.device}"]
    previous = None
    for (part, dtype), fitted in fit.fitted.items():
        if part != previous:
            lines.append(f"{part}:")
            previous = part
        if dtype is not None:
            lines.append(f"  {dtype}:")
        pad = "  " if dtype is None else "    "
        lines += [pad + line for line in _entry(fitted)]
    return "\n".join(lines) + "\n"


def render_residuals(residuals: Mapping[Key, Residual]) -> str:
    """The JSON text: one class and format a line, whole numbers without a fraction."""
    parts: dict[str, dict[str, str]] = {}
    for (part, dtype), residual in residuals.items():
        parts.setdefault(part, {})[dtype or ""] = json.dumps(
            {
                "centres": [[_short(value, 2) for value in row] for row in residual.centres.tolist()],
                "clip": _short(residual.clip, 3),
                "scales": [_short(value, 3) for value in residual.scales.tolist()],
                "weights": [_short(value, 4) for value in residual.weights.tolist()],
            },
            separators=(",", ":"),
        )
    blocks = [
        f"{json.dumps(part)}: {{\n"
        + ",\n".join(f"{json.dumps(dtype)}: {text}" for dtype, text in formats.items())
        + "}"
        for part, formats in sorted(parts.items())
    ]
    return '{"residuals": {\n' + ",\n".join(blocks) + "\n}}\n"


def _entry(fitted: Fitted[Any]) -> list[str]:
    origin = fitted.origin
    lines = [
        f"provenance: {origin.provenance}",
        f"source: {json.dumps(origin.source)}",
        f"rows: {origin.rows}",
        *(["in_engine: true"] if origin.in_engine else []),
        f"median_error: {origin.median_error:.3f}",
        f"p90_error: {origin.p90_error:.3f}",
    ]
    if origin.band is not None:
        lines.append(f"band: {_band(origin.band)}")
    if origin.residual is not None:
        stated = origin.residual
        band = "" if stated.band is None else f", band: {_band(stated.band)}"
        lines.append(
            f"residual: {{median_error: {stated.median_error:.3f}, p90_error: {stated.p90_error:.3f}, "
            f"centres: {stated.centres}{band}}}"
        )
    return [*lines, f"constants: {{{constants_text(fitted.constants)}}}"]


def entries(fits: KernelFits) -> dict[Key, Fitted[Any]]:
    """Every set of constants of a device by (kernel class, number format)."""
    found: dict[Key, Fitted[Any]] = {}
    for item in fields(KernelFits):
        part = getattr(fits, item.name)
        if isinstance(part, Fitted):
            found[item.name, None] = part
        elif isinstance(part, Mapping) and item.name != "residuals":
            found.update({(item.name, dtype): fitted for dtype, fitted in part.items()})
    return found


def constants_text(constants: Any) -> str:
    """``name: value, ...`` of a set of constants."""
    return ", ".join(f"{item.name}: {_constant(getattr(constants, item.name))}" for item in fields(constants))


def _constant(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return "0" if value < 1e-6 else f"{value:.4g}"


def _band(band: tuple[float, float]) -> str:
    return f"{{low: {band[0]:.3f}, high: {band[1]:.3f}}}"


def _short(value: float, digits: int) -> float | int:
    rounded = round(value, digits)
    return int(rounded) if rounded == int(rounded) else rounded
