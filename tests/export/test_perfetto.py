"""Perfetto traces: valid, complete, and telling the same as the logs."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulator import RunResult
from simulator.cost.step_cost import ReadableStepCost
from simulator.errors import InputError
from simulator.export.perfetto.parts import StepParts
from simulator.export.perfetto.recorder import StepRecorder
from simulator.export.replay import replay
from simulator.export.window import TimeWindow
from simulator.metrics.logs import FINISHED
from tests.export.runs import crowded, speculating
from tests.export.trace_checks import check_trace, nanoseconds, read_trace


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("traces") / "trace.json.gz"
    crowded().export.perfetto(path)
    return read_trace(path)


def _of(trace: dict[str, Any], phase: str, category: str | None = None) -> list[dict[str, Any]]:
    events = trace["traceEvents"]
    return [event for event in events if event["ph"] == phase and category in (None, event.get("cat"))]


def test_it_is_valid(trace: dict[str, Any]) -> None:
    check_trace(trace)
    assert len(trace["traceEvents"]) < 1_000_000
    assert trace["otherData"]["notes"] == []
    names = {event["args"]["name"] for event in _of(trace, "M") if event["name"] == "process_name"}
    assert names == {f"{what} {index}{on}" for index in (0, 1) for what, on in _PROCESSES}


_PROCESSES = (("replica", ": H100-SXM5-80GB"), ("requests of replica", ""))


def test_steps_are_those_of_the_log(trace: dict[str, Any]) -> None:
    steps = crowded().steps
    shown = _of(trace, "X", "step")
    assert len(shown) == len(steps)
    lane = [event for event in shown if event["pid"] == 1]
    own = steps[steps["replica"] == 0]
    assert [event["args"]["tokens"] for event in lane] == own["tokens"].tolist()
    assert [event["ts"] for event in lane] == pytest.approx((1e6 * own["start_s"]).tolist(), abs=0.07)
    assert sum(event["dur"] for event in lane) / 1e3 == pytest.approx(own["duration_ms"].sum(), rel=1e-6)
    assert {event["name"] for event in shown} == {"prefill", "decode", "mixed"}


def test_parts_and_operators_fill_their_step(trace: dict[str, Any]) -> None:
    filled: dict[str, dict[int, int]] = {"part": defaultdict(int), "operator": defaultdict(int)}
    edges = sorted(nanoseconds(event)[0] for event in _of(trace, "X", "step") if event["pid"] == 1)
    for category, sums in filled.items():
        for event in _of(trace, "X", category):
            if event["pid"] == 1:
                begin, end = nanoseconds(event)
                sums[edges[bisect_right(edges, begin) - 1]] += end - begin
    for event in _of(trace, "X", "step"):
        if event["pid"] == 1:
            begin, end = nanoseconds(event)
            assert filled["part"][begin] == filled["operator"][begin] == end - begin


@pytest.mark.parametrize("result", [crowded, speculating], ids=lambda result: result.__name__)
def test_operators_are_those_of_the_cost_model(result: Callable[[], RunResult]) -> None:
    """Decode attention may be taken as what remains of a step: it must be what the cost model itself says."""
    recorder = StepRecorder(TimeWindow())
    wiring, _ = replay(result(), recorder)
    readable = ReadableStepCost(wiring.deployment)
    parts = StepParts(readable)
    assert recorder.features
    for features in list(recorder.features.values())[::5]:
        expected: dict[str, float] = defaultdict(float)
        for row in readable.breakdown(features):
            expected[row.name] += row.seconds
        found = parts.of(features, readable.seconds(features))
        operators = {name: seconds for rows in found.values() for name, seconds in rows.items()}
        assert operators == pytest.approx(dict(expected), rel=1e-9)


def test_requests_have_their_phases(trace: dict[str, Any]) -> None:
    result = crowded()
    log = result.records.log
    begins = {event["id"]: event for event in _of(trace, "b", "request") if event["name"].startswith("request ")}
    ends = {event["id"]: event for event in _of(trace, "e", "request") if event["name"].startswith("request ")}
    assert begins.keys() == ends.keys() == set(range(log.n))
    phases: dict[tuple[int, str], float] = defaultdict(float)
    for sign, phase in ((-1, "b"), (1, "e")):
        for event in _of(trace, phase, "request"):
            phases[event["id"], event["name"]] += sign * event["ts"]
    for row in range(log.n):
        if log.status[row] != FINISHED:
            assert begins[row]["args"]["refused"] == log.refusals[row]
            continue
        span_us = ends[row]["ts"] - begins[row]["ts"]
        assert span_us == pytest.approx(1e6 * (log.finish_s[row] - log.arrival_s[row]), abs=0.2)
        parts = sum(phases[row, name] for name in ("queue", "prefill", "decode", "delivery"))
        assert parts == pytest.approx(span_us, abs=0.2)
        assert phases[row, "queue"] == pytest.approx(1e6 * (log.scheduled_s[row] - log.arrival_s[row]), abs=0.2)
        assert begins[row]["args"]["preemptions"] == log.preemptions[row]


def test_every_preemption_is_a_span_and_an_arrow(trace: dict[str, Any]) -> None:
    """None is lost: whoever is thrown out comes back, unless its last token was on the way."""
    result = crowded()
    thrown_out = sum(log.preemptions for log in result.records.steps)
    assert thrown_out > 10
    spans = [event for event in _of(trace, "b", "request") if event["name"] == "preempted"]
    assert len(spans) == len(_of(trace, "s")) == thrown_out


def test_counters_follow_the_log(trace: dict[str, Any]) -> None:
    steps = crowded().steps
    for name, key, column in (("requests", "running", "running"), ("tokens per step", "tokens", "tokens")):
        values = [event["args"][key] for event in _of(trace, "C") if event["name"] == name and event["pid"] == 1]
        assert max(values) == steps[steps["replica"] == 0][column].max()
        assert values[-1] == 0


def test_a_window_shows_what_touches_it(tmp_path: Path) -> None:
    crowded().export.perfetto(tmp_path / "a.json", window="500ms:1s")
    trace = read_trace(tmp_path / "a.json")
    check_trace(trace)
    steps = crowded().steps
    inside = steps[(steps["end_s"] >= 0.5) & (steps["start_s"] < 1.0)]
    assert len(_of(trace, "X", "step")) == len(inside) < len(steps)
    assert trace["otherData"]["window_s"] == [0.5, 1.0]


def test_less_detail_on_request(tmp_path: Path) -> None:
    for detail, categories in (("steps", {"step"}), ("parts", {"step", "part"})):
        crowded().export.perfetto(tmp_path / "a.json", detail=detail)
        trace = read_trace(tmp_path / "a.json")
        check_trace(trace)
        assert {event["cat"] for event in _of(trace, "X")} == categories


def test_speculation(tmp_path: Path) -> None:
    speculating().export.perfetto(tmp_path / "a.json")
    check_trace(read_trace(tmp_path / "a.json"))


def test_equal_runs_give_equal_files(tmp_path: Path) -> None:
    for name in ("a.json.gz", "b.json.gz"):
        crowded().export.perfetto(tmp_path / name, window=":1s", detail="steps")
    assert (tmp_path / "a.json.gz").read_bytes() == (tmp_path / "b.json.gz").read_bytes()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"window": "900s:"}, "no engine step"),
        ({"window": "2s:1s"}, "must end after it starts"),
        ({"window": "1"}, "START:END"),
        ({"window": "1day:"}, "unit"),
        ({"detail": "operator"}, "did you mean 'operators'"),
    ],
)
def test_mistakes(tmp_path: Path, options: dict[str, str], says: str) -> None:
    result: RunResult = crowded()
    with pytest.raises(InputError, match=says):
        result.export.perfetto(tmp_path / "a.json", **options)
    assert not list(tmp_path.iterdir())
