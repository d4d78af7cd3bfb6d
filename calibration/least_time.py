"""The least time physics allows for a measured kernel: what no correct timing can beat.

A lower bound, not a prediction: dense peak of the data sheet, compulsory traffic only, the last-level cache assumed
warm. Formulas: a multiply is 2 m n k FLOPs, attention 4 d per query head and (query, key) pair; each operand crosses
memory once (roofline, Williams et al. 2009).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from calibration.number_formats import FORMATS, NumberFormat
from calibration.words import words
from simulator.hardware.profile import HardwareProfile

Floats = npt.NDArray[np.float64]

PEAK_ALLOWANCE = 1.10
"""Chips run somewhat above the boost clock of their data sheet, and 'recalled' peaks are rounded."""

MEMORY_ALLOWANCE = 1.05
"""Measured streams stay below nominal bandwidth; memory clocks are fixed, so little is granted."""

CACHE_SPEED_UP = 8.0
"""Last-level cache bandwidth over memory bandwidth: about 2.5 (A100, H100, B200) to 6 (Ada and Blackwell boards with
GDDR memory). What fits the cache may be that much faster; the rest must cross memory."""

_SIXTEEN_BIT = NumberFormat("bf16", 2.0, 2.0)


def least_time_us(rows: pd.DataFrame, hardware: HardwareProfile, *, cache_speed_up: float = CACHE_SPEED_UP) -> Floats:
    """Lower bound of each row in microseconds; 0 where the schema does not tell enough for one.

    ``cache_speed_up``: 1 = nothing is in a cache beforehand.
    """
    device = _Device(hardware, cache_speed_up)
    least = np.zeros(len(rows))
    for (op, dtype, kv_dtype), index in _groups(rows).items():
        part = rows.iloc[index]
        bound = _BOUNDS.get(op)
        if bound is not None:
            least[index] = np.nan_to_num(bound(part, device, _format(dtype), _format(kv_dtype)))
    return least * 1e6


def _groups(rows: pd.DataFrame) -> dict[tuple[str, str, str], npt.NDArray[np.int64]]:
    keys = [words(rows, name) for name in ("op", "dtype", "kv_dtype")]
    found = pd.Series(np.arange(len(rows)), index=rows.index).groupby(keys).indices
    return cast("dict[tuple[str, str, str], npt.NDArray[np.int64]]", found)


def _format(name: str) -> NumberFormat:
    return FORMATS.get(name, _SIXTEEN_BIT)


@dataclass(frozen=True)
class _Device:
    """A data sheet with what it is granted."""

    sheet: HardwareProfile
    cache_speed_up: float

    def math_s(self, flops: Floats, *formats: NumberFormat) -> Floats:
        """Time at the fastest peak among the formats; a format the device lacks is granted the device's best."""
        best = max(self.sheet.peak_flops.values())
        peak = max(self.sheet.peak_flops.get(form.math, best) for form in formats)
        return flops / (PEAK_ALLOWANCE * peak)

    def memory_s(self, nbytes: Floats) -> Floats:
        """Time to move bytes, the last-level cache serving what it can hold."""
        cached = np.minimum(nbytes, self.sheet.l2_bytes)
        rate = MEMORY_ALLOWANCE * self.sheet.memory_bytes_per_s
        return (nbytes - cached) / rate + cached / (self.cache_speed_up * rate)


def _columns(rows: pd.DataFrame, *names: str) -> list[Floats]:
    return [rows[name].to_numpy(dtype=float) for name in names]


def _gemm(rows: pd.DataFrame, device: _Device, form: NumberFormat, _: NumberFormat) -> Floats:
    m, n, k = _columns(rows, "m", "n", "k")
    moved = form.activation_bytes * m * k + form.weight_bytes * n * k + form.activation_bytes * m * n
    return np.maximum(device.math_s(2 * m * n * k, form), device.memory_s(moved))


def _prefill(rows: pd.DataFrame, device: _Device, form: NumberFormat, kv: NumberFormat) -> Floats:
    batch, new, total, heads, kv_heads, dim = _columns(
        rows, "batch", "q_len", "kv_len", "heads", "kv_heads", "head_dim"
    )
    pairs = batch * causal_pairs(new, total, _window(rows))
    moved = 4.0 * batch * new * heads * dim + 2.0 * kv.weight_bytes * batch * new * kv_heads * dim
    return np.maximum(device.math_s(4 * dim * heads * pairs, form, kv), device.memory_s(moved))


def _decode(rows: pd.DataFrame, device: _Device, form: NumberFormat, kv: NumberFormat) -> Floats:
    batch, total, heads, kv_heads, dim = _columns(rows, "batch", "kv_len", "heads", "kv_heads", "head_dim")
    seen = np.minimum(total, _window(rows))
    moved = 2.0 * kv.weight_bytes * batch * seen * kv_heads * dim
    return np.maximum(device.math_s(4 * dim * heads * batch * seen, form, kv), device.memory_s(moved))


