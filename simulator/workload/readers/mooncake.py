"""Mooncake traces: JSON lines with ``timestamp`` (ms), ``input_length``, ``output_length``, ``hash_ids``.

``hash_ids`` names each block of 512 prompt tokens, the last one possibly partial; equal ids mean equal blocks behind
equal prefixes. Traces: github.com/kvcache-ai/Mooncake (FAST 25). Their conversation trace carries arrivals in batches
of three seconds; ``spread_batch_s`` of ``read_trace`` spreads them.
"""

from __future__ import annotations

import itertools
import json
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from simulator.errors import InputError
from simulator.workload.readers.block_runs import merge_blocks
from simulator.workload.readers.columns import TraceColumns
from simulator.workload.table import MAX_TOKENS

BLOCK_TOKENS = 512
"""Tokens that one hash id names."""

_MAX_ID = 2**63 - 1
_MAX_MS = 1e15


def recognises(first_line: str) -> bool:
    """Whether the first line is a JSON object with Mooncake's keys (Bailian's, alike otherwise, has chat ids)."""
    ours = '"hash_ids"' in first_line or '"input_length"' in first_line
    return first_line.lstrip().startswith("{") and ours and '"chat_id"' not in first_line


def read(path: Path, lines: Iterator[str], limit: int | None) -> TraceColumns:
    """Read the trace. Raises ``InputError`` naming line and key."""
    arrival_ms, prompt, output = array("d"), array("q"), array("q")
    ids, counts = array("q"), array("q")
    numbered = ((number, line) for number, line in enumerate(lines, start=1) if not line.isspace())
    for number, line in itertools.islice(numbered, limit):
        row = _Row(path, number, line)
        arrival_ms.append(row.milliseconds("timestamp"))
        prompt.append(row.tokens("input_length"))
        output.append(row.tokens("output_length"))
        blocks = row.block_ids(prompt[-1])
        ids.extend(blocks)
        counts.append(len(blocks))
    prompt_tokens = np.asarray(prompt, dtype=np.int64)
    return TraceColumns(
        np.asarray(arrival_ms) / 1e3,
        prompt_tokens,
        np.asarray(output, dtype=np.int64),
        segments=merge_blocks(np.asarray(ids, dtype=np.int64), np.asarray(counts), prompt_tokens, BLOCK_TOKENS),
    )


class _Row:
    """One line of the file, read key by key."""

    def __init__(self, path: Path, number: int, line: str) -> None:
        self._path, self._number = path, number
        try:
            self._values = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise self._error(f"is not valid JSON: {error}", None, line.strip()) from None
        if not isinstance(self._values, dict):
            raise self._error("must be a JSON object", None, self._values)

    def milliseconds(self, key: str) -> float:
        value = self._get(key)
        if type(value) not in (int, float) or not 0 <= value <= _MAX_MS:
            raise self._error(f"must be a number of milliseconds in 0..{_MAX_MS:g}", key, value)
        return float(value)

    def tokens(self, key: str) -> int:
        value = self._get(key)
        if type(value) is not int or not 1 <= value <= MAX_TOKENS:
            raise self._error(f"must be a whole number of tokens in 1..{MAX_TOKENS}", key, value)
        return value

    def block_ids(self, prompt_tokens: int) -> list[int]:
        value = self._get("hash_ids")
        if type(value) is not list:
            raise self._error("must be a list of block ids", "hash_ids", value)
        expected = -(-prompt_tokens // BLOCK_TOKENS)
        if len(value) != expected:
            rule = f"must name {expected} blocks of {BLOCK_TOKENS} tokens for input_length {prompt_tokens}"
            raise self._error(rule, "hash_ids", f"{len(value)} ids")
        for place, block in enumerate(value):
            if type(block) is not int or not 0 <= block <= _MAX_ID:
                raise self._error("must be a whole number >= 0", f"hash_ids[{place}]", block)
        return value

    def _get(self, key: str) -> Any:
        if key not in self._values:
            raise self._error("key is missing", key, sorted(self._values))
        return self._values[key]

    def _error(self, problem: str, key: str | None, value: object) -> InputError:
        return InputError(problem, file=self._path, line=self._number, path=key, value=value)
