"""A whole trace: what fits, in the order of time, written to a file as it is made."""

from __future__ import annotations

import heapq
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from simulator.atomic import atomic_binary, gzip_file
from simulator.cluster.simulation import Progress
from simulator.cost.step_cost import ReadableStepCost
from simulator.errors import InputError, did_you_mean
from simulator.export.perfetto.events import (
    Event,
    engine_pid,
    name_process,
    name_thread,
    requests_pid,
    ticks,
)
from simulator.export.perfetto.flows import preemption_flows
from simulator.export.perfetto.levels import DETAILS, Levels, Sizes, choose_levels
from simulator.export.perfetto.parts import StepParts
from simulator.export.perfetto.recorder import Preemption, StepRecorder
from simulator.export.perfetto.requests import (
    PER_PREEMPTION,
    PER_REQUEST,
    request_events,
    requests_in,
)
from simulator.export.perfetto.steps import COUNTERS, ReplicaLane, detail_sizes, steps_in
from simulator.export.replay import replay
from simulator.export.window import TimeWindow
from simulator.metrics.summary import RunRecords
from simulator.result import RunResult


def write_perfetto(
    result: RunResult,
    path: Path,
    window: TimeWindow,
    *,
    detail: str = "operators",
    on_progress: Progress | None = None,
) -> list[str]:
    """Write the trace of a run (first seed), packed where the name ends in ``.gz``; returns what was left out.

    Every step and request with a part inside ``window`` is shown, whole: a trace may begin before it and end behind
    it. ``detail``: finest level below a step, of ``DETAILS``. The run is simulated again for it. Raises ``InputError``
    for an unknown detail, a window without steps, or one with more than fits.
    """
    _check_detail(detail)
    recorder = StepRecorder(window)
    wiring, records = replay(result, recorder, on_progress=on_progress)
    parts = StepParts(ReadableStepCost(wiring.deployment))
    sizes = _sizes(records, recorder, parts, window)
    levels = choose_levels(sizes, detail, detailed=recorder.features is not None)
    events = heapq.merge(*_streams(records, recorder, parts, window, levels), key=_tick)
    _write(path, _about(result, window, levels), _names(result, records), events)
    return list(levels.notes)


def _check_detail(detail: str) -> None:
    if detail not in DETAILS:
        hint = did_you_mean(detail, DETAILS)
        raise InputError(f"must be one of {', '.join(DETAILS)}", path="detail", value=detail, hint=hint)


def _sizes(records: RunRecords, recorder: StepRecorder, parts: StepParts, window: TimeWindow) -> Sizes:
    """What there is to show. Raises ``InputError`` where that is nothing."""
    steps = sum(len(steps_in(log, window)) for log in records.steps)
    if not steps:
        ends = [log.end_s[-1] for log in records.steps if len(log)]
        rule = f"no engine step in this part of the run, which ends at {max(ends, default=0.0):.6g} s"
        raise InputError(rule, path="window")
    requests, preemptions = len(requests_in(records.log, window)), len(_preemptions(recorder, window))
    return Sizes(steps, requests, preemptions, *detail_sizes(parts, recorder), COUNTERS, PER_REQUEST, PER_PREEMPTION)


def _streams(
    records: RunRecords, recorder: StepRecorder, parts: StepParts, window: TimeWindow, levels: Levels
) -> list[Iterator[Event]]:
    """Events of every replica, and those of all requests, each in the order of time."""
    shown = _preemptions(recorder, window)
    flows = preemption_flows(shown, _step_starts(records, window)) if levels.phases else {}
    lanes = [ReplicaLane(log, window, recorder, parts, levels, flows).events() for log in records.steps]
    spans = request_events(records, requests_in(records.log, window), shown, phases=levels.phases)
    return [*lanes, iter(spans)]


def _preemptions(recorder: StepRecorder, window: TimeWindow) -> list[Preemption]:
    """Those that reach into the window; of a request whose last token was on the way already, nothing is seen."""
    return [one for one in recorder.preemptions if one.back_s is not None and window.touches(one.out_s, one.back_s)]


def _step_starts(records: RunRecords, window: TimeWindow) -> set[tuple[int, int]]:
    """Process and first tick of every step shown."""
    return {
        (engine_pid(log.replica), ticks(log.start_s[step])) for log in records.steps for step in steps_in(log, window)
    }


def _tick(one: Event) -> int:
    return one.tick


def _names(result: RunResult, records: RunRecords) -> Iterator[Event]:
    hardware, devices = result.provenance["hardware"]["name"], result.scenario.parallel.tensor_parallel_size
    on = f"{devices} x {hardware}" if devices > 1 else hardware
    for log in records.steps:
        pid = engine_pid(log.replica)
        yield from name_process(pid, f"replica {log.replica}: {on}", pid)
        yield name_thread(pid, "engine steps")
        yield from name_process(
            requests_pid(log.replica), f"requests of replica {log.replica}", requests_pid(log.replica)
        )


def _about(result: RunResult, window: TimeWindow, levels: Levels) -> dict[str, Any]:
    """What stands in the trace's metadata."""
    return {
        "run": result.title,
        "seed": result.scenario.run.seed,
        "window_s": None if window.whole else [window.start_s, window.end_s if window.end_s < 1e300 else None],
        "operators": "summed over the layers of a step, in the order of the cost model",
        "notes": list(levels.notes),
    }


def _write(path: Path, about: dict[str, Any], names: Iterable[Event], events: Iterable[Event]) -> None:
    with atomic_binary(path) as file:
        packed = path.suffix == ".gz"
        sink = gzip_file(file) if packed else file
        text = io.TextIOWrapper(sink, encoding="utf-8")
        text.write(f'{{"displayTimeUnit":"ms","otherData":{json.dumps(about)},"traceEvents":[\n')
        text.write(",\n".join(one.text for one in names))
        for one in events:
            text.write(",\n")
            text.write(one.text)
        text.write("\n]}\n")
        text.flush()
        text.detach()
        if packed:
            sink.close()
