"""RequestTable: what is asked of the system, one column per property, one row per request.

Columns, not objects: a million requests are a few arrays, and a replica makes its own request objects one by one as
they arrive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.errors import InputError

IntColumn = npt.NDArray[np.int64]
FloatColumn = npt.NDArray[np.float64]

MAX_TOKENS = 2**31 - 1
"""Largest token count of one request; anything above is a unit mistake."""


@dataclass(frozen=True)
class PromptSegments:
    """Which tokens prompts have in common, as runs instead of tokens.

    Request ``i`` has the prompt ``[(segment[j], tokens[j]) for j in range(offsets[i], offsets[i + 1])]``. Two prompts
    share a prefix exactly as far as their segments agree: same segment id at the same offset means the same tokens.

    Attributes: ``offsets`` (n + 1,), ``segment`` (m,) ids >= 0, ``tokens`` (m,) lengths >= 1.
    """

    offsets: IntColumn
    segment: IntColumn
    tokens: IntColumn

    def of(self, row: int) -> list[tuple[int, int]]:
        """Segments of one prompt as ``[(segment id, tokens), ...]``."""
        first, last = int(self.offsets[row]), int(self.offsets[row + 1])
        return list(zip(self.segment[first:last].tolist(), self.tokens[first:last].tolist(), strict=True))

    def take(self, rows: IntColumn) -> PromptSegments:
        """The segments of the given rows, in that order."""
        counts = np.diff(self.offsets)[rows]
        offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        index = np.repeat(self.offsets[:-1][rows] - offsets[:-1], counts) + np.arange(offsets[-1])
        return PromptSegments(offsets, self.segment[index], self.tokens[index])


@dataclass(frozen=True)
class RequestTable:
    """Requests sorted by arrival.

    Attributes
    ----------
    arrival_s:
        (n,) seconds from the start of the run, non-decreasing, >= 0. In a closed loop: earliest possible arrival.
    prompt_tokens, output_tokens:
        (n,) tokens, prompt >= 1, output >= 1.
    priority:
        (n,) lower runs first; used by ``scheduling_policy: priority`` only.
    adapter:
        (n,) LoRA adapter id, 0 = base model.
    session, tenant:
        (n,) ids, -1 = none.
    segments:
        shared-prefix structure of the prompts, or None when every prompt is unique.
    output_segment:
        (n,) segment id of the generated tokens, so that a later turn's prompt can name them; -1 = unique. Or None.
    after_row, think_s:
        both or neither. (n,) row whose answer a request waits for, always a smaller one; -1 = sent at its arrival. It
        is sent (n,) ``think_s`` seconds after that answer, and never before its ``arrival_s``.
    """

    arrival_s: FloatColumn
    prompt_tokens: IntColumn
    output_tokens: IntColumn
    priority: IntColumn
    adapter: IntColumn
    session: IntColumn
    tenant: IntColumn
    segments: PromptSegments | None = None
    output_segment: IntColumn | None = None
    after_row: IntColumn | None = None
    think_s: FloatColumn | None = None

    def __len__(self) -> int:
        return len(self.arrival_s)

    @classmethod
    def from_columns(
        cls,
        arrival_s: Sequence[float] | npt.NDArray[Any],
        prompt_tokens: Sequence[int] | npt.NDArray[Any],
        output_tokens: Sequence[int] | npt.NDArray[Any],
        *,
        priority: Sequence[int] | npt.NDArray[Any] | None = None,
        adapter: Sequence[int] | npt.NDArray[Any] | None = None,
        session: Sequence[int] | npt.NDArray[Any] | None = None,
        tenant: Sequence[int] | npt.NDArray[Any] | None = None,
        segments: PromptSegments | None = None,
        output_segment: IntColumn | None = None,
        after_row: Sequence[int] | npt.NDArray[Any] | None = None,
        think_s: Sequence[float] | npt.NDArray[Any] | None = None,
    ) -> RequestTable:
        """Build and check a table; rows are sorted by arrival (stable). ``think_s`` may be left out: no pauses.

        Raises ``InputError`` naming the first bad row: NaN or negative arrival, token counts outside 1..2**31-1,
        columns of different length, segment lengths that do not add up to the prompt, a request that is to wait for
        one that does not come before it.
        """
        arrival = np.asarray(arrival_s, dtype=np.float64)
        n = len(arrival)
        columns = {
            "prompt_tokens": _int_column(prompt_tokens, n, "prompt_tokens"),
            "output_tokens": _int_column(output_tokens, n, "output_tokens"),
            "priority": _int_column(priority, n, "priority", default=0),
            "adapter": _int_column(adapter, n, "adapter", default=0),
            "session": _int_column(session, n, "session", default=-1),
            "tenant": _int_column(tenant, n, "tenant", default=-1),
        }
        _refuse_rows(~np.isfinite(arrival) | (arrival < 0), "arrival_s", arrival, "must be a number >= 0 (seconds)")
        for name in ("prompt_tokens", "output_tokens"):
            column = columns[name]
            _refuse_rows((column < 1) | (column > MAX_TOKENS), name, column, f"must lie in 1..{MAX_TOKENS}")
        if segments is not None:
            totals = np.add.reduceat(segments.tokens, segments.offsets[:-1]) if len(segments.tokens) else np.zeros(n)
            _refuse_rows(totals != columns["prompt_tokens"], "segments", totals, "must add up to prompt_tokens")
        after, think = _dependency(after_row, think_s, n)
        table = cls(
            arrival, segments=segments, output_segment=output_segment, after_row=after, think_s=think, **columns
        )
        if n and np.any(np.diff(arrival) < 0):
            table = table.take(np.argsort(arrival, kind="stable"))
        if table.after_row is not None:
            rule = "must be -1 or a row that arrives earlier"
            _refuse_rows(table.after_row >= np.arange(n), "after_row", table.after_row, rule)
        return table

    def take(self, rows: IntColumn) -> RequestTable:
        """The given rows, in that order (the caller keeps arrivals non-decreasing).

        A row whose ``after_row`` is not among them waits for nobody any more.
        """
        taken: dict[str, Any] = {}
        for field in fields(self):
            column = getattr(self, field.name)
            if column is None:
                taken[field.name] = None
            elif field.name == "after_row":
                taken[field.name] = _renumbered(column, rows)
            elif isinstance(column, PromptSegments):
                taken[field.name] = column.take(rows)
            else:
                taken[field.name] = column[rows]
        return RequestTable(**taken)

    def to_frame(self) -> Any:
        """The plain columns as a pandas DataFrame (segments left out)."""
        import pandas as pd

        names = ("arrival_s", "prompt_tokens", "output_tokens", "priority", "adapter", "session", "tenant")
        return pd.DataFrame({name: getattr(self, name) for name in names})


def _int_column(values: Any, n: int, name: str, default: int | None = None) -> IntColumn:
    if values is None:
        return np.full(n, default, dtype=np.int64)
    raw = np.asarray(values)
    if len(raw) != n:
        raise InputError(f"has {len(raw)} rows but arrival_s has {n}", path=name)
    if raw.dtype.kind == "f":
        _refuse_rows(~np.isfinite(raw) | (raw != np.floor(raw)), name, raw, "must be a whole number")
    elif raw.dtype.kind not in "iu":
        raise InputError("must hold whole numbers", path=name, value=raw.dtype.name)
    return raw.astype(np.int64)


def _dependency(after_row: Any, think_s: Any, n: int) -> tuple[IntColumn | None, FloatColumn | None]:
    """The two columns of requests that wait for others, checked but for their order."""
    if after_row is None:
        if think_s is not None:
            raise InputError("needs after_row beside it", path="think_s")
        return None, None
    after = _int_column(after_row, n, "after_row")
    _refuse_rows((after < -1) | (after >= n), "after_row", after, f"must lie in -1..{n - 1}")
    think = np.zeros(n) if think_s is None else np.asarray(think_s, dtype=np.float64)
    if len(think) != n:
        raise InputError(f"has {len(think)} rows but arrival_s has {n}", path="think_s")
    _refuse_rows(~np.isfinite(think) | (think < 0), "think_s", think, "must be a number >= 0 (seconds)")
    return after, think


def _renumbered(after_row: IntColumn, rows: IntColumn) -> IntColumn:
    """``after_row`` of the taken rows, in the numbers the taken rows have."""
    place = np.full(len(after_row) + 1, -1, dtype=np.int64)  # the last entry stands for "nobody" (-1)
    place[rows] = np.arange(len(rows))
    return place[after_row[rows]]


def _refuse_rows(bad: npt.NDArray[np.bool_], name: str, column: npt.NDArray[Any], rule: str) -> None:
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise InputError(rule, path=f"{name}[{row}]", value=column[row].item())
