"""A request as the scheduler sees it: lengths, progress, blocks. No times: steps are counted, not clocked."""

from __future__ import annotations

from simulator.workload.shareable import EVERYTHING


class Request:
    """One live request.

    Wanted and had
    --------------
    ``known`` counts the tokens that exist or that a plan in flight will produce: the prompt and what was generated.
    ``computed`` of them have (or will have, once the plans in flight are done) their keys and values in the cache. The
    scheduler does one thing: let ``computed`` catch up with ``known``. A request is done when ``known == limit``.
    While a request decodes in the cohort (``simulator.engine.cohort``) both counters are implicit; the engine writes
    them back when it leaves.
    """

    __slots__ = (
        "adapter",
        "arrival",
        "block_ids",
        "cached_tokens",
        "computed",
        "decoding",
        "drafts",
        "findable_tokens",
        "first_token_step",
        "keys",
        "known",
        "last_token_step",
        "limit",
        "num_blocks",
        "offset",
        "order",
        "output_segment",
        "output_tokens",
        "preempted",
        "preemptions",
        "priority",
        "prompt_tokens",
        "row",
        "scheduled_step",
        "segments",
        "shareable_tokens",
        "verifications",
    )

    def __init__(
        self,
        row: int,
        prompt_tokens: int,
        output_tokens: int,
        max_model_len: int,
        *,
        arrival: float = 0.0,
        priority: int = 0,
        adapter: int = 0,
        segments: list[tuple[int, int]] | None = None,
        output_segment: int = -1,
        shareable_tokens: int | None = None,
    ) -> None:
        self.row = row  # the request's name: row of its RequestTable
        self.prompt_tokens = prompt_tokens
        self.output_tokens = output_tokens
        self.limit = min(prompt_tokens + output_tokens, max_model_len)  # tokens at which it is done
        self.arrival = arrival  # only compared, to break ties of equal priority
        self.priority = priority
        self.adapter = adapter
        self.segments = segments  # None: no token in common with any other request
        self.output_segment = output_segment
        # Leading tokens another request may share (all of them unless the caller knows better).
        default = 0 if segments is None else EVERYTHING
        self.shareable_tokens = default if shareable_tokens is None else shareable_tokens
        self.known = prompt_tokens
        self.computed = 0
        self.drafts = 0  # speculative tokens proposed for its next step
        self.verifications = 0  # verification steps so far: position in its stream of acceptances
        self.num_blocks = 0
        self.block_ids: list[int] = []  # names of those of its first blocks that have one (prefix caching only)
        self.findable_tokens = 0  # leading tokens whose blocks may be found once it leaves ``running``
        self.keys: list[int] | None = None  # content keys of its full blocks (prefix caching only)
        self.order = -1  # position in the order of admission to ``running``
        self.decoding = False  # advanced by the cohort's counters, not its own
        self.offset = 0  # while decoding: computed == cohort.iteration + offset
        self.preempted = False
        self.preemptions = 0
        self.cached_tokens = 0  # prefix-cache hit at first admission
        self.scheduled_step = -1
        self.first_token_step = -1
        self.last_token_step = -1

    def __repr__(self) -> str:
        return f"Request({self.row}: {self.computed}/{self.known} of {self.limit} tokens, {self.num_blocks} blocks)"
