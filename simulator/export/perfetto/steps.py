"""A replica's lane: its steps, what they consist of, and its counters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.export.perfetto.events import Event, engine_pid, event, slice_event, ticks
from simulator.export.perfetto.flows import Flows
from simulator.export.perfetto.levels import Levels
from simulator.export.perfetto.parts import StepParts
from simulator.export.perfetto.recorder import StepRecorder
from simulator.export.window import TimeWindow
from simulator.metrics.logs import StepLog
from simulator.operators.features import StepFeatures

COUNTERS = 6
"""Most counter events of a step: three levels at its start, and at its end where nothing follows."""


class ReplicaLane:
    """Events of one replica, in the order of time.

    ``flows``: ends of arrows at its steps. ``levels``: what is wanted below and beside the steps. Operators are summed
    over the layers and stand in the order of the cost model; they fill the step.
    """

    def __init__(
        self,
        log: StepLog,
        window: TimeWindow,
        recorder: StepRecorder,
        parts: StepParts,
        levels: Levels,
        flows: Flows,
    ) -> None:
        self._log, self._recorder, self._parts, self._levels = log, recorder, parts, levels
        self._flows = flows
        self._pid = engine_pid(log.replica)
        self._steps = steps_in(log, window)

    def events(self) -> Iterator[Event]:
        """Steps with what they contain."""
        log, gauges, levels = self._log, _Gauges(self._pid, self._log.num_blocks), self._levels
        for place, step in enumerate(self._steps.tolist()):
            begin, end = ticks(log.start_s[step]), ticks(log.end_s[step])
            yield self._step(step, begin, end)
            yield from self._flows.get((self._pid, begin), ())
            counted = place % levels.counters_every == 0
            if counted:
                running, waiting, blocks = log.running[step], log.waiting[step], log.used_blocks[step]
                yield from gauges.changes(begin, running, waiting, blocks, log.tokens[step])
            features = (self._recorder.features or {}).get((log.replica, step)) if levels.parts else None
            if features is not None:
                yield from self._inside(features, log.end_s[step] - log.start_s[step], begin, end)
            following = self._steps[place + 1] if place + 1 < len(self._steps) else None
            if counted and (following is None or ticks(log.start_s[following]) > end):
                yield from gauges.changes(end, 0, 0, 0, 0)

    def _step(self, step: int, begin: int, end: int) -> Event:
        log = self._log
        prompts, decoding = log.prefill_tokens[step], log.decode_seqs[step]
        kind = "mixed" if prompts and decoding else "prefill" if prompts else "decode"
        args: dict[str, Any] = {"step": step, "tokens": log.tokens[step], "prefill_tokens": prompts}
        args |= {"decode_seqs": decoding, "running": log.running[step], "waiting": log.waiting[step]}
        chunks = self._recorder.chunks.get((log.replica, step))
        if chunks:
            args["prompt_tokens_by_request"] = {str(row): tokens for row, tokens in chunks.items()}
        return slice_event(kind, begin, end, self._pid, "step", args=args)

    def _inside(self, features: StepFeatures, step_s: float, begin: int, end: int) -> Iterator[Event]:
        """Parts and operators, scaled to the ticks of their step."""
        parts = self._parts.of(features, step_s)
        total_s = sum(seconds for rows in parts.values() for seconds in rows.values())
        scale, spent_s, left = (end - begin) / total_s, 0.0, begin
        for part, rows in parts.items():
            edges = []
            for seconds in rows.values():
                spent_s += seconds
                edges.append(begin + round(scale * spent_s))
            right = edges[-1]
            if right > left:
                yield slice_event(part, left, right, self._pid, "part")
            for (name, seconds), edge in zip(rows.items(), edges, strict=True):
                if self._levels.operators and edge > left:
                    yield slice_event(name, left, edge, self._pid, "operator", args={"us": round(1e6 * seconds, 3)})
                left = edge


class _Gauges:
    """Counters of a replica, written only where they change."""

    def __init__(self, pid: int, num_blocks: int) -> None:
        self._pid, self._num_blocks = pid, num_blocks
        self._last: dict[str, dict[str, float]] = {}

    def changes(self, tick: int, running: int, waiting: int, blocks: int, tokens: int) -> Iterator[Event]:
        usage = round(100 * blocks / self._num_blocks, 3) if self._num_blocks else 0.0
        values: dict[str, dict[str, float]] = {
            "requests": {"running": running, "waiting": waiting},
            "KV cache in use (%)": {"used": usage},
            "tokens per step": {"tokens": tokens},
        }
        for name, args in values.items():
            if self._last.get(name) != args:
                self._last[name] = args
                yield event("C", name, tick, self._pid, args=args)


def steps_in(log: StepLog, window: TimeWindow) -> npt.NDArray[np.int64]:
    """Numbers of the steps that compute something and have a part inside the window."""
    start, end, tokens = log.column("start_s"), log.column("end_s"), log.column("tokens")
    inside = (tokens > 0) & (end >= window.start_s) & (start < window.end_s)
    return np.flatnonzero(inside)


def detail_sizes(parts: StepParts, recorder: StepRecorder) -> tuple[int, int]:
    """Most parts and operators of any one kind of step: what a step may cost in events."""
    seen: Sequence[StepFeatures] = list((recorder.features or {}).values())
    if not seen:
        return 0, 0
    richest = max(seen, key=lambda features: (features.prefill_seqs > 0) + (features.decode_seqs > 0))
    found = parts.breakdown(richest)
    return len(found), sum(map(len, found.values()))
