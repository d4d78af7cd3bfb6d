"""How much of a workload a prefix cache could save at best: hit rates of a cache that never forgets.

Two definitions are in use, and they differ by a point or two, so both are given (``PrefixReuse``). Requests are taken
in order of arrival; each finds what all earlier ones left behind.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.workload.checks import require_count
from simulator.workload.prefix_tree import PrefixPaths
from simulator.workload.table import IntColumn, RequestTable

MOONCAKE_BLOCK_TOKENS = 512


@dataclass(frozen=True)
class PrefixReuse:
    """Infinite-cache reuse of a table.

    Attributes
    ----------
    block_hit_rate:
        Share of prompt blocks of ``block_size`` tokens found, a partial last block counting as one, a prompt found
        whole counting in full. The definition of the Mooncake paper.
    token_hit_rate:
        Share of prompt tokens an engine would not compute: those of the full blocks found, the last token of a prompt
        always being recomputed (it must be, to sample), and with it the block it stands in.
    matched_tokens:
        (n,) longest prefix of each prompt that an earlier request holds.
    """

    block_size: int
    block_hit_rate: float
    token_hit_rate: float
    matched_tokens: IntColumn


def prefix_reuse(table: RequestTable, block_size: int = MOONCAKE_BLOCK_TOKENS) -> PrefixReuse:
    """Measure the reuse of a table; ``block_size`` in tokens."""
    require_count("block_size", block_size)
    matched, prompt = matched_tokens(table), table.prompt_tokens
    blocks = -(-prompt // block_size)
    found = np.where(matched == prompt, blocks, matched // block_size)
    saved = np.minimum(matched, prompt - 1) // block_size * block_size
    return PrefixReuse(
        block_size=block_size,
        block_hit_rate=float(found.sum() / max(1, blocks.sum())),
        token_hit_rate=float(saved.sum() / max(1, prompt.sum())),
        matched_tokens=matched,
    )


def matched_tokens(table: RequestTable) -> IntColumn:
    """(n,) tokens of each prompt that some earlier request begins with.

    Generated tokens count as left behind where ``output_segment`` names them, save the last one, which is sampled but
    never computed.
    """
    matched = np.zeros(len(table), dtype=np.int64)
    if table.segments is None:
        return matched
    paths = PrefixPaths()
    longest_run: dict[int, int] = {}
    for row in range(len(table)):
        begin, behind, path = 0, False, 0
        for path, end in paths.runs(table.segments.of(row)):
            tokens = end - begin
            known = longest_run.get(path, 0)
            if not behind:
                matched[row] += min(tokens, known)
                behind = known < tokens
            if known < tokens:
                longest_run[path] = tokens
            begin = end
        if table.output_segment is not None and table.output_segment[row] >= 0:
            answer = paths.extend(path, int(table.output_segment[row]), begin)
            longest_run[answer] = max(longest_run.get(answer, 0), int(table.output_tokens[row]) - 1)
    return matched
