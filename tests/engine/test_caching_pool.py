"""The prefix-caching pool alone: which of equal blocks is found, and what eviction leaves behind."""

from __future__ import annotations

import tracemalloc

from simulator.engine.caching_pool import CachingBlockPool
from simulator.engine.content import BlockContents
from simulator.engine.request import Request

BLOCK = 4


def _pool(blocks: int) -> CachingBlockPool:
    return CachingBlockPool(blocks, BLOCK, BlockContents(BLOCK))


def _request(row: int, tokens: int, segment: int = 1) -> Request:
    return Request(row, tokens, 8, 1000, segments=[(segment, tokens)])


def _enter(pool: CachingBlockPool, request: Request) -> list[int]:
    prefix = pool.find_prefix(request)
    assert pool.admit(request, request.prompt_tokens, prefix)
    pool.publish(request, request.prompt_tokens)
    return prefix


def test_a_prompt_never_hits_its_last_token() -> None:
    """4 tokens fill one block; a second request with the same 4 must compute them again, one with 5 need not."""
    pool = _pool(8)
    assert _enter(pool, _request(0, 4)) == []
    assert _enter(pool, _request(1, 4)) == []
    assert len(_enter(pool, _request(2, 5))) == 1


def test_of_equal_blocks_the_oldest_that_is_left_is_found() -> None:
    pool = _pool(4)
    twins = [_request(row, 4) for row in range(4)]
    for request in twins:
        _enter(pool, request)
    blocks = [request.block_ids[0] for request in twins]
    longer = _request(9, 5)
    assert pool.find_prefix(longer) == [blocks[0]]
    for request in twins:  # freed in order: each block taken for something else forgets the oldest copy first
        pool.release(request, 4, done=True)
    for oldest in (1, 2, 3):
        pool.grow(_request(20 + oldest, 4, segment=20 + oldest), 4)
        assert pool.find_prefix(longer) == [blocks[oldest]]
    pool.grow(_request(30, 4, segment=30), 4)
    assert pool.find_prefix(longer) == []


def test_a_middle_copy_may_go_first() -> None:
    pool = _pool(3)
    first, second, third = (_request(row, 4) for row in range(3))
    for request in (first, second, third):
        _enter(pool, request)
    kept = first.block_ids[0]
    pool.release(second, 4, done=True)
    pool.grow(_request(7, 4, segment=7), 4)
    assert pool.find_prefix(_request(9, 5)) == [kept]


def test_shared_blocks_are_freed_by_their_last_holder() -> None:
    pool = _pool(4)
    first, second = _request(0, 8), _request(1, 12)
    _enter(pool, first)
    assert len(_enter(pool, second)) == 2
    assert pool.used == 3
    pool.release(first, 8, done=True)
    assert pool.used == 3
    pool.release(second, 12, done=True)
    assert pool.used == 0
    assert len(pool.find_prefix(_request(2, 12))) == 2  # the third block holds the last token


def test_tail_blocks_are_overwritten_first() -> None:
    pool = _pool(3)
    first = _request(0, 12)
    _enter(pool, first)
    pool.release(first, 12, done=True)
    for left in (2, 1, 0):
        pool.grow(_request(10 + left, 4, segment=10 + left), 4)
        assert len(pool.find_prefix(_request(1, 13))) == left


def test_cohort_blocks_get_their_names_on_release() -> None:
    """Blocks taken without a name hold generated tokens, found again after a preemption, but not once it is done."""
    pool = _pool(6)
    request = _request(0, 4)
    _enter(pool, request)
    pool.take(2)
    request.known, request.computed, request.num_blocks, request.preemptions = 13, 12, 3, 1
    pool.release(request, 12, done=False)
    assert pool.used == 0
    assert len(pool.find_prefix(request)) == 3


def test_a_pool_costs_what_is_named_in_it_whatever_its_size() -> None:
    """A billion blocks, as states of Mamba leave room for: 100 requests of 10 named blocks keep 1,000 names or so."""
    tracemalloc.start()
    pool = _pool(10**9)
    empty = tracemalloc.get_traced_memory()[1]
    for row in range(100):
        _enter(pool, _request(row, 10 * BLOCK, segment=row + 1))
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert empty < 10_000
    assert used < 1_000_000
    assert pool.used == 1000


def test_a_large_pool_reuses_in_the_order_of_a_small_one() -> None:
    """What was freed lies behind every block never used, and is overwritten after them, tail first."""
    total = 10**9
    pool = _pool(total)
    first = _request(0, 3 * BLOCK)
    _enter(pool, first)
    pool.release(first, 3 * BLOCK, done=True)
    again = _request(1, 3 * BLOCK + 1)
    other = _request(9, BLOCK, segment=9)
    pool.take(total - 3)
    assert len(pool.find_prefix(again)) == 3
    for left in (2, 1, 0):
        pool.take(1)
        assert len(pool.find_prefix(again)) == left
    assert pool.free == 0
    assert not pool.admit(other, BLOCK, [])


def test_names_of_overwritten_blocks_are_given_again() -> None:
    """However long it runs, a pool never has more names than blocks."""
    pool = _pool(4)
    seen = set()
    for row in range(50):
        request = _request(row, 4 * BLOCK, segment=row + 1)
        _enter(pool, request)
        seen |= set(request.block_ids)
        pool.release(request, 4 * BLOCK, done=True)
    assert len(seen) == 4
