"""Plain JSON lines: everything a ``RequestTable`` holds, one request a line.

Keys ``arrival_s, prompt_tokens, output_tokens`` and, as wanted, ``priority, adapter, session, tenant``; ``segments``
``[[id, tokens], ...]``, runs of the prompt (equal id at the same place behind equal runs = equal tokens);
``output_segment``, the id under which later prompts name this answer; ``after_row`` and ``think_s``, the request
(0-based row of the file) whose answer this one waits for and the pause behind it. Other keys are ignored.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from simulator.workload.readers.columns import TraceColumns
from simulator.workload.readers.json_rows import JsonRow, json_rows
from simulator.workload.table import MAX_TOKENS, PromptSegments

_ABSENT = {"priority": 0, "adapter": 0, "session": -1, "tenant": -1, "output_segment": -1, "after_row": -1}
"""Whole-number keys that may be left out, with what they then are."""

_ANY_SIGN = -(2**63)


def recognises(first_line: str) -> bool:
    """Whether the first line is a JSON object with a key of ours."""
    keys = ('"arrival_s"', '"prompt_tokens"')
    return first_line.lstrip().startswith("{") and any(key in first_line for key in keys)


def read(path: Path, lines: Iterator[str], limit: int | None) -> TraceColumns:
    """Read the trace. Raises ``InputError`` naming line and key."""
    columns: dict[str, list[Any]] = {"arrival_s": [], "prompt_tokens": [], "output_tokens": [], "think_s": []}
    columns |= {key: [] for key in _ABSENT}
    runs: list[list[tuple[int, int]] | None] = []
    for row in json_rows(path, lines, limit):
        columns["arrival_s"].append(row.time("arrival_s"))
        columns["prompt_tokens"].append(row.tokens("prompt_tokens"))
        columns["output_tokens"].append(row.tokens("output_tokens"))
        columns["think_s"].append(row.time("think_s") if row.has("think_s") else 0.0)
        for key, absent in _ABSENT.items():
            least = _ANY_SIGN if key == "priority" else min(0, absent)
            columns[key].append(row.whole(key, least) if row.has(key) else absent)
        if columns["after_row"][-1] >= len(runs):
            raise row.error("must be a row above this one (0-based)", "after_row", columns["after_row"][-1])
        runs.append(_runs(row, columns["prompt_tokens"][-1]))
    values = {key: np.asarray(column) for key, column in columns.items()}
    named = bool(np.any(values["output_segment"] >= 0))
    waits = bool(np.any(values["after_row"] >= 0))
    return TraceColumns(
        values["arrival_s"],
        values["prompt_tokens"],
        values["output_tokens"],
        priority=values["priority"],
        adapter=values["adapter"],
        session=values["session"],
        tenant=values["tenant"],
        segments=_segments(runs, columns["prompt_tokens"]) if any(runs) else None,
        output_segment=values["output_segment"] if named else None,
        after_row=values["after_row"] if waits else None,
        think_s=values["think_s"] if waits else None,
    )


def _runs(row: JsonRow, prompt_tokens: int) -> list[tuple[int, int]] | None:
    if not row.has("segments"):
        return None
    found = row.get("segments")
    if type(found) is not list or not all(map(_is_run, found)):
        raise row.error("must be a list of [id >= 0, tokens >= 1]", "segments", found)
    total = sum(tokens for _, tokens in found)
    if total != prompt_tokens:
        raise row.error(f"must add up to prompt_tokens ({prompt_tokens})", "segments", total)
    return [(segment, tokens) for segment, tokens in found]


def _is_run(value: Any) -> bool:
    if type(value) is not list or len(value) != 2 or not all(type(item) is int for item in value):
        return False
    return 0 <= value[0] < 2**62 and 1 <= value[1] <= MAX_TOKENS


def _segments(runs: list[list[tuple[int, int]] | None], prompt_tokens: list[int]) -> PromptSegments:
    """Runs of all prompts; a prompt without any is a run nobody else has."""
    unused = 1 + max(segment for prompt in runs for segment, _ in prompt or [])
    filled = [
        prompt or [(unused + row, tokens)] for row, (prompt, tokens) in enumerate(zip(runs, prompt_tokens, strict=True))
    ]
    offsets = np.concatenate(([0], np.cumsum([len(prompt) for prompt in filled])))
    flat = np.array([run for prompt in filled for run in prompt], dtype=np.int64)
    return PromptSegments(offsets.astype(np.int64), flat[:, 0], flat[:, 1])
