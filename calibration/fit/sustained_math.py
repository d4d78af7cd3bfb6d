"""The math rate a device keeps up through a whole step, from timings of whole layers' multiplies at work.

    python -m calibration.fit.sustained_math vidur_profiles.csv.gz

Tables of single calls, timed in short bursts, show what cold silicon does: A100 multiplies at 280 of its 312 TFLOP/s.
Vidur profiled the same device layer by layer: no large multiply of 12,418 passes 267, nine in ten stay below 241.
Serving runs agree with the latter (prefill of 70B on two A100: 0.32 ms a token, 0.28 at the burst rate), which is a
check here, not an input.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from calibration.fit.files import DeviceFit, render_constants
from calibration.importers.tables import read_csv
from simulator.hardware.catalog import load_hardware
from simulator.hardware.fits import Fitted
from simulator.hardware.kernel_constants import SustainedMathFit
from simulator.hardware.origin import Origin

DEVICES = {"A100-SXM4-80GB": "a100"}
"""Device -> its name in Vidur's profiles. H100 is left out: prefill in measured runs follows its burst timings."""

LEAST_SIDE, LEAST_ROWS = 4096, 1024
"""Least n and k, and least rows, of a multiply that nothing but math limits."""

ENVELOPE = 0.9
"""Quantile of the rates that counts as kept up: the rest of the spread is tile loss, which the closed form has."""


def fit_device(name: str, table: pd.DataFrame) -> Fitted[SustainedMathFit]:
    """The share of the peak; ``table``: Vidur's tidy columns. Errors: of the large multiplies' rates about it."""
    rows = table[(table["device"] == DEVICES[name]) & (table["m"] >= LEAST_ROWS)]
    rows = rows[np.minimum(rows["n"], rows["k"]) >= LEAST_SIDE]
    seconds = rows["time_us_median"].to_numpy(dtype=np.float64) * 1e-6
    flops = 2.0 * (rows["m"] * rows["n"] * rows["k"]).to_numpy(dtype=np.float64)
    shares = flops / seconds / load_hardware(name).peak("fp16")
    share = float(f"{np.quantile(shares, ENVELOPE):.3g}")
    misses = np.abs(share / shares - 1.0)
    median, p90 = np.quantile(misses, (0.5, 0.9))
    source = "microsoft/vidur (MIT) profiles of A100 layers: large multiplies, 90th percentile of their rates"
    return Fitted(SustainedMathFit(share), Origin("fitted", source, len(rows), float(median), float(p90)))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    table = read_csv(parser.parse_args().table)
    for name in DEVICES:
        print(render_constants(DeviceFit(name, {("sustained_math", None): fit_device(name, table)}, {})))


if __name__ == "__main__":
    main()
