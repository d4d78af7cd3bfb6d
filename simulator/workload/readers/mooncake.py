"""Mooncake traces: JSON lines with ``timestamp`` (ms), ``input_length``, ``output_length``, ``hash_ids``.

``hash_ids`` names each block of 512 prompt tokens, the last one possibly partial; equal ids mean equal blocks behind
equal prefixes. Traces: github.com/kvcache-ai/Mooncake (FAST 25). Their conversation trace carries arrivals in batches
of three seconds; ``spread_batch_s`` of ``read_trace`` spreads them.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from simulator.workload.readers.block_runs import merge_blocks
from simulator.workload.readers.columns import TraceColumns
from simulator.workload.readers.json_rows import JsonRow, json_rows

BLOCK_TOKENS = 512
"""Tokens that one hash id names."""

_MAX_MS = 1e15


def recognises(first_line: str) -> bool:
    """Whether the first line is a JSON object with Mooncake's keys (Bailian's, alike otherwise, has chat ids)."""
    ours = '"hash_ids"' in first_line or '"input_length"' in first_line
    return first_line.lstrip().startswith("{") and ours and '"chat_id"' not in first_line


def read(path: Path, lines: Iterator[str], limit: int | None) -> TraceColumns:
    """Read the trace. Raises ``InputError`` naming line and key."""
    arrival_ms, prompt, output = array("d"), array("q"), array("q")
    ids, counts = array("q"), array("q")
    for row in json_rows(path, lines, limit):
        arrival_ms.append(row.time("timestamp", "milliseconds", _MAX_MS))
        prompt.append(row.tokens("input_length"))
        output.append(row.tokens("output_length"))
        blocks = _block_ids(row, prompt[-1])
        ids.extend(blocks)
        counts.append(len(blocks))
    prompt_tokens = np.asarray(prompt, dtype=np.int64)
    return TraceColumns(
        np.asarray(arrival_ms) / 1e3,
        prompt_tokens,
        np.asarray(output, dtype=np.int64),
        segments=merge_blocks(np.asarray(ids, dtype=np.int64), np.asarray(counts), prompt_tokens, BLOCK_TOKENS),
    )


def _block_ids(row: JsonRow, prompt_tokens: int) -> list[int]:
    blocks = row.wholes("hash_ids")
    expected = -(-prompt_tokens // BLOCK_TOKENS)
    if len(blocks) != expected:
        rule = f"must name {expected} blocks of {BLOCK_TOKENS} tokens for input_length {prompt_tokens}"
        raise row.error(rule, "hash_ids", f"{len(blocks)} ids")
    return blocks
