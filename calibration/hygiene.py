"""Hygiene of measured rows: what cannot be, or cannot be meant, is dropped and named before anything is fitted.

Every gate is there because published kernel tables contain what it catches: rows faster than the device, kernel builds
with a floor of 57-290 us where others have 5, zero times, repeated shapes, whole devices that are another one's rows
times a constant.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from calibration.dropped import Dropped, split_off
from calibration.least_time import least_time_us
from calibration.schema import COLUMNS, OPS
from calibration.words import words
from simulator.hardware.profile import HardwareProfile

SLOW_FACTOR = 3.0
"""A library this many times slower than another one on the same shapes, or with a launch floor this many times
higher, was timed in a broken state (kernel builds of one library differ by up to 1.3, libraries by up to 2)."""

FEWEST_COMMON_SHAPES = 8
"""Shapes two libraries must share, or small shapes each must have, before one is judged by the other."""

LAUNCH_BOUND_US = 3.0
"""Shapes whose least possible time is below this show a kernel's floor."""

HEALTHY_FLOOR_US = 30.0
"""Floors up to this are never called broken: a block-quantised multiply launches two or three kernels more than a bf16
one (6-12 us against 2 on Blackwell)."""

SAME_RATIO = 1e-6
"""Relative spread of the ratio of two devices' times up to which one is a scaled copy of the other: repeats of a real
measurement on one device already differ by 1e-3."""

LONGEST_US = 3.6e9
"""An hour: no single kernel call takes longer; the time is in another unit."""

LARGEST_SIZE = 2.0**50
"""No size of a shape (a petabyte, where it is bytes) is larger."""

FEWEST_COPIES = 20
"""Common shapes needed to call a device a copy; chance cannot make 20 ratios agree to 1e-6."""

_MEASURES = ("time_us", "iqr_us", "repeats")
_SETTING = ("source", "kernel", "mode")
_ONE_KERNEL = ("gemm", "attn_prefill", "attn_decode")
_JUDGED_BY_OTHERS = (*_ONE_KERNEL, "moe")
"""Classes whose libraries do the same work; collectives are left alone: eager launches cost four times a graph's."""

Mask = npt.NDArray[np.bool_]


def clean(
    rows: pd.DataFrame, hardware: HardwareProfile, *, warm_cache: bool = True
) -> tuple[pd.DataFrame, list[Dropped]]:
    """Rows of one device that can be fitted, and what was dropped, by reason.

    ``rows``: columns of the measurement schema. ``warm_cache``: grant operands that fit the last-level cache its
    bandwidth, as tables timed without a flush need; False demands that everything crossed memory. Order of the gates:
    no time, bad shape, faster than physics, spread larger than the time, identical rows, slow libraries, repeated
    shapes (the median is kept).
    """
    dropped: list[Dropped] = []
    for gate in _GATES:
        rows, found = split_off(rows, gate.bad(rows, hardware), gate.reason)
        dropped += found
    if not warm_cache:
        from_cache = rows["time_us"].to_numpy(dtype=float) < least_time_us(rows, hardware, cache_speed_up=1.0)
        rows, found = split_off(rows, from_cache, "operands came from a cache")
        dropped += found
    rows, repeated = _median_of_repeats(rows)
    return rows.reset_index(drop=True), dropped + repeated


@dataclass(frozen=True)
class _Gate:
    reason: str
    bad: Callable[[pd.DataFrame, HardwareProfile], Mask]


def _no_time(rows: pd.DataFrame, _: HardwareProfile) -> Mask:
    time = rows["time_us"].to_numpy(dtype=float)
    return ~(np.isfinite(time) & (time > 0))


def _too_long(rows: pd.DataFrame, _: HardwareProfile) -> Mask:
    return (rows["time_us"] > LONGEST_US).to_numpy()


def _incomplete(rows: pd.DataFrame, _: HardwareProfile) -> Mask:
    """A shape column of the row's class is empty, not positive, not whole or absurd; or its format is not said."""
    bad = np.zeros(len(rows), dtype=bool)
    for op, index in rows.groupby("op").indices.items():
        kind = OPS[str(op)]
        sizes = rows.iloc[index][list(kind.shape)].to_numpy(dtype=float)
        bad[index] = ~((sizes >= 1) & (sizes <= LARGEST_SIZE) & (sizes == np.floor(sizes))).all(axis=1)
        if kind.dtyped:
            bad[index] |= rows["dtype"].iloc[index].isna().to_numpy()
    return bad


