"""A request list through an engine core, one step after the other, each timed from the rows it computes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from calibration.vidur.iteration import Batch
from simulator.engine.core import ReferenceCore
from simulator.engine.plan import StepPlan
from simulator.engine.request import Request

PlanSeconds = Callable[[StepPlan], float]
"""Duration of a planned step in seconds."""


@dataclass(frozen=True)
class Replayed:
    """``requests``: the list with ``scheduled_at_s``, ``prefill_completed_at_s``, ``completed_at_s`` in Vidur's names;
    ``steps``: iterations run; ``peak_blocks``: most KV blocks in use after planning."""

    requests: pd.DataFrame
    steps: int
    peak_blocks: int


def replay(requests: pd.DataFrame, core: ReferenceCore, seconds: PlanSeconds) -> Replayed:
    """Run the list to its end. An arrival at the instant a step ends is seen by the next plan.

    ``requests`` has ``arrived_at_s`` (rising), ``num_prefill_tokens`` and ``num_decode_tokens``.
    """
    arrivals = requests["arrived_at_s"].tolist()
    prompts, outputs = requests["num_prefill_tokens"].tolist(), requests["num_decode_tokens"].tolist()
    live = [
        Request(row, int(prompt), int(output), core.config.max_model_len, arrival=arrival)
        for row, (arrival, prompt, output) in enumerate(zip(arrivals, prompts, outputs, strict=True))
    ]
    starts: list[float] = []
    ends: list[float] = []
    done_s = [0.0] * len(live)
    now, arrived, peak_blocks = 0.0, 0, 0
    while arrived < len(live) or core.has_work:
        if not core.has_work:
            now = max(now, arrivals[arrived])
        while arrived < len(live) and arrivals[arrived] <= now:
            core.add(live[arrived])
            arrived += 1
        plan = core.plan()
        if plan.empty:
            raise RuntimeError(f"the scheduler has work at {now} s and plans nothing")
        peak_blocks = max(peak_blocks, core.pool.used)
        starts.append(now)
        now += seconds(plan)
        ends.append(now)
        for request in core.commit(plan):
            done_s[request.row] = now
    return Replayed(
        requests.assign(
            scheduled_at_s=[starts[request.scheduled_step] for request in live],
            prefill_completed_at_s=[ends[request.first_token_step] for request in live],
            completed_at_s=done_s,
        ),
        len(starts),
        peak_blocks,
    )


def batch_of(plan: StepPlan) -> Batch:
    """A plan as Vidur describes an iteration."""
    contexts = []
    chunks = []
    for request, new, before, _ in plan.rows:
        if before >= request.prompt_tokens:
            contexts.append(before + new)
        else:
            chunks.append((before, new))
    return Batch(contexts, chunks)
