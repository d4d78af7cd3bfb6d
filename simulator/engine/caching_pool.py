"""KV blocks with automatic prefix caching, in vLLM's order of use and reuse.

One queue holds every block nobody holds, least recently freed first; taking a block forgets what it cached. A freed
request returns its blocks tail first, so the start of a prompt, which others may want, is overwritten last.
Blocks of the decoding cohort stay nameless until their request leaves ``running``: until then nobody can ask for them,
and only *how many* left the queue matters.
"""

from __future__ import annotations

from collections import OrderedDict

from simulator.engine.content import BlockContents
from simulator.engine.pool import BlockPool
from simulator.engine.request import Request


class CachingBlockPool(BlockPool):
    """``BlockPool`` whose blocks remember their content until they are taken for something else."""

    caching = True

    def __init__(self, total: int, block_size: int, contents: BlockContents) -> None:
        super().__init__(total, block_size)
        self._contents = contents
        self._queue: OrderedDict[int, None] = OrderedDict.fromkeys(range(total))
        self._nameless: list[int] = []  # blocks taken by the cohort, not yet told apart
        self._holders = [0] * total  # requests that hold the block
        self._key: list[int | None] = [None] * total
        self._by_key: dict[int, int] = {}  # content key -> the block that cached it first
        self._twins: dict[int, list[int]] = {}  # further blocks with the same content, in order

    def find_prefix(self, request: Request) -> list[int]:
        """Blocks that hold the longest cached prefix; at most ``known - 1`` tokens, as one must be computed."""
        by_key = self._by_key
        found = []
        for key in self._contents.keys(request, (request.known - 1) // self.block_size):
            block = by_key.get(key)
            if block is None:
                break
            found.append(block)
        return found

    def grow(self, request: Request, tokens: int) -> bool:
        lacking = -(-tokens // self.block_size) - request.num_blocks
        if lacking > self.free:
            return False
        if lacking > 0:
            self._name_blocks(request)
            self._pop_for(request, lacking)
        return True

    def admit(self, request: Request, tokens: int, prefix: list[int]) -> bool:
        holders = self._holders
        unheld = [block for block in prefix if not holders[block]]
        lacking = -(-tokens // self.block_size) - len(prefix)
        if lacking + len(unheld) > self.free:
            return False
        for block in unheld:
            del self._queue[block]
        self.free -= len(unheld)
        for block in prefix:
            holders[block] += 1
        request.block_ids = list(prefix)
        request.num_blocks = len(prefix)
        request.hashed_tokens = len(prefix) * self.block_size
        self._pop_for(request, lacking)
        return True

    def take(self, blocks: int) -> None:
        self.free -= blocks
        self._nameless.extend(self._evict() for _ in range(blocks))

    def publish(self, request: Request, tokens: int) -> None:
        size = self.block_size
        first, last = request.hashed_tokens // size, tokens // size
        if first >= last:
            return
        keys = self._contents.keys(request, last)
        for index in range(first, last):
            self._remember(request.block_ids[index], keys[index])
        request.hashed_tokens = last * size

    def release(self, request: Request, findable_tokens: int) -> None:
        self._name_blocks(request)
        self.publish(request, findable_tokens)
        holders, queue = self._holders, self._queue
        for block in reversed(request.block_ids):
            holders[block] -= 1
            if not holders[block]:
                queue[block] = None
                self.free += 1
        request.block_ids = []
        request.num_blocks = 0
        request.hashed_tokens = 0

    def _name_blocks(self, request: Request) -> None:
        """Give the request's cohort blocks their identities; which of the nameless ones is immaterial."""
        for _ in range(request.num_blocks - len(request.block_ids)):
            block = self._nameless.pop()
            self._holders[block] = 1
            request.block_ids.append(block)

    def _pop_for(self, request: Request, blocks: int) -> None:
        self.free -= blocks
        request.num_blocks += blocks
        for _ in range(blocks):
            block = self._evict()
            self._holders[block] = 1
            request.block_ids.append(block)

    def _evict(self) -> int:
        """Take the least recently freed block and forget its content."""
        block, _ = self._queue.popitem(last=False)
        key = self._key[block]
        if key is not None:
            self._forget(block, key)
        return block

    def _remember(self, block: int, key: int) -> None:
        self._key[block] = key
        if self._by_key.setdefault(key, block) != block:
            self._twins.setdefault(key, []).append(block)

    def _forget(self, block: int, key: int) -> None:
        self._key[block] = None
        twins = self._twins.get(key)
        if self._by_key[key] != block:
            assert twins is not None
            twins.remove(block)
        elif twins:
            self._by_key[key] = twins.pop(0)
        else:
            del self._by_key[key]
        if twins is not None and not twins:
            del self._twins[key]
