"""Qwen-Bailian usage traces: JSON lines like Mooncake's, with chat ids, seconds and blocks of 16 tokens.

Keys ``chat_id, parent_chat_id`` (-1 = first turn), ``timestamp`` (s), ``input_length, output_length, type, turn`` and
``hash_ids``, one per block of 16 prompt tokens; ids of the full blocks only are accepted too, the rest of the prompt
then being nobody else's. A session is a chat with all that descends from it. Arrivals are replayed as recorded; they
do not wait for the simulated answers. Traces: github.com/alibaba-edu/qwen-bailian-usagetraces-anon.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from simulator.workload.readers.block_runs import merge_blocks
from simulator.workload.readers.columns import TraceColumns
from simulator.workload.readers.json_rows import JsonRow, json_rows

BLOCK_TOKENS = 16
"""Tokens that one hash id names."""


def recognises(first_line: str) -> bool:
    """Whether the first line is a JSON object with chat ids and lengths."""
    return first_line.lstrip().startswith("{") and '"chat_id"' in first_line and '"input_length"' in first_line


def read(path: Path, lines: Iterator[str], limit: int | None) -> TraceColumns:
    """Read the trace. Raises ``InputError`` naming line and key."""
    arrival, prompt, output, session = array("d"), array("q"), array("q"), array("q")
    ids, counts = array("q"), array("q")
    root_of: dict[int, int] = {}
    unnamed = -1
    empty = 0
    for row in json_rows(path, lines, limit):
        # The chat is noted before its row may be left out: later turns name it.
        chat, parent = row.whole("chat_id"), row.whole("parent_chat_id", least=-1)
        root_of[chat] = root_of.get(parent, parent) if parent >= 0 else chat
        output_tokens = row.tokens("output_length", least=0)
        if output_tokens == 0:
            empty += 1
            continue
        arrival.append(row.time("timestamp"))
        prompt.append(row.tokens("input_length"))
        output.append(output_tokens)
        session.append(root_of[chat])
        blocks = _block_ids(row, prompt[-1])
        ids.extend(blocks)
        counts.append(-(-prompt[-1] // BLOCK_TOKENS))
        if len(blocks) < counts[-1]:
            ids.append(unnamed)
            unnamed -= 1
    prompt_tokens = np.asarray(prompt, dtype=np.int64)
    note = (f"{empty} rows without output tokens (failed requests) were left out",) if empty else ()
    return TraceColumns(
        np.asarray(arrival),
        prompt_tokens,
        np.asarray(output, dtype=np.int64),
        session=np.asarray(session, dtype=np.int64),
        segments=merge_blocks(np.asarray(ids, dtype=np.int64), np.asarray(counts), prompt_tokens, BLOCK_TOKENS)
        if len(ids)
        else None,
        notes=note,
    )


def _block_ids(row: JsonRow, prompt_tokens: int) -> list[int]:
    blocks = row.wholes("hash_ids")
    full, partial = divmod(prompt_tokens, BLOCK_TOKENS)
    if len(blocks) not in (full, full + bool(partial)):
        rule = f"must name {full + bool(partial)} blocks of {BLOCK_TOKENS} tokens for input_length {prompt_tokens}"
        raise row.error(rule, "hash_ids", f"{len(blocks)} ids")
    return blocks
