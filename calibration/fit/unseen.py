"""Devices on which no closed form was chosen: their held-out errors show what choosing with the rows in view hides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from calibration.fit.files import FITTED_ELSEWHERE, entries
from simulator.hardware.catalog import load_hardware
from simulator.hardware.fits import Fitted, load_fits

DEVICES = ("B300-SXM-288GB", "GB200-NVL72", "GB300-NVL72", "RTX-PRO-6000")
"""Forms, bounds, coordinates and length scales were chosen on H100, H200, A100, L40S and B200 alone; here constants
and corrections were fitted (``calibration.measured_devices``), nothing else."""

_TEXT = """\
## Devices on which nothing was chosen

Forms, bounds and the scales of corrections were chosen with the rows of the five devices above in view: holding out
shapes does not see that choice. On these devices only constants and corrections were fitted, by the same code
(`python -m calibration.measured_devices`), and whole shape families held out; figures are those of the fits files.
"""


def render_unseen(devices: Sequence[str] = DEVICES) -> list[str]:
    """Lines of markdown: median / p90 % of the closed form and with the correction, per kernel class and device."""
    return [_TEXT, *stated_errors(devices, lambda part: part not in FITTED_ELSEWHERE)]


def stated_errors(devices: Sequence[str], wanted: Callable[[str], bool]) -> list[str]:
    """A table of what the fits files of devices state of the kernel classes ``wanted`` that were fitted there."""
    fitted = {name: entries(load_fits(load_hardware(name))) for name in devices}
    found = [key for kernels in fitted.values() for key, one in kernels.items() if _own(one)]
    keys = [key for key in dict.fromkeys(found) if wanted(key[0])]
    lines = [f"| L1, then L1+L2 | {' | '.join(devices)} |", "|---|" + "---:|" * len(devices)]
    for part, dtype in keys:
        cells = [_cell(fitted[name].get((part, dtype))) for name in devices]
        lines.append(f"| {part.replace('_', ' ')}{' ' + dtype if dtype else ''} | {' | '.join(cells)} |")
    return lines


def _own(fitted: Fitted[Any]) -> bool:
    return bool(fitted.origin.provenance == "fitted")


def _cell(fitted: Fitted[Any] | None) -> str:
    if fitted is None or not _own(fitted):
        return "-"
    origin = fitted.origin
    corrected = origin.residual
    form = _pair(origin.median_error, origin.p90_error)
    return form if corrected is None else f"{form}, {_pair(corrected.median_error, corrected.p90_error)}"


def _pair(median: float, p90: float) -> str:
    return f"{100 * median:.1f} / {100 * p90:.0f}"
