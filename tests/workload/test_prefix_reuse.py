"""Infinite-cache reuse against a brute-force search over tokens, and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.workload import PromptSegments, RequestTable, prefix_reuse

prompts = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 9)), min_size=1, max_size=5)


def table_of(requests: list[list[tuple[int, int]]], **columns: object) -> RequestTable:
    offsets = np.cumsum([0, *map(len, requests)])
    runs = [run for request in requests for run in request]
    segments = PromptSegments(
        offsets.astype(np.int64), np.array([segment for segment, _ in runs]), np.array([tokens for _, tokens in runs])
    )
    prompt_tokens = [sum(tokens for _, tokens in request) for request in requests]
    ones = [1] * len(requests)
    fields = {"output_tokens": ones, "segments": segments, **columns}
    return RequestTable.from_columns(np.arange(len(requests)), prompt_tokens, **fields)  # type: ignore[arg-type]


def common_prefix(a: list[object], b: list[object]) -> int:
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


@given(st.lists(prompts, min_size=1, max_size=6), st.integers(1, 6))
def test_reuse_equals_a_token_by_token_search(requests: list[list[tuple[int, int]]], block_size: int) -> None:
    spelt = [[(segment, place) for segment, tokens in request for place in range(tokens)] for request in requests]
    matched = [
        max((common_prefix(prompt, earlier) for earlier in spelt[:row]), default=0)  # type: ignore[arg-type]
        for row, prompt in enumerate(spelt)
    ]
    blocks = [-(-len(prompt) // block_size) for prompt in spelt]
    found = [
        sum(min((i + 1) * block_size, len(prompt)) <= hit for i in range(count))
        for prompt, hit, count in zip(spelt, matched, blocks, strict=True)
    ]
    saved = [
        max((k * block_size for k in range(count + 1) if k * block_size <= min(hit, len(prompt) - 1)), default=0)
        for prompt, hit, count in zip(spelt, matched, blocks, strict=True)
    ]
    reuse = prefix_reuse(table_of(requests), block_size)
    assert reuse.matched_tokens.tolist() == matched
    assert reuse.block_hit_rate == pytest.approx(sum(found) / sum(blocks))
    assert reuse.token_hit_rate == pytest.approx(sum(saved) / sum(map(len, spelt)))


def test_the_two_definitions_by_hand() -> None:
    # A prompt of 1,100 tokens sent twice: blocks 512 + 512 + 76.
    reuse = prefix_reuse(table_of([[(5, 1100)], [(5, 1100)]]))
    assert reuse.block_hit_rate == 3 / 6
    assert reuse.token_hit_rate == 1024 / 2200
    # Of 1,024 tokens: the last token is recomputed, and its block with it.
    reuse = prefix_reuse(table_of([[(5, 1024)], [(5, 1024)]]))
    assert reuse.block_hit_rate == 2 / 4
    assert reuse.token_hit_rate == 512 / 2048


def test_a_later_turn_finds_the_answer_it_quotes_but_for_its_last_token() -> None:
    columns = {"output_tokens": [100, 1], "output_segment": np.array([9, -1])}
    turns = [[(1, 50)], [(1, 50), (9, 100), (2, 30)]]
    assert prefix_reuse(table_of(turns, **columns), 1).matched_tokens.tolist() == [0, 149]
    assert prefix_reuse(table_of(turns, output_tokens=[100, 1]), 1).matched_tokens.tolist() == [0, 50]


def test_unique_prompts_share_nothing() -> None:
    table = RequestTable.from_columns([0, 1], [10, 10], [1, 1])
    reuse = prefix_reuse(table)
    assert (reuse.block_hit_rate, reuse.token_hit_rate) == (0, 0)
    with pytest.raises(InputError):
        prefix_reuse(table, 0)
