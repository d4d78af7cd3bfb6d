"""From another tool's table to constants: the fits of devices measured elsewhere can be made again."""

from __future__ import annotations

import pandas as pd
import pytest

from calibration.fit.element_wise import moved_bytes, stream_class
from calibration.measured_devices import constants_of, fit_rows, rows_of
from calibration.schema import COLUMNS
from simulator.cost.kernels import stream_seconds
from simulator.hardware.catalog import load_hardware
from simulator.hardware.fits import load_fits
from simulator.hardware.kernel_constants import StreamFit
from tests.shared_data import SHARED, needs_shared


def test_element_wise_constants_are_found_again_from_their_own_times() -> None:
    """Times made by the form, with known constants, give these constants back."""
    from calibration.fit import fit_class

    device = load_hardware("l40s")
    cells = [{"op": op, "dtype": "bf16", "m": 2**i, "n": n} for op in ("norm", "activation") for i in range(12)
             for n in (2048, 4096, 8192)]  # fmt: skip
    rows = pd.DataFrame(cells).reindex(columns=list(COLUMNS)).assign(source="test", kernel="a")
    known = StreamFit(memory_share=1.4, latency_us=2.1)
    rows["time_us"] = stream_seconds(known, device, moved_bytes(rows)) * 1e6
    found = fit_class(stream_class(), device, rows)
    assert found is not None
    assert found.constants.memory_share == pytest.approx(1.4, rel=0.02)
    assert found.constants.latency_us == pytest.approx(2.1, rel=0.02)


@needs_shared
@pytest.mark.slow
def test_stored_constants_come_from_the_shared_tables() -> None:
    device = load_hardware("rtx4090")
    own = fit_rows(device, rows_of(device, SHARED / "data/kernels", ""))
    again, stored = constants_of(device, own), load_fits(device)
    for part, dtype in (("gemm", "bf16"), ("decode_attention", "bf16")):
        kept = getattr(stored, part)[dtype]
        assert again.fitted[part, dtype].origin.median_error == pytest.approx(kept.origin.median_error, abs=0.01)
        assert again.fitted[part, dtype].constants.memory_share == pytest.approx(kept.constants.memory_share, rel=0.05)
    assert again.fitted["moe", "bf16"].origin.provenance == "transferred"
