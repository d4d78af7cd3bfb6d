"""Requests as asynchronous spans: queue, prefill, decode, delivery, and where they were preempted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from simulator.export.perfetto.events import Event, event, requests_pid, ticks
from simulator.export.perfetto.recorder import Preemption
from simulator.export.window import TimeWindow
from simulator.metrics.logs import FINISHED, RequestLog
from simulator.metrics.summary import RunRecords

PER_REQUEST, PER_PREEMPTION = 10, 4
"""Most events of one request, and of one preemption."""

_CATEGORY = "request"


def requests_in(log: RequestLog, window: TimeWindow) -> list[int]:
    """Rows of the requests that are in the system at some time of the window."""
    return [
        row
        for row, (arrival_s, finish_s) in enumerate(zip(log.arrival_s, log.finish_s, strict=True))
        if window.touches(arrival_s, arrival_s if math.isnan(finish_s) else finish_s)
    ]


def request_events(
    records: RunRecords, rows: Iterable[int], preemptions: Iterable[Preemption], *, phases: bool
) -> list[Event]:
    """Spans of the requests ``rows``, sorted by time; the id of a span is the request's row.

    Phases are the engine's: ``delivery`` at the end is what every time of a client has on top. ``phases`` False: the
    whole span only.
    """
    by_request: dict[int, list[Preemption]] = {}
    for one in preemptions if phases else ():
        by_request.setdefault(one.request, []).append(one)
    events = [found for row in rows for found in _request(records, row, by_request.get(row, []), phases)]
    return sorted(events, key=lambda found: found.tick)


def _request(records: RunRecords, row: int, preemptions: list[Preemption], phases: bool) -> Iterator[Event]:
    log, table = records.log, records.workload.table
    pid, name, arrival_s = requests_pid(log.replica[row]), f"request {row}", log.arrival_s[row]
    args = {"prompt_tokens": int(table.prompt_tokens[row]), "output_tokens": log.emitted_tokens[row]}
    if log.status[row] != FINISHED:
        args["refused"] = log.refusals.get(row, "not served")  # type: ignore[assignment]
        yield from _span(name, row, pid, arrival_s, arrival_s, args)
        return
    first_s, finish_s = log.first_token_s[row], log.finish_s[row]
    args |= {"cached_tokens": log.cached_tokens[row], "preemptions": log.preemptions[row]}
    args |= {"ttft_ms": round(1e3 * (first_s - arrival_s), 3), "e2el_ms": round(1e3 * (finish_s - arrival_s), 3)}  # type: ignore[dict-item]
    begin, end = _span(name, row, pid, arrival_s, finish_s, args)
    yield begin
    if phases:
        yield from _phases(log, row, pid, preemptions)
    yield end


def _phases(log: RequestLog, row: int, pid: int, preemptions: list[Preemption]) -> Iterator[Event]:
    """The span's parts, one behind the other."""
    delivery_s, scheduled_s = log.delivery_s, log.scheduled_s[row]
    prefilled_s, done_s = log.first_token_s[row] - delivery_s, log.finish_s[row] - delivery_s
    yield from _span("queue", row, pid, log.arrival_s[row], scheduled_s)
    for name, begin_s, end_s in (("prefill", scheduled_s, prefilled_s), ("decode", prefilled_s, done_s)):
        if end_s <= begin_s:
            continue
        begin, end = _span(name, row, pid, begin_s, end_s)
        yield begin
        for one in preemptions:
            if one.back_s is not None and begin.tick <= ticks(one.out_s) and ticks(one.back_s) <= end.tick:
                yield from _span("preempted", row, pid, one.out_s, one.back_s)
        yield end
    if delivery_s:
        yield from _span("delivery", row, pid, done_s, log.finish_s[row])


def _span(
    name: str, row: int, pid: int, begin_s: float, end_s: float, args: dict[str, int] | None = None
) -> tuple[Event, Event]:
    more = {"cat": _CATEGORY, "id": row}
    begin = event("b", name, ticks(begin_s), pid, **more, **({"args": args} if args else {}))
    return begin, event("e", name, max(ticks(end_s), begin.tick), pid, **more)
