"""What a run writes down while it goes: one row per request, one row per engine step, nothing else.

Plain ``array`` columns: appending is as fast as Python gets, numpy reads them without a copy, a million requests and
twenty million steps fit in memory.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

PENDING, FINISHED, REFUSED = 0, 1, 2


class RequestLog:
    """Outcome of each request, by row of the ``RequestTable``. Times are seconds on the run's clock; NaN = never.

    ``arrival_s`` is when the request was really sent (closed loops decide that during the run); ``scheduled_s`` the
    start of the first step that computed any of its tokens; ``first_token_s`` and ``finish_s`` are seen by the client
    (delivery cost of the engine profile included); ``emitted_tokens`` may fall short of the wanted output when
    ``max_model_len`` cuts it; ``cached_tokens`` is the prefix-cache hit at first admission. ``delivery_s`` is the
    part of every client-side time that the engine does not see (s).
    """

    def __init__(self, n: int) -> None:
        nan = array("d", [float("nan")])
        zero = array("q", [0])
        self.n = n
        self.arrival_s = nan * n
        self.scheduled_s = nan * n
        self.first_token_s = nan * n
        self.finish_s = nan * n
        self.emitted_tokens = zero * n
        self.cached_tokens = zero * n
        self.preemptions = zero * n
        self.replica = zero * n
        self.status = array("b", [PENDING]) * n
        self.delivery_s = 0.0
        self.refusals: dict[int, str] = {}

    def column(self, name: str) -> npt.NDArray[np.float64] | npt.NDArray[np.int64]:
        """A column as a numpy view (no copy)."""
        raw = getattr(self, name)
        return np.frombuffer(raw, dtype={"d": np.float64, "q": np.int64, "b": np.int8}[raw.typecode])


@dataclass
class StepLog:
    """The steps of one replica: parallel columns, one entry per engine step.

    ``start_s``/``end_s`` bound the step on the device; ``tokens`` are scheduled tokens; ``decode_seqs`` the sequences
    in the decode attention kernel, ``prefill_tokens`` the tokens in the prefill kernel; ``running``, ``waiting`` and
    ``used_blocks`` are levels right after the step was planned. ``gap_seqs`` says how many inter-token gaps are exactly
    the time from the previous step's end to this one's; gaps that are not (a request that sat out a step or came back
    after a preemption) stand in ``odd_gaps_s``. With speculation ``burst_tokens`` counts tokens delivered together with
    another of the same request (they end no gap).
    """

    replica: int
    start_s: array[float] = field(default_factory=lambda: array("d"))
    end_s: array[float] = field(default_factory=lambda: array("d"))
    tokens: array[int] = field(default_factory=lambda: array("i"))
    decode_seqs: array[int] = field(default_factory=lambda: array("i"))
    prefill_tokens: array[int] = field(default_factory=lambda: array("i"))
    running: array[int] = field(default_factory=lambda: array("i"))
    waiting: array[int] = field(default_factory=lambda: array("i"))
    used_blocks: array[int] = field(default_factory=lambda: array("i"))
    gap_seqs: array[int] = field(default_factory=lambda: array("i"))
    odd_gaps_s: array[float] = field(default_factory=lambda: array("d"))
    burst_tokens: int = 0
    mixed_totals: dict[str, int] = field(default_factory=dict)
    """Sum of every StepFeatures counter over the steps that run the prefill kernel."""
    feature_totals: dict[str, int] = field(default_factory=dict)
    """Sum over all steps of every StepFeatures counter, for FLOPs and bytes (MFU, MBU)."""
    preemptions: int = 0
    blocked_admissions: int = 0
    """Steps whose plan refused the head of the waiting queue for lack of KV blocks."""
    prefix_queries: int = 0
    prefix_hits: int = 0
    num_blocks: int = 0
    """Usable KV blocks of the replica (0 = unlimited)."""

    def __len__(self) -> int:
        return len(self.end_s)

    def column(self, name: str) -> npt.NDArray[np.float64] | npt.NDArray[np.int32]:
        """A column as a numpy view (no copy)."""
        raw = getattr(self, name)
        return np.frombuffer(raw, dtype={"d": np.float64, "i": np.int32}[raw.typecode])
