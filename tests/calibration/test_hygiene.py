"""Hygiene gates: each drops what it is for, names it, and leaves honest rows alone."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from calibration.hygiene import clean, scaled_copies
from calibration.importers.imported import Selection
from calibration.importers.tidy import read
from calibration.least_time import causal_pairs, least_time_us
from calibration.schema import COLUMNS
from simulator.hardware.catalog import load_hardware
from tests.shared_data import SHARED, needs_shared

H100 = load_hardware("h100")


def _rows(*cells: dict[str, object]) -> pd.DataFrame:
    default = {"device": H100.name, "source": "test", "kernel": "a"}
    return pd.DataFrame([default | cell for cell in cells]).reindex(columns=list(COLUMNS))


def _gemm(m: int, time_us: float, **cells: object) -> dict[str, object]:
    return {"op": "gemm", "dtype": "bf16", "m": m, "n": 4096, "k": 4096, "time_us": time_us, **cells}


GOOD = [_gemm(m, 20.0 + m / 10) for m in (1, 16, 64, 128)]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (_gemm(8, float("nan")), "no positive, finite time"),
        (_gemm(8, 0.0), "no positive, finite time"),
        (_gemm(8, -3.0), "no positive, finite time"),
        (_gemm(8, float("inf")), "no positive, finite time"),
        (_gemm(8, 1e30), "longer than an hour"),
        (_gemm(10**300, 1e9), "shape incomplete"),
        (_gemm(8, 9.0, k=None), "shape incomplete"),
        (_gemm(8, 9.0, n=4096.5), "shape incomplete"),
        (_gemm(-4, 9.0), "shape incomplete"),
        (_gemm(8, 9.0, dtype=None), "shape incomplete"),
        (_gemm(8192, 200.0), "faster than the device"),
        (_gemm(8, 9.0, iqr_us=12.0), "inter-quartile range"),
        (GOOD[0], "identical"),
        (_gemm(1, 20.3), "repeated"),
        (
            {"op": "attn_decode", "dtype": "bf16", "batch": 8, "kv_len": 99, "heads": 6, "kv_heads": 4,
             "head_dim": 128, "time_us": 30.0},
            "contradicts",
        ),
        (
            {"op": "attn_prefill", "dtype": "bf16", "batch": 1, "q_len": 64, "kv_len": 32, "heads": 8, "kv_heads": 8,
             "head_dim": 128, "time_us": 30.0},
            "contradicts",
        ),
    ],
)  # fmt: skip
def test_a_bad_row_is_dropped_by_name_and_good_rows_stay(bad: dict[str, object], reason: str) -> None:
    kept, dropped = clean(_rows(*GOOD, bad), H100)
    assert [part.count for part in dropped] == [1]
    assert reason in dropped[0].reason
    assert dropped[0].example
    assert len(kept) == len(GOOD)


def test_of_repeats_the_median_row_stays() -> None:
    kept, _ = clean(_rows(_gemm(8, 20.0), _gemm(8, 22.0), _gemm(8, 90.0)), H100)
    assert list(kept["time_us"]) == [22.0]


def test_operands_in_the_cache_may_be_faster_than_memory_unless_said_otherwise() -> None:
    resident = {"op": "gemm", "dtype": "bf16", "m": 8, "n": 2048, "k": 4096, "time_us": 4.0}  # 17 MB: 5 us of HBM
    assert len(clean(_rows(resident), H100)[0]) == 1
    kept, dropped = clean(_rows(resident), H100, warm_cache=False)
    assert kept.empty
    assert "cache" in dropped[0].reason


def test_a_library_slower_than_another_on_the_same_shapes_is_dropped() -> None:
    sizes = range(1, 21)
    fast = [_gemm(m, 20.0 + m, kernel="a") for m in sizes]
    broken = [_gemm(m, 100.0 + m, kernel="b") for m in sizes]
    slower = [_gemm(m, 45.0 + m, kernel="c") for m in sizes]
    kept, dropped = clean(_rows(*fast, *broken, *slower), H100)
    assert set(kept["kernel"]) == {"a", "c"}
    assert [part.count for part in dropped] == [20]


def test_a_launch_floor_far_above_other_libraries_is_dropped_though_no_shape_is_shared() -> None:
    fast = [_gemm(m, 4.0, n=256, k=256, kernel="a") for m in range(1, 21)]
    floor = [_gemm(m, 60.0, n=512, k=256, dtype="fp8", kernel="b") for m in range(1, 21)]
    kept, dropped = clean(_rows(*fast, *floor), H100)
    assert set(kept["kernel"]) == {"a"}
    assert "launch floor" in dropped[0].reason


def test_eager_collectives_are_not_judged_by_graphs() -> None:
    rows = [
        {"op": "allreduce_custom", "dtype": "bf16", "bytes": 2**i, "world_size": 8, "time_us": t, "mode": mode}
        for i in range(8, 20)
        for mode, t in (("graph", 5.0), ("eager", 21.0))
    ]
    assert len(clean(_rows(*rows), H100)[0]) == len(rows)


def test_scaled_copies_are_found_and_measurements_are_not() -> None:
    rng = np.random.default_rng(0)
    times = rng.uniform(5, 500, 60)
    rows = _rows(*(_gemm(m + 1, t) for m, t in enumerate(times)))
    copy = rows.assign(device="H200-SXM-141GB", time_us=rows["time_us"] * 0.95)
    found = scaled_copies(copy, rows)
    assert [(part.op, part.rows) for part in found] == [("gemm", 60)]
    assert found[0].factor == pytest.approx(0.95)
    noisy = copy.assign(time_us=copy["time_us"] * rng.normal(1, 1e-3, len(copy)))
    assert scaled_copies(noisy, rows) == []


def test_causal_pairs_count_what_a_loop_counts() -> None:
    cases = [(5, 5, np.inf), (3, 9, np.inf), (5, 9, 4), (6, 6, 4), (8, 10, 5), (1, 7, 3)]
    for new, total, window in cases:
        looped = sum(min(total - new + i + 1, window) for i in range(new))
        assert causal_pairs(np.array([new]), np.array([total]), np.array([window]))[0] == looped


@needs_shared
def test_cleaned_published_tables_lose_nothing_to_physics_and_are_gated_fast() -> None:
    imported = read(SHARED / "data/kernels/kernels_h200_sxm.csv.gz", Selection())
    device = load_hardware("h200")
    assert np.isfinite(least_time_us(imported.rows, device)).all()
    began = time.process_time()
    kept, dropped = clean(imported.rows, device)
    assert time.process_time() - began < 8
    assert len(kept) > 0.99 * len(imported.rows)
    assert not any("faster" in part.reason for part in dropped)
