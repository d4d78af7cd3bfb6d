"""Mooncake JSON lines: whole milliseconds, and one id per block of 512 prompt tokens."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np

from simulator.workload.prefix_tree import PrefixPaths, run_block_keys
from simulator.workload.readers.mooncake import BLOCK_TOKENS
from simulator.workload.table import RequestTable


def lines(table: RequestTable) -> tuple[Iterator[str], list[str]]:
    """The lines of the file, and what they leave out."""
    lost = []
    if table.segments is not None:
        lost.append(f"common prefixes are rounded down to whole blocks of {BLOCK_TOKENS} tokens")
    arrival_ms = table.arrival_s * 1e3
    if not np.array_equal(arrival_ms, np.rint(arrival_ms)):
        lost.append("arrivals are rounded to milliseconds")
    named = {"priority": 0, "adapter": 0, "session": -1, "tenant": -1}
    given = [name for name, absent in named.items() if np.any(getattr(table, name) != absent)]
    if given:
        lost.append(f"{', '.join(given)}: the format has no such key")
    if table.after_row is not None:
        lost.append("requests no longer wait for one another")
    return _lines(table), lost


def _lines(table: RequestTable) -> Iterator[str]:
    blocks = _BlockIds()
    arrival_ms = np.rint(table.arrival_s * 1e3).astype(np.int64).tolist()
    columns = zip(arrival_ms, table.prompt_tokens.tolist(), table.output_tokens.tolist(), strict=True)
    for row, (timestamp, prompt_tokens, output_tokens) in enumerate(columns):
        runs = None if table.segments is None else table.segments.of(row)
        request = {
            "timestamp": timestamp,
            "input_length": prompt_tokens,
            "output_length": output_tokens,
            "hash_ids": blocks.of(runs, prompt_tokens),
        }
        yield json.dumps(request) + "\n"


class _BlockIds:
    """Numbers blocks in order of appearance; equal blocks behind equal prefixes have one number."""

    def __init__(self) -> None:
        self._paths = PrefixPaths()
        self._numbers: dict[tuple[int, int], int] = {}
        self._next = 0

    def of(self, runs: list[tuple[int, int]] | None, prompt_tokens: int) -> list[int]:
        """Ids of all blocks of a prompt, the partial last one included."""
        full, partial = divmod(prompt_tokens, BLOCK_TOKENS)
        if runs is None:
            return [self._fresh() for _ in range(full + bool(partial))]
        paths = self._paths.runs(runs)
        keys = [(key, BLOCK_TOKENS) for key in run_block_keys(paths, BLOCK_TOKENS, prompt_tokens)]
        if partial:
            # Equal partial blocks end in the same run at the same token.
            keys.append((-paths[-1][0], prompt_tokens))
        return [self._number(key) for key in keys]

    def _number(self, key: tuple[int, int]) -> int:
        if key not in self._numbers:
            self._numbers[key] = self._fresh()
        return self._numbers[key]

    def _fresh(self) -> int:
        self._next += 1
        return self._next - 1