def _contradictory(rows: pd.DataFrame, _: HardwareProfile) -> Mask:
    """More new tokens than KV, query heads no multiple of KV heads, more experts per token than experts."""
    queries = rows["op"].isin(["attn_prefill", "attn_decode"]).to_numpy()
    heads, kv_heads = rows["heads"].to_numpy(dtype=float), rows["kv_heads"].to_numpy(dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        uneven = queries & (heads % kv_heads != 0)
    too_new = (rows["op"] == "attn_prefill").to_numpy() & (rows["q_len"] > rows["kv_len"]).to_numpy()
    too_many = (rows["op"] == "moe").to_numpy() & (rows["topk"] > rows["experts"]).to_numpy()
    return uneven | too_new | too_many


def _too_fast(rows: pd.DataFrame, hardware: HardwareProfile) -> Mask:
    return rows["time_us"].to_numpy(dtype=float) < least_time_us(rows, hardware)


def _unsteady(rows: pd.DataFrame, _: HardwareProfile) -> Mask:
    return (rows["iqr_us"] > rows["time_us"]).to_numpy() if "iqr_us" in rows else np.zeros(len(rows), dtype=bool)


def _identical(rows: pd.DataFrame, _: HardwareProfile) -> Mask:
    return rows.duplicated().to_numpy()


def _slow_library(rows: pd.DataFrame, _: HardwareProfile) -> Mask:
    """Rows of a library that is ``SLOW_FACTOR`` times slower (median) than the best one on the shapes they share."""
    judged = rows[rows["op"].isin(_JUDGED_BY_OTHERS)]
    if judged.empty:
        return np.zeros(len(rows), dtype=bool)
    shapes = judged.groupby(_shape_columns(judged), dropna=False, sort=False).ngroup()
    libraries = _library(judged)
    best = judged["time_us"].groupby(shapes).transform("min")
    shared = libraries.groupby(shapes).transform("nunique") > 1
    ratio = (judged["time_us"] / best)[shared].groupby(libraries[shared])
    slow = (ratio.median() > SLOW_FACTOR) & (ratio.size() >= FEWEST_COMMON_SHAPES)
    return _rows_of(rows, libraries, slow)


def _high_floor(rows: pd.DataFrame, hardware: HardwareProfile) -> Mask:
    """Rows of a library whose launch floor (10th percentile over launch-bound shapes) is ``SLOW_FACTOR`` times that of
    the best library of the same operator, whatever its format. Not experts: their floors differ with the routing."""
    judged = rows[rows["op"].isin(_ONE_KERNEL)]
    small = judged[least_time_us(judged, hardware) < LAUNCH_BOUND_US]
    if small.empty:
        return np.zeros(len(rows), dtype=bool)
    libraries = _library(judged)
    found = small["time_us"].groupby(libraries.loc[small.index])
    floors = found.quantile(0.1)[found.size() >= FEWEST_COMMON_SHAPES]
    best = floors.groupby([name[0] for name in floors.index]).transform("min")
    return _rows_of(rows, libraries, (floors > SLOW_FACTOR * best) & (floors > HEALTHY_FLOOR_US))


def _library(rows: pd.DataFrame) -> pd.Series:
    """Operator, formats and build of each row, as one hashable key whose first entry is the operator."""
    columns = [words(rows, name) for name in ("op", "dtype", "kv_dtype", *_SETTING)]
    return pd.Series(list(zip(*columns, strict=True)), index=rows.index, dtype=object)


def _rows_of(rows: pd.DataFrame, libraries: pd.Series, bad: pd.Series) -> Mask:
    named = set(bad[bad].index)
    found = libraries.map(lambda name: name in named).astype(bool)
    return found.reindex(rows.index, fill_value=False).to_numpy(dtype=bool)


_GATES = (
    _Gate("no positive, finite time", _no_time),
    _Gate("longer than an hour", _too_long),
    _Gate("shape incomplete, or not whole positive numbers", _incomplete),
    _Gate("shape contradicts itself", _contradictory),
    _Gate("faster than the device can compute or move its operands", _too_fast),
    _Gate("inter-quartile range larger than the time", _unsteady),
    _Gate("identical to an earlier row", _identical),
    _Gate(f"library more than {SLOW_FACTOR:g} times slower than another one on the same shapes", _slow_library),
    _Gate(f"launch floor more than {SLOW_FACTOR:g} times that of other libraries", _high_floor),
)


def _shape_columns(rows: pd.DataFrame) -> list[str]:
    return [name for name in COLUMNS if name in rows and name not in (*_MEASURES, *_SETTING)]


def _median_of_repeats(rows: pd.DataFrame) -> tuple[pd.DataFrame, list[Dropped]]:
    """One row per shape, build and mode: the one whose time is the (lower) median of its repeats."""
    keys = [*_shape_columns(rows), *(name for name in _SETTING if name in rows)]
    if not rows.duplicated(keys).any():
        return rows, []
    groups = rows.groupby(keys, dropna=False, sort=False)["time_us"]
    rank = groups.rank(method="first")
    middle = np.ceil(groups.transform("size") / 2)
    return split_off(rows, (rank != middle).to_numpy(), "shape repeated; its median row was kept")


@dataclass(frozen=True)
class ScaledCopy:
    """Rows of one operator that are another device's times ``factor``: not measured."""

    op: str
    factor: float
    rows: int


def scaled_copies(rows: pd.DataFrame, other: pd.DataFrame) -> list[ScaledCopy]:
    """Operators of ``rows`` whose times are a constant times those of ``other`` on all shapes both have.

    Give rows of two devices: real devices never agree in ratio to 1e-6. Factor 1 is a plain copy.
    """
    keys = [name for name in _shape_columns(rows) if name != "device" and name in other]
    both = _medians(rows, keys).merge(_medians(other, keys), on=keys, suffixes=("", "_other"))
    found = []
    for op, part in both.groupby("op"):
        ratio = (part["time_us"] / part["time_us_other"]).to_numpy()
        factor = float(np.median(ratio))
        if len(part) >= FEWEST_COPIES and np.all(np.abs(ratio / factor - 1) < SAME_RATIO):
            found.append(ScaledCopy(str(op), factor, len(part)))
    return found


def _medians(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    return rows.groupby(keys, dropna=False, sort=False)["time_us"].median().reset_index()
