"""Trace -> fitted profile -> simulation, against the simulation of the trace itself.

The bounds are those that docs/traces.md states.
"""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.round_trip import FIGURES, round_trip
from simulator.workload import read_trace
from tests.shared_data import SHARED

TRACES = SHARED / "data" / "traces"

BOUNDS = {
    # Percent, of one seed. The code trace comes in bursts at the edge of saturation, where seeds differ by that much.
    "conv": dict(zip(FIGURES, (3, 2, 2, 13, 3, 4, 4, 12), strict=True)),
    "code": dict(zip(FIGURES, (25, 25, 30, 20, 12, 25, 5, 5), strict=True)),
}


@pytest.mark.parametrize("name", BOUNDS)
def test_a_fitted_profile_gives_the_latencies_of_its_trace(name: str) -> None:
    path = TRACES / f"AzureLLMInferenceTrace_{name}.csv.gz"
    if not path.exists():
        pytest.skip("the Azure traces are not beside the repository")
    trace, drawn = round_trip(read_trace(path), seeds=1)
    errors = dict(zip(FIGURES, 100 * np.abs(drawn[0] / trace - 1), strict=True))
    assert {figure: errors[figure] for figure, bound in BOUNDS[name].items() if errors[figure] > bound} == {}
