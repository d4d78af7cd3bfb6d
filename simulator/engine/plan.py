"""StepPlan: what one engine step computes. Plain data: counters for the decoding cohort, rows for everything else."""

from __future__ import annotations

from typing import NamedTuple

from simulator.engine.request import Request
from simulator.operators.features import StepFeatures


class Row(NamedTuple):
    """One request's share of a step: ``new`` tokens on top of ``before`` computed ones, ``drafts`` of them guesses."""

    request: Request
    new: int
    before: int
    drafts: int


class StepPlan:
    """A step between ``plan()`` and ``commit()``.

    Attributes
    ----------
    index: number of the plan, counted by the engine core.
    features: the step's sufficient statistics for the cost model.
    rows: requests listed one by one (prefill chunks, verifications; every request in a walked step).
    cohort: requests advanced by the cohort's counters, one token each, not in ``rows``.
    finishing: requests whose last token this step produces, in the order of ``running``.
    preempted: requests thrown out of ``running`` while this step was planned.
    gap_seqs: requests that produce a token in this step and produced one in the step before.
    odd_gaps: for every other producer that has a token already: the index of the step of that token.
    burst_tokens: tokens delivered together with another of the same request (speculation), known after commit.
    """

    __slots__ = (
        "burst_tokens",
        "cohort",
        "features",
        "finishing",
        "gap_seqs",
        "index",
        "odd_gaps",
        "preempted",
        "rows",
    )

    def __init__(self, index: int) -> None:
        self.index = index
        self.features = StepFeatures()
        self.rows: list[Row] = []
        self.cohort = 0
        self.finishing: list[Request] = []
        self.preempted: list[Request] = []
        self.gap_seqs = 0
        self.odd_gaps: list[int] = []
        self.burst_tokens = 0

    @property
    def empty(self) -> bool:
        """True when the step computes nothing."""
        return self.features.tokens == 0

    def __repr__(self) -> str:
        return f"StepPlan({self.index}: {self.cohort} decoding, {len(self.rows)} rows, {self.features!r})"