_LATENT_SIZE, _LATENT_PAIR, _EXPANDED_PAIR = 576, 2.0 * (576 + 512), 2.0 * (192 + 128)
"""DeepSeek's latent and rotary key; FLOPs of one head per (query, key) pair, absorbed and with expanded heads."""


def _latent_prefill(rows: pd.DataFrame, device: _Device, form: NumberFormat, kv: NumberFormat) -> Floats:
    """Expanded heads: the fewest FLOPs prefill can do with."""
    batch, new, total, heads = _columns(rows, "batch", "q_len", "kv_len", "heads")
    pairs = batch * causal_pairs(new, total, np.full(len(rows), np.inf))
    return device.math_s(_EXPANDED_PAIR * heads * pairs, form, kv)


def _latent_decode(rows: pd.DataFrame, device: _Device, form: NumberFormat, kv: NumberFormat) -> Floats:
    """Every latent once, for all heads."""
    batch, total, heads = _columns(rows, "batch", "kv_len", "heads")
    cached = batch * total
    math = device.math_s(_LATENT_PAIR * heads * cached, form, kv)
    return np.maximum(math, device.memory_s(kv.weight_bytes * _LATENT_SIZE * cached))


def _absorbed(rows: pd.DataFrame, device: _Device, form: NumberFormat, _: NumberFormat) -> Floats:
    m, n, k, heads = _columns(rows, "m", "n", "k", "heads")
    moved = form.activation_bytes * heads * m * (n + k) + form.weight_bytes * heads * n * k
    return np.maximum(device.math_s(2 * heads * m * n * k, form), device.memory_s(moved))


def _window(rows: pd.DataFrame) -> Floats:
    """Sliding window in tokens, infinite where there is none."""
    window = rows["window"].to_numpy(dtype=float)
    return np.where(np.nan_to_num(window) > 0, window, np.inf)


def causal_pairs(new: Floats, total: Floats, window: Floats) -> Floats:
    """(query, key) pairs of ``new`` last tokens of ``total`` that each see at most ``window`` keys, themselves
    included."""
    first = total - new + 1
    growing = np.clip(np.minimum(window, total) - first + 1, 0, new)
    ramp = growing * first + growing * (growing - 1) / 2
    flat = np.where(new > growing, (new - growing) * np.minimum(window, total), 0.0)
    return ramp + flat


def _experts(rows: pd.DataFrame, device: _Device, form: NumberFormat, _: NumberFormat) -> Floats:
    """Two matrices per expert (gated ones have three) and no more experts than one token's: a bound for any routing."""
    tokens, inner, hidden, chosen, tp, ep = _columns(rows, "m", "n", "k", "topk", "moe_tp", "moe_ep")
    weights = 2.0 * hidden * inner / np.where(np.isnan(tp), 1.0, tp)
    alone = ~(ep > 1)  # a rank among several may own none of the chosen experts
    flops = np.where(alone, 2.0 * weights * tokens * chosen, 0.0)
    moved = np.where(alone, weights * chosen * form.weight_bytes, 0.0)
    return np.maximum(device.math_s(flops, form), device.memory_s(moved))


def _all_reduce(rows: pd.DataFrame, device: _Device, _: NumberFormat, __: NumberFormat) -> Floats:
    """Half of a ring's traffic: a switch that adds on its way (NVLink SHARP) needs no more."""
    nbytes, ranks = _columns(rows, "bytes", "world_size")
    rates = {size: device.sheet.group_bytes_per_s(int(size)) for size in np.unique(ranks[ranks >= 1])}
    rate = np.array([rates.get(size, np.inf) for size in ranks])
    return nbytes * (ranks - 1) / ranks / (MEMORY_ALLOWANCE * rate)


def _stream(rows: pd.DataFrame, device: _Device, form: NumberFormat, _: NumberFormat) -> Floats:
    m, n = _columns(rows, "m", "n")
    return device.memory_s(m * n * form.activation_bytes)


def _host_copy(rows: pd.DataFrame, device: _Device, _: NumberFormat, __: NumberFormat) -> Floats:
    return rows["bytes"].to_numpy(dtype=float) / (MEMORY_ALLOWANCE * device.sheet.host_bytes_per_s)


def _device_copy(rows: pd.DataFrame, device: _Device, _: NumberFormat, __: NumberFormat) -> Floats:
    return device.memory_s(2.0 * rows["bytes"].to_numpy(dtype=float))


_BOUNDS = {
    "gemm": _gemm,
    "attn_prefill": _prefill,
    "attn_decode": _decode,
    "mla_prefill": _latent_prefill,
    "mla_decode": _latent_decode,
    "mla_bmm": _absorbed,
    "moe": _experts,
    "allreduce_custom": _all_reduce,
    "nccl_all_reduce": _all_reduce,
    "norm": _stream,
    "activation": _stream,
    "softmax": _stream,
    "copy_h2d": _host_copy,
    "copy_d2h": _host_copy,
    "copy_d2d": _device_copy,
}
