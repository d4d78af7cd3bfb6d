"""Block keys agree exactly where tokens agree: against a token-by-token comparison."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from simulator.workload.prefix_tree import ROOT, PrefixPaths, run_block_keys

# Few segments and short runs, so that prompts often share a prefix, part in the middle of a run, or meet again after
# different lengths of the same segment.
prompts = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 9)), min_size=1, max_size=6)
block_sizes = st.integers(1, 6)


def spell(segments: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Every token of a prompt as (segment, place within the run)."""
    return [(segment, place) for segment, tokens in segments for place in range(tokens)]


@given(st.lists(prompts, min_size=2, max_size=5), block_sizes)
def test_keys_are_equal_exactly_when_all_tokens_up_to_the_block_end_agree(
    requests: list[list[tuple[int, int]]], block_size: int
) -> None:
    paths = PrefixPaths()
    tokens = [spell(request) for request in requests]
    keys = [paths.block_keys(request, block_size, len(spelt)) for request, spelt in zip(requests, tokens, strict=True)]
    for a in range(len(requests)):
        assert len(keys[a]) == len(tokens[a]) // block_size
        for b in range(len(requests)):
            for i in range(len(keys[a])):
                for j in range(len(keys[b])):
                    end = (i + 1) * block_size
                    same = i == j and tokens[a][:end] == tokens[b][:end]
                    assert (keys[a][i] == keys[b][j]) == same


@given(prompts, block_sizes, st.integers(0, 60))
def test_up_to_tokens_cuts_the_chain(request: list[tuple[int, int]], block_size: int, up_to_tokens: int) -> None:
    paths = PrefixPaths()
    whole = paths.block_keys(request, block_size, 10**6)
    assert paths.block_keys(request, block_size, up_to_tokens) == whole[: up_to_tokens // block_size]


@given(prompts, block_sizes, st.integers(0, 60))
def test_first_block_continues_a_chain(request: list[tuple[int, int]], block_size: int, first: int) -> None:
    runs = PrefixPaths().runs(request)
    assert run_block_keys(runs, block_size, 10**6, first) == run_block_keys(runs, block_size, 10**6)[first:]


def test_generated_tokens_are_found_by_the_next_turn() -> None:
    paths = PrefixPaths()
    prompt_runs = paths.runs([(7, 20)])
    answer = paths.extend(prompt_runs[-1][0], 8, 20)
    spoken = run_block_keys([*prompt_runs, (answer, 50)], 16, 50)
    next_turn = paths.block_keys([(7, 20), (8, 30), (9, 40)], 16, 90)
    assert next_turn[:3] == spoken
    assert len(next_turn) == 5


def test_fresh_paths_are_never_met_again() -> None:
    paths = PrefixPaths()
    first = paths.runs([(1, 4)])[-1][0]
    fresh = [paths.fresh() for _ in range(3)]
    assert len({ROOT, first, *fresh}) == 5
    assert paths.extend(ROOT, 2, 0) not in fresh


def test_long_runs_are_named_without_touching_their_tokens() -> None:
    paths = PrefixPaths()
    keys = paths.block_keys([(1, 2**31 - 1)], 2**20, 2**31 - 1)
    assert keys == list(range(keys[0], keys[0] + 2047))
