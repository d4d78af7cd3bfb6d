"""How much of a prompt others may share, against comparing every pair of prompts."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simulator.workload.shareable import EVERYTHING, shareable_tokens
from simulator.workload.table import PromptSegments

prompts = st.lists(
    st.lists(st.tuples(st.integers(0, 6), st.integers(1, 9)), min_size=1, max_size=4), min_size=1, max_size=8
)


def _segments(rows: list[list[tuple[int, int]]]) -> PromptSegments:
    runs = np.array([run for row in rows for run in row], dtype=np.int64)
    return PromptSegments(np.cumsum([0, *map(len, rows)]), runs[:, 0], runs[:, 1])


def _common(left: list[tuple[int, int]], right: list[tuple[int, int]]) -> int:
    tokens = 0
    spelled = ([(segment, index) for segment, length in row for index in range(length)] for row in (left, right))
    for mine, theirs in zip(*spelled, strict=False):
        if mine != theirs:
            break
        tokens += 1
    return tokens


@given(rows=prompts)
def test_never_less_than_any_pair_has_in_common(rows: list[list[tuple[int, int]]]) -> None:
    shared = shareable_tokens(_segments(rows))
    for index, row in enumerate(rows):
        most = max((_common(row, other) for position, other in enumerate(rows) if position != index), default=0)
        assert most <= shared[index] <= sum(length for _, length in row)


def test_a_segment_of_one_prompt_ends_the_shared_part() -> None:
    rows = [[(1, 10), (2, 5), (1, 3)], [(1, 10), (3, 7)], [(4, 6)]]
    assert shareable_tokens(_segments(rows)).tolist() == [10, 10, 0]


def test_a_named_answer_is_shared_with_the_next_turn() -> None:
    rows = [[(1, 10)], [(1, 10), (7, 4), (2, 5)], [(3, 8)]]
    answers = np.array([7, -1, 9])
    assert shareable_tokens(_segments(rows), answers).tolist() == [EVERYTHING, 14, 0]
