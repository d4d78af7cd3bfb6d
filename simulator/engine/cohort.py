"""The decoding cohort: every request that computes exactly one token a step, kept as counters.

While nothing disturbs it, a step of the cohort is: ``iteration += 1``, ``kv_tokens += size``, and the requests whose
last iteration this was leave. That is O(1) per step however many decode, which is where the simulator's speed is from.
"""

from __future__ import annotations

from simulator.engine.request import Request


class Cohort:
    """Requests that decode in lock step.

    Attributes
    ----------
    size: how many.
    kv_tokens: sum of their computed tokens.
    iteration: steps the cohort has made; a member has computed ``iteration + offset`` tokens.
    new_blocks: by residue of the iteration modulo the block size, how many members need a new KV block in an iteration
        of that residue (``computed % block_size == 0`` recurs with that period).
    last_iteration: iteration -> members whose last token it produces.
    top: highest admission number of any member so far; unfinished prompts above it come last in ``running``.
    """

    __slots__ = ("block_size", "counts_blocks", "iteration", "kv_tokens", "last_iteration", "new_blocks", "size", "top")

    def __init__(self, block_size: int, counts_blocks: bool) -> None:
        self.block_size = block_size
        self.counts_blocks = counts_blocks
        self.size = 0
        self.kv_tokens = 0
        self.iteration = 0
        self.new_blocks = [0] * block_size
        self.last_iteration: dict[int, list[Request]] = {}
        self.top = -1

    def join(self, request: Request) -> None:
        """Take in a request whose next step computes exactly one token and does so until it is done."""
        iteration = self.iteration
        computed = request.computed
        offset = request.offset = computed - iteration
        request.decoding = True
        self.size += 1
        self.kv_tokens += computed
        if self.counts_blocks:
            self.new_blocks[-offset % self.block_size] += 1
        if request.order > self.top:
            self.top = request.order
        last = request.limit - 2 - offset  # the iteration that computes token number limit - 1
        leavers = self.last_iteration.get(last)
        if leavers is None:
            self.last_iteration[last] = [request]
        else:
            leavers.append(request)

    def advance(self) -> list[Request] | None:
        """One step: everybody computes a token. Returns those that are thereby done, already out of the cohort."""
        iteration = self.iteration
        self.iteration = iteration + 1
        self.kv_tokens += self.size
        leavers = self.last_iteration.pop(iteration, None)
        if leavers is not None:
            for request in leavers:
                self._write_back(request)
        return leavers

    def dissolve(self) -> list[Request]:
        """Everybody leaves and gets its own counters back."""
        members = [request for leavers in self.last_iteration.values() for request in leavers]
        for request in members:
            self._write_back(request)
        self.last_iteration.clear()
        self.top = -1
        return members

    def _write_back(self, request: Request) -> None:
        computed = request.computed = self.iteration + request.offset
        request.known = computed + 1
        request.decoding = False
        self.size -= 1
        self.kv_tokens -= computed
        if self.counts_blocks:
            self.new_blocks[-request.offset % self.block_size] -= 1
            request.num_blocks = -(-computed // self.block_size)
