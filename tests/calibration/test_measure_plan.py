"""Which shapes the harness draws, and in which order."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from calibration.measure.backends.fake import FakeBackend
from calibration.measure.classes import CLASSES
from calibration.measure.plan import chosen_classes, plan_cases
from calibration.measure.work import stored_bytes, work_of
from calibration.schema import OPS
from simulator.errors import InputError


def test_every_case_has_the_columns_of_its_class_and_fits_the_device() -> None:
    backend = FakeBackend()
    cases = plan_cases(backend, CLASSES, 64)
    assert {case.op for case in cases} == set(CLASSES)
    for case in cases:
        assert {name for name, _ in case.shape} >= set(OPS[case.op].shape)
        assert all(size >= 1 for _, size in case.shape)
        assert work_of(case)[0] <= backend.limits.flops_per_call
        assert stored_bytes(case) <= backend.limits.bytes_per_call


def test_the_same_start_draws_the_same_shapes_and_none_twice() -> None:
    first, second = (plan_cases(FakeBackend(), CLASSES, 64) for _ in range(2))
    assert first == second
    assert len({case.key for case in first}) == len(first)


def test_rows_are_odd_aligned_and_round() -> None:
    rows = [case["m"] for case in plan_cases(FakeBackend(), ["gemm"], 128) if case.dtype == "bf16"]
    assert len(rows) == 128
    for kind in ([m for m in rows if m % 2], [m for m in rows if m % 16 == 0], [m for m in rows if m & (m - 1) == 0]):
        assert len(kind) >= 128 / 8


def test_shapes_fill_their_axes_in_logarithms() -> None:
    widths = np.log2([case["n"] for case in plan_cases(FakeBackend(), ["gemm"], 256) if case.dtype == "bf16"])
    counts, _ = np.histogram(widths, bins=7, range=(8, 15))
    assert counts.min() > 256 / 7 / 3


def test_attention_covers_grouped_queries_and_one_head_each() -> None:
    groups = Counter(case["heads"] // case["kv_heads"] for case in plan_cases(FakeBackend(), ["attn_decode"], 64))
    assert groups[1] >= 8
    assert sum(count for group, count in groups.items() if group >= 4) >= 16


def test_any_prefix_of_the_list_holds_an_equal_part_of_every_class() -> None:
    cases = plan_cases(FakeBackend(), ["gemm", "norm", "moe"], 64)
    whole, half = Counter(case.op for case in cases), Counter(case.op for case in cases[: len(cases) // 2])
    for op, count in whole.items():
        assert half[op] == pytest.approx(count / 2, abs=1)


def test_a_misspelt_class_is_named() -> None:
    with pytest.raises(InputError, match=r"--classes: no such kernel class \(found 'gem'\)\n  did you mean 'gemm'"):
        chosen_classes("norm,gem")
    with pytest.raises(InputError, match="names no kernel class"):
        chosen_classes(" , ")
    assert chosen_classes("norm,gemm") == ["gemm", "norm"]
