"""When each request's tokens were delivered: the gaps of every request, one by one.

The logs pool the gaps of all requests. Here the run is walked once more with the reference loop, in which every plan
lists each of its requests.
"""

from __future__ import annotations

from array import array

import numpy as np

from simulator.cluster.simulation import Progress
from simulator.engine.plan import StepPlan
from simulator.export.replay import replay
from simulator.result import RunResult


class TokenSteps:
    """A ``StepTap`` that writes down in which steps a request delivers; with speculation several tokens at once."""

    def __init__(self, requests: int) -> None:
        self.steps = [array("i") for _ in range(requests)]

    def on_step(self, replica: int, plan: StepPlan, start_s: float, end_s: float) -> None:
        """A request of the plan delivers when this is the step of its last token so far."""
        for row in plan.rows:
            if row.request.last_token_step == plan.index:
                self.steps[row.request.row].append(plan.index)


def token_gaps_s(result: RunResult, on_progress: Progress | None = None) -> list[list[float]]:
    """Seconds between consecutive deliveries, request by request (first seed); empty without a second one.

    A gap is one between two deliveries, as ``vllm bench serve`` records it.
    """
    tap = TokenSteps(result.records.log.n)
    _, records = replay(result, tap, loop="reference", on_progress=on_progress)
    ends = {log.replica: log.column("end_s") for log in records.steps}
    return [
        np.diff(ends[replica][np.frombuffer(steps, dtype=np.int32)]).tolist() if steps else []
        for steps, replica in zip(tap.steps, records.log.replica, strict=True)
    ]
