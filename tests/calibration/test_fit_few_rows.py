"""Few rows are spread over the shapes; what tables say of caches is told from the kernels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from calibration.fit import FormFit, KernelClass, kernel_classes
from calibration.fit.form_fit import usual_constants
from calibration.fit.spread import farthest_first, spread_rows
from simulator.cost.kernels import from_memory, gemm_seconds
from simulator.hardware.catalog import load_hardware

L40S = load_hardware("l40s")
WIDTHS = (512.0, 1024.0, 2048.0, 4096.0, 8192.0, 16384.0)


def gemm() -> KernelClass:
    return next(spec for spec in kernel_classes() if (spec.key, spec.dtype) == ("gemm", "bf16"))


def multiplies() -> pd.DataFrame:
    shapes = [(m, n, k) for n in WIDTHS for k in WIDTHS for m in (1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0)]
    rows = pd.DataFrame(shapes, columns=["m", "n", "k"])
    return rows.assign(op="gemm", dtype="bf16", source="made", kernel="made", time_us=1.0)


def test_farthest_first_takes_the_ends_and_then_the_middle() -> None:
    points = np.linspace(0, 1, 101)[:, None]
    assert farthest_first(points, 3, first=0) == [0, 100, 50]
    assert sorted(farthest_first(points[:4], 9)) == [0, 1, 2, 3]


def test_few_rows_reach_every_edge_of_the_shapes_and_no_time_is_seen() -> None:
    rows = multiplies()
    few = spread_rows(gemm(), rows, 40)
    assert len(few) == 40
    for name in ("m", "n", "k"):
        assert (few[name].min(), few[name].max()) == (rows[name].min(), rows[name].max())
    other_times = rows.assign(time_us=np.random.default_rng(0).uniform(1, 9, len(rows)))
    assert list(spread_rows(gemm(), other_times, 40).index) == list(few.index)
    assert spread_rows(gemm(), rows, 10_000) is rows


def test_a_cache_keeps_all_of_a_working_set_or_nothing() -> None:
    assert from_memory(0.8, 1e6, 1e8) == pytest.approx(0.2, abs=1e-6)
    assert from_memory(0.8, 5e8, 1e8) == pytest.approx(1.0, abs=1e-3)
    assert from_memory(0.8, np.inf, 1e8) == 1.0


def test_weights_that_a_table_found_in_the_cache_come_from_memory_in_a_step() -> None:
    """The share is found in the rows; a step, which reads other weights in between, does not get it."""
    spec = gemm()
    truth = replace(usual_constants(spec), cached_share=0.6)
    rows = multiplies()
    rows["time_us"] = spec.total(truth, L40S, rows) * 1e6
    found = FormFit(spec, L40S).fit(rows).constants_
    assert found.cached_share == pytest.approx(0.6, abs=0.05)

    def in_a_step(constants: object) -> float:
        shape = {"math_dtype": "bf16", "bytes_per_weight": 2.0, "bytes_per_activation": 2.0}
        return float(gemm_seconds(constants, L40S, 1.0, 2048.0, 2048.0, **shape))  # type: ignore[arg-type]

    assert in_a_step(truth) == in_a_step(replace(truth, cached_share=1e-3))
    timed = rows[(rows["m"] == 1) & (rows["n"] == 2048) & (rows["k"] == 2048)]["time_us"].item() * 1e-6
    assert in_a_step(truth) > 1.2 * timed
