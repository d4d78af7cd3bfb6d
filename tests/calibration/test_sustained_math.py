"""The sustained math rate is read off large multiplies alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from calibration.fit.files import DeviceFit, entries, render_constants
from calibration.fit.sustained_math import fit_device
from simulator.hardware.catalog import load_hardware
from simulator.hardware.fits import load_fits

A100 = "A100-SXM4-80GB"


def multiplies(shares: np.ndarray, m: int, n: int, device: str = "a100") -> pd.DataFrame:
    """Rows of m x n x 8192 multiplies at these shares of the peak."""
    seconds = 2.0 * m * n * 8192 / (shares * load_hardware(A100).peak("fp16"))
    return pd.DataFrame({"device": device, "m": m, "n": n, "k": 8192, "time_us_median": seconds * 1e6})


def test_it_is_the_envelope_of_the_large_ones() -> None:
    table = pd.concat([
        multiplies(np.linspace(0.5, 0.7, 101), 2048, 8192),
        multiplies(np.full(50, 0.95), 2048, 1024),
        multiplies(np.full(50, 0.95), 64, 8192),
        multiplies(np.full(50, 0.95), 2048, 8192, device="h100"),
    ])  # fmt: skip
    fitted = fit_device(A100, table)
    assert fitted.constants.peak_share == pytest.approx(0.68, abs=1e-9)
    assert fitted.origin.rows == 101


def test_a_file_written_anew_keeps_it() -> None:
    fits = load_fits(load_hardware(A100))
    text = render_constants(DeviceFit(A100, entries(fits), {}))
    assert fits.sustained_math is not None
    assert f"peak_share: {fits.sustained_math.constants.peak_share}" in text
