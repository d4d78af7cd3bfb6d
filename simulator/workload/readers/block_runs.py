"""From block ids to runs: prompts named block by block become the few runs in which they differ."""

from __future__ import annotations

import numpy as np

from simulator.workload.table import IntColumn, PromptSegments


def merge_blocks(ids: IntColumn, counts: IntColumn, prompt_tokens: IntColumn, block_tokens: int) -> PromptSegments:
    """Segments of prompts whose blocks of ``block_tokens`` tokens are named by ids.

    Parameters: ``ids`` (m,) block ids of all prompts in a row; ``counts`` (n,) blocks of each prompt; ``prompt_tokens``
    (n,), so that the last block of a prompt may be partial.

    Where every occurrence of a block is followed by the same next block, the two are one run: a prompt nobody shares
    is a single run, and prompts with a common prefix part where their runs do. Prompts share exactly the prefixes that
    their ids share.
    """
    starts = np.cumsum(counts) - counts
    begins_prompt = np.zeros(len(ids), dtype=bool)
    begins_prompt[starts] = True
    _, block, occurrences = np.unique(ids, return_inverse=True, return_counts=True)

    inner = np.flatnonzero(~begins_prompt)
    _, pair, pair_counts = np.unique(
        block[inner - 1] * len(occurrences) + block[inner], return_inverse=True, return_counts=True
    )
    joined = np.zeros(len(ids), dtype=bool)
    joined[inner] = pair_counts[pair] == occurrences[block[inner - 1]]

    heads = np.flatnonzero(~joined)
    tokens = np.full(len(ids), block_tokens, dtype=np.int64)
    tokens[starts + counts - 1] = prompt_tokens - (counts - 1) * block_tokens
    runs_before = np.concatenate(([0], np.cumsum(~joined)))
    offsets = runs_before[np.append(starts, len(ids))]
    return PromptSegments(offsets, block[heads].astype(np.int64), np.add.reduceat(tokens, heads))
