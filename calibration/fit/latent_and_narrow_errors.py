"""Held-out errors of latent attention and weight-only formats, on every device whose kernels were timed."""

from __future__ import annotations

from calibration.fit.files import LATENT_AND_NARROW
from calibration.fit.unseen import stated_errors

DEVICES = (
    "A100-SXM4-80GB", "H100-SXM5-80GB", "H200-SXM-141GB", "L40S", "RTX-PRO-6000", "B200-SXM-180GB", "B300-SXM-288GB",
    "GB200-NVL72", "GB300-NVL72",
)  # fmt: skip

_TEXT = """\
## Latent attention and weight-only formats

Fitted by `python -m calibration.latent_and_narrow` to tables of several engines, which tells more than the folder
behind the sections above: SGLang's Marlin experts of ten models on A100, H100 and H200, Triton's decode on L40S and
RTX PRO 6000, vLLM's multiplies around decode. Whole head counts, (n, k) pairs or expert shapes held out; figures are
those of the fits files.
"""


def render_latent_and_narrow() -> list[str]:
    """Lines of markdown: median / p90 % of the closed form and with the correction, per kernel class and device."""
    return [_TEXT, *stated_errors(DEVICES, lambda part: part in LATENT_AND_NARROW)]
