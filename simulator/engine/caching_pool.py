"""KV blocks with automatic prefix caching, in vLLM's order of use and reuse.

One queue holds every block nobody holds, least recently freed first; taking a block forgets what it cached. A freed
request returns its blocks tail first, so the start of a prompt, which others may want, is overwritten last.

Only blocks that somebody may look for get a name and an entry of their own. All others - generated tokens, prompts
nobody shares - are counted: what matters about them is how many stand where in the queue. So a request that shares
nothing costs O(1), however long it is, and evictions still happen in exactly vLLM's order. Names are made when first
needed: a pool costs what is named in it at once, whatever its size.
"""

from __future__ import annotations

from collections import OrderedDict

from simulator.engine.content import BlockContents
from simulator.engine.pool import BlockPool
from simulator.engine.request import Request


class CachingBlockPool(BlockPool):
    """``BlockPool`` whose blocks remember their content until they are taken for something else.

    A request's first blocks are named (``request.block_ids``: found in the cache, or published); the rest of its
    ``num_blocks`` are nameless.
    """

    caching = True

    def __init__(self, total: int, block_size: int, contents: BlockContents) -> None:
        super().__init__(total, block_size)
        self._contents = contents
        # In order of reuse: a named block -> 1, or a run of nameless blocks (a negative number) -> its length.
        self._queue: OrderedDict[int, int] = OrderedDict({-1: total})
        self._runs = 1
        self._spare_names: list[int] = []  # of blocks since taken for something else
        self._holders: list[int] = []  # by name: requests that hold the block
        self._key: list[int] = []  # by name: content key
        self._by_key: dict[int, int] = {}  # content key -> the block that cached it first
        self._twins: dict[int, list[int]] = {}  # further blocks with the same content, in order

    def find_prefix(self, request: Request) -> list[int]:
        """Blocks that hold the longest cached prefix; at most ``known - 1`` tokens, as one must be computed."""
        tokens = request.known - 1
        if not request.preemptions:  # afterwards it may find what it alone knows
            tokens = min(tokens, request.shareable_tokens)
        blocks = tokens // self.block_size
        if not blocks:
            return []
        by_key = self._by_key
        found = []
        for key in self._contents.keys(request, blocks):
            block = by_key.get(key)
            if block is None:
                break
            found.append(block)
        return found

    def fits(self, request: Request, tokens: int, prefix: list[int]) -> bool:
        unheld = sum(not self._holders[block] for block in prefix)
        return -(-tokens // self.block_size) - len(prefix) + unheld <= self.free

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
        self.take(lacking)
        request.block_ids = list(prefix)
        request.num_blocks = len(prefix) + lacking
        return True

    def take(self, blocks: int) -> None:
        """Take the least recently freed blocks and forget their content."""
        self.free -= blocks
        queue = self._queue
        while blocks:
            entry = next(iter(queue))
            length = queue[entry]
            if length > blocks:
                queue[entry] = length - blocks
                return
            del queue[entry]
            blocks -= length
            if entry >= 0:
                self._forget(entry)

    def publish(self, request: Request, tokens: int) -> None:
        if request.shareable_tokens:
            self._name(request, min(tokens, request.shareable_tokens))

    def release(self, request: Request, findable_tokens: int, *, done: bool) -> None:
        if done:
            findable_tokens = min(findable_tokens, request.shareable_tokens)
        self._name(request, findable_tokens)
        holders, queue = self._holders, self._queue
        nameless = request.num_blocks - len(request.block_ids)
        if nameless:
            self._runs += 1
            queue[-self._runs] = nameless
            self.free += nameless
        for block in reversed(request.block_ids):
            holders[block] -= 1
            if not holders[block]:
                queue[block] = 1
                self.free += 1
        request.block_ids = []
        request.num_blocks = 0

    def _name(self, request: Request, tokens: int) -> None:
        """Name the blocks that the first ``tokens`` tokens fill, and let them be found."""
        named, full = len(request.block_ids), tokens // self.block_size
        if named >= full:
            return
        keys = self._contents.keys(request, full)
        for index in range(named, full):
            key = keys[index]
            block = self._new_name(key)
            request.block_ids.append(block)
            if self._by_key.setdefault(key, block) != block:
                self._twins.setdefault(key, []).append(block)

    def _new_name(self, key: int) -> int:
        """A name not in use, for a block that one request holds and ``key`` tells the content of."""
        if self._spare_names:
            block = self._spare_names.pop()
            self._holders[block], self._key[block] = 1, key
            return block
        self._holders.append(1)
        self._key.append(key)
        return len(self._key) - 1

    def _forget(self, block: int) -> None:
        """The block is taken for something else: its name is free again, its content gone."""
        self._spare_names.append(block)
        key = self._key[block]
        twins = self._twins.get(key)
        if twins is None:
            del self._by_key[key]
            return
        if self._by_key[key] == block:
            self._by_key[key] = twins.pop(0)
        else:
            twins.remove(block)
        if not twins:
            del self._twins[key]
