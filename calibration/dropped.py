"""What a reader or a hygiene gate left out: by name, with a count and one example."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from calibration.schema import COLUMNS


@dataclass(frozen=True)
class Dropped:
    """``count`` rows left out for one ``reason``; ``example`` shows the first of them."""

    reason: str
    count: int
    example: str

    def __str__(self) -> str:
        return f"{self.count:,} rows: {self.reason} (e.g. {self.example})"


def split_off(
    rows: pd.DataFrame, bad: npt.NDArray[np.bool_] | pd.Series, reason: str
) -> tuple[pd.DataFrame, list[Dropped]]:
    """Rows without the ``bad`` ones, and what was dropped (an empty list when none is bad)."""
    mask = np.asarray(bad, dtype=bool)
    count = int(mask.sum())
    if not count:
        return rows, []
    return rows[~mask], [Dropped(reason, count, describe(rows.iloc[int(mask.argmax())]))]


def describe(row: pd.Series) -> str:
    """The filled cells of a row that tell which shape it is: ``gemm bf16 m=8 n=4096 k=4096 3.1 us``."""
    words = [str(row[name]) for name in ("op", "dtype") if _filled(row, name)]
    words += [f"{name}={_short(row[name])}" for name in COLUMNS if name in _SHAPE_WORDS and _filled(row, name)]
    if "time_us" in row.index:
        words.append(f"{_short(row['time_us'])} us")
    return " ".join(words)


_SHAPE_WORDS = (
    "m", "n", "k", "batch", "q_len", "kv_len", "heads", "kv_heads", "head_dim", "kv_dtype", "experts", "topk", "bytes",
    "world_size", "window", "kernel",
)  # fmt: skip


def _filled(row: pd.Series, name: str) -> bool:
    return name in row.index and not pd.isna(row[name])


def _short(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, (int, float)) else str(value)


def merged(parts: Sequence[Dropped]) -> list[Dropped]:
    """One entry per reason, counts added, in order of first appearance."""
    found: dict[str, Dropped] = {}
    for part in parts:
        before = found.get(part.reason)
        found[part.reason] = part if before is None else Dropped(part.reason, before.count + part.count, before.example)
    return list(found.values())
