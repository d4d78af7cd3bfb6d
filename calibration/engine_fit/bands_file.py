"""Write fitted band widths into ``calibration/bands.yaml``; everything else of the file stays."""

from __future__ import annotations

import math
import re
from datetime import date
from pathlib import Path

from calibration.engine_fit.bands import BandFit
from simulator.errors import InputError


def bands_text(text: str, fit: BandFit, path: Path) -> str:
    """The band file ``text`` with the fitted terms and where they are from.

    Raises ``InputError`` when a term does not stand on one line as ``name: {value: .., source: ".."}``.
    """
    crossed = "" if math.isnan(fit.crossed) else f"; {fit.crossed:.0%} of the other models' when half of them set it"
    source = f"{fit.coverage:.0%} of {fit.n} held-out mean metrics of vLLM runs inside{crossed}"
    source += f" (inferplan calibrate bands, {date.today().isoformat()})"
    for name, value in {"kernel_coherence": fit.coherence, "ttft": fit.ttft}.items():
        pattern = rf'^{name}: \{{value: [^,}}]+, source: "[^"]*"\}}'
        text, count = re.subn(pattern, f'{name}: {{value: {value:.3g}, source: "{source}"}}', text, flags=re.MULTILINE)
        if count != 1:
            raise InputError('must stand on one line as {value: .., source: ".."}', file=path, path=name)
    return text
