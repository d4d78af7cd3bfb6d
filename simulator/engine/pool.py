"""KV blocks when nothing is shared: identity does not matter, so the pool is one number."""

from __future__ import annotations

from simulator.engine.request import Request


class BlockPool:
    """A replica's KV blocks without prefix caching.

    ``free`` of ``total`` blocks of ``block_size`` tokens are free. Every method that takes blocks either takes all of
    them or none.
    """

    caching = False

    def __init__(self, total: int, block_size: int) -> None:
        self.total = total
        self.block_size = block_size
        self.free = total

    @property
    def used(self) -> int:
        """Blocks held by requests."""
        return self.total - self.free

    def find_prefix(self, request: Request) -> list[int]:
        """Blocks already holding the start of the request's tokens: none without prefix caching."""
        return []

    def grow(self, request: Request, tokens: int) -> bool:
        """Give the request the blocks it lacks to hold ``tokens`` tokens; False (and nothing taken) when short."""
        lacking = -(-tokens // self.block_size) - request.num_blocks
        if lacking > self.free:
            return False
        if lacking > 0:
            self.take(lacking)
            request.num_blocks += lacking
        return True

    def fits(self, request: Request, tokens: int, prefix: list[int]) -> bool:
        """Whether ``admit`` would succeed."""
        return -(-tokens // self.block_size) - request.num_blocks <= self.free

    def admit(self, request: Request, tokens: int, prefix: list[int]) -> bool:
        """``grow`` for a request that enters ``running`` and takes over the blocks of ``find_prefix``."""
        return self.grow(request, tokens)

    def take(self, blocks: int) -> None:
        """Take free blocks; the caller has checked that there are enough and does the bookkeeping."""
        self.free -= blocks

    def publish(self, request: Request, tokens: int) -> None:
        """Let others find the blocks that the first ``tokens`` tokens of the request fill."""

    def release(self, request: Request, findable_tokens: int, *, done: bool) -> None:
        """Take back every block of the request; those of its first ``findable_tokens`` tokens stay findable.

        ``done``: it will not come back for them itself.
        """
        self.free += request.num_blocks
        request.num_blocks = 0
