"""Measured kernels taken as they are: seconds by exact shape, from the user's own CSV file.

Columns as ``inferplan calibrate measure`` writes them; read are those of GEMMs and of attention. Rows of other kernel
classes, and of sliding windows, are left alone. Of several rows of one shape the median counts.
"""

from __future__ import annotations

import csv
import gzip
import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from simulator.errors import InputError, did_you_mean
from simulator.hardware.profile import HardwareProfile

Layer = tuple[str, int, int] | tuple[str, int, int, int]
"""What is fixed in a layer: (format, n, k) of a GEMM; (KV format, heads, KV heads, head size) of attention."""

Sizes = tuple[int, ...]
"""What changes: (m) of a GEMM, (batch, new tokens, KV tokens) of a prefill, (batch, KV tokens) of a decode call."""

_OPS = {
    "gemm": ("gemm", "dtype", ("n", "k"), ("m",)),
    "attn_prefill": ("prefill", "kv_dtype", ("heads", "kv_heads", "head_dim"), ("batch", "q_len", "kv_len")),
    "attn_decode": ("decode", "kv_dtype", ("heads", "kv_heads", "head_dim"), ("batch", "kv_len")),
}
"""``op`` -> field of ``ExactRows``, column of the format, columns of the layer, columns of the sizes."""

_REQUIRED = ("device", "op", "time_us")


@dataclass(frozen=True)
class ExactRows:
    """Seconds of one call, by layer and sizes. ``spread``: median over the rows of half the inter-quartile range over
    the time, 0 where the file does not tell."""

    gemm: Mapping[Layer, Mapping[Sizes, float]]
    prefill: Mapping[Layer, Mapping[Sizes, float]]
    decode: Mapping[Layer, Mapping[Sizes, float]]
    spread: float


def read_exact_rows(path: Path, hardware: HardwareProfile) -> ExactRows:
    """Read a CSV file (or ``.csv.gz``) of measured kernels of ``hardware``.

    Raises ``InputError`` with file, line and column for missing columns, values that are no positive numbers, another
    device's rows, and a file without a single row that could be used.
    """
    found: dict[str, dict[Layer, dict[Sizes, list[float]]]] = {"gemm": {}, "prefill": {}, "decode": {}}
    spreads: list[float] = []
    for line, row in _rows(path):
        if row["device"] != hardware.name:
            hint = did_you_mean(row["device"], [hardware.name])
            problem = f"the rows must be of {hardware.name}"
            raise InputError(problem, file=path, line=line, path="device", value=row["device"], hint=hint)
        if row["op"] not in _OPS or _window(row):
            continue
        field, format_column, layer_columns, size_columns = _OPS[row["op"]]
        dtype = row.get(format_column) or row.get("dtype") or ""
        layer = (dtype, *(_whole(path, line, row, column) for column in layer_columns))
        sizes = tuple(_whole(path, line, row, column) for column in size_columns)
        seconds = _positive(path, line, row, "time_us") * 1e-6
        found[field].setdefault(layer, {}).setdefault(sizes, []).append(seconds)  # type: ignore[arg-type]
        if row.get("iqr_us"):
            spreads.append(_positive(path, line, row, "iqr_us", zero=True) * 1e-6 / seconds / 2)
    if not any(found.values()):
        raise InputError(f"has no row of {', '.join(_OPS)}", file=path, path="op")
    tables = {
        field: {layer: {sizes: median(times) for sizes, times in rows.items()} for layer, rows in layers.items()}
        for field, layers in found.items()
    }
    return ExactRows(**tables, spread=median(spreads) if spreads else 0.0)


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """``(line, row)`` of a CSV file; cells that are missing are empty."""
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise InputError(f"is no CSV file that can be read: {error}", file=path) from None
    reader = csv.DictReader(io.StringIO(text), restval="")
    columns = reader.fieldnames or []
    for column in _REQUIRED:
        if column not in columns:
            raise InputError("is a missing column", file=path, line=1, path=column, hint=did_you_mean(column, columns))
    try:
        for row in reader:
            yield reader.line_num, {key: value.strip() for key, value in row.items() if isinstance(value, str)}
    except csv.Error as error:
        raise InputError(f"is no CSV file that can be read: {error}", file=path, line=reader.line_num) from None


def _window(row: Mapping[str, str]) -> bool:
    return row.get("window", "") not in ("", "0", "0.0")


def _whole(path: Path, line: int, row: Mapping[str, str], column: str) -> int:
    value = _positive(path, line, row, column)
    if value != int(value):
        raise InputError("must be a whole number", file=path, line=line, path=column, value=row[column])
    return int(value)


def _positive(path: Path, line: int, row: Mapping[str, str], column: str, *, zero: bool = False) -> float:
    text = row.get(column, "")
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and (value > 0 or (zero and value == 0))):
        raise InputError("must be a number > 0", file=path, line=line, path=column, value=text)
    return value
