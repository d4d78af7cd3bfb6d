"""A small validator of Chrome traces, after the format's rules and what Perfetto complains about on import."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

Events = list[dict[str, Any]]


def read_trace(path: Path) -> dict[str, Any]:
    """The whole file."""
    data = path.read_bytes()
    trace: dict[str, Any] = json.loads(gzip.decompress(data) if path.suffix == ".gz" else data)
    return trace


def check_trace(trace: dict[str, Any]) -> None:
    """Raises ``AssertionError`` for the first rule that is broken."""
    events: Events = trace["traceEvents"]
    assert all({"ph", "name", "ts", "pid", "tid"} <= event.keys() for event in events)
    timed = [event for event in events if event["ph"] != "M"]
    times = [event["ts"] for event in timed]
    assert times == sorted(times), "events are not in the order of time"
    assert times[0] >= 0
    _slices_nest(timed)
    _spans_pair(timed)
    _flows_pair(timed)
    for event in timed:
        if event["ph"] == "C":
            assert event["args"]
            assert all(isinstance(value, int | float) and value >= 0 for value in event["args"].values())


def nanoseconds(event: dict[str, Any]) -> tuple[int, int]:
    """Begin and end as a reader gets them that multiplies and cuts off."""
    begin = int(event["ts"] * 1000)
    return begin, begin + int(event["dur"] * 1000)


def _slices_nest(events: Events) -> None:
    open_ends: dict[tuple[int, int], list[int]] = defaultdict(list)
    for event in events:
        if event["ph"] != "X":
            continue
        begin, end = nanoseconds(event)
        stack = open_ends[event["pid"], event["tid"]]
        while stack and stack[-1] <= begin:
            stack.pop()
        assert end > begin, f"empty slice {event}"
        assert not stack or end <= stack[-1], f"{event} sticks out of the slice around it"
        stack.append(end)
        assert len(stack) <= 3


def _spans_pair(events: Events) -> None:
    open_names: dict[tuple[str, Any], list[str]] = defaultdict(list)
    for event in events:
        if event["ph"] == "b":
            open_names[event["cat"], event["id"]].append(event["name"])
        if event["ph"] == "e":
            assert open_names[event["cat"], event["id"]].pop() == event["name"]
    assert not any(open_names.values()), "spans without an end"


def _flows_pair(events: Events) -> None:
    begun: dict[int, dict[str, Any]] = {}
    last: dict[tuple[int, int], dict[str, Any]] = {}
    for event in events:
        if event["ph"] == "X":
            last[event["pid"], event["tid"]] = event
        if event["ph"] in "sf":
            step = last[event["pid"], event["tid"]]
            assert (step["cat"], step["ts"]) == ("step", event["ts"]), "an arrow that does not end at a step"
        if event["ph"] == "s":
            assert event["id"] not in begun
            begun[event["id"]] = event
        if event["ph"] == "f":
            assert begun.pop(event["id"])["name"] == event["name"]
    assert not begun, "arrows without an end"
