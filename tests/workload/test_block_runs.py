"""Merging blocks into runs changes no shared prefix: against the block ids themselves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.workload.prefix_tree import PrefixPaths
from simulator.workload.readers.block_runs import merge_blocks

BLOCK = 4

# Ids repeat within a prompt, stand behind different parents, and end prompts in the middle of others.
prompts = st.lists(
    st.tuples(st.lists(st.integers(0, 5), min_size=1, max_size=6), st.integers(1, BLOCK)), min_size=1, max_size=6
)


@given(prompts)
def test_prompts_share_the_blocks_whose_ids_agree(drawn: list[tuple[list[int], int]]) -> None:
    ids = [block for blocks, _ in drawn for block in blocks]
    counts = np.array([len(blocks) for blocks, _ in drawn])
    tokens = (counts - 1) * BLOCK + np.array([last for _, last in drawn])
    segments = merge_blocks(np.array(ids), counts, tokens, BLOCK)
    paths = PrefixPaths()
    keys = [paths.block_keys(segments.of(row), BLOCK, int(tokens[row])) for row in range(len(drawn))]
    for a, (blocks_a, _) in enumerate(drawn):
        assert sum(length for _, length in segments.of(a)) == tokens[a]
        for b, (blocks_b, _) in enumerate(drawn):
            for i in range(min(len(keys[a]), len(keys[b]))):
                assert (keys[a][i] == keys[b][i]) == (blocks_a[: i + 1] == blocks_b[: i + 1])


@pytest.mark.parametrize(
    ("prompt_ids", "runs"),
    [
        ([[1, 2, 3]], [1]),  # nobody shares: one run
        ([[1, 2, 3], [1, 2, 3]], [1, 1]),
        ([[1, 2, 3], [1, 2, 4]], [2, 2]),  # they part behind block 2
        ([[1, 2, 3], [1, 2]], [2, 1]),  # one ends there
    ],
)
def test_runs_are_as_long_as_they_can_be(prompt_ids: list[list[int]], runs: list[int]) -> None:
    counts = np.array([len(ids) for ids in prompt_ids])
    segments = merge_blocks(np.concatenate(prompt_ids), counts, counts * BLOCK, BLOCK)
    assert np.diff(segments.offsets).tolist() == runs
