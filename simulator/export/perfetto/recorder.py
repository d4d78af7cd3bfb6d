"""What a trace shows beyond the logs: the statistics of each step, who prefills in it, who is preempted."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.engine.plan import StepPlan
from simulator.export.window import TimeWindow
from simulator.operators.features import StepFeatures

MOST_DETAILED = 100_000
"""Steps whose statistics are kept; operators of more would not fit a trace anyway."""


@dataclass
class Preemption:
    """A request thrown out of ``running`` by the step that starts at ``out_s``, and back in that of ``back_s`` (s)."""

    request: int
    replica: int
    out_s: float
    back_s: float | None = None


@dataclass
class StepRecorder:
    """A ``StepTap``.

    ``features``: by (replica, number of the step) inside the window; None once there were too many. ``chunks``: tokens
    of each prompt computed in a step, by request; kept with the features.
    """

    window: TimeWindow
    features: dict[tuple[int, int], StepFeatures] | None = field(default_factory=dict)
    chunks: dict[tuple[int, int], dict[int, int]] = field(default_factory=dict)
    preemptions: list[Preemption] = field(default_factory=list)
    _out: dict[int, Preemption] = field(default_factory=dict)

    def on_step(self, replica: int, plan: StepPlan, start_s: float, end_s: float) -> None:
        """Keep what the logs do not."""
        for request in plan.preempted:
            self._out[request.row] = Preemption(request.row, replica, start_s)
            self.preemptions.append(self._out[request.row])
        if self._out:
            for row in plan.rows:
                preemption = self._out.pop(row.request.row, None)
                if preemption is not None:
                    preemption.back_s = start_s
        if self.features is not None and plan.features.tokens and self.window.touches(start_s, end_s):
            self._keep(replica, plan, self.features)

    def _keep(self, replica: int, plan: StepPlan, features: dict[tuple[int, int], StepFeatures]) -> None:
        if len(features) >= MOST_DETAILED:
            self.features = None
            self.chunks.clear()
            return
        features[replica, plan.index] = plan.features
        prompts = {row.request.row: row.new for row in plan.rows if row.before < row.request.prompt_tokens}
        if prompts:
            self.chunks[replica, plan.index] = prompts
