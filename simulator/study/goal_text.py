"""Goal strings and vLLM's ``--goodput`` strings, read strictly.

goal      = latency [":" statistic] ("<" | "<=") number ("us" | "ms" | "s" | "min")
          | "goodput" (">" | ">=") share                       0.99 or 99%
          | "goodput" (">" | ">=") number "req/s"
          | "throughput" (">" | ">=") number ("req/s" | "tok/s")     tok/s: output tokens
          | "total_throughput" (">" | ">=") number "tok/s"           prompt and output tokens
latency   = "ttft" | "tpot" | "itl" | "e2el" (or "e2e") | "queue_time"
statistic = "mean" | "median" | "p" percentile                 without one: mean
goodput   = ("ttft" | "tpot" | "e2el") ":" milliseconds {" " ...}    vLLM: --goodput ttft:200 tpot:50
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import TypeVar

from simulator.errors import InputError, did_you_mean
from simulator.metrics.goodput import Objectives
from simulator.study.goals import Goal, Metric

V = TypeVar("V")

_LATENCIES = {
    "ttft": Metric.TTFT,
    "tpot": Metric.TPOT,
    "itl": Metric.ITL,
    "e2el": Metric.E2EL,
    "e2e": Metric.E2EL,
    "queue_time": Metric.QUEUE_TIME,
}
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0}
_RATES = {
    "goodput": {"req/s": Metric.GOODPUT},
    "throughput": {"req/s": Metric.REQUEST_THROUGHPUT, "tok/s": Metric.OUTPUT_THROUGHPUT},
    "total_throughput": {"tok/s": Metric.TOTAL_THROUGHPUT},
}
_NAMES = (*_LATENCIES, *_RATES)
_STATISTICS = ("mean", "median", "p50", "p90", "p95", "p99")

_SHAPE = re.compile(
    r"\s*(?P<name>[A-Za-z_][\w-]*)\s*(?::\s*(?P<statistic>[^<>=\s]*)\s*)?(?P<sign><=|>=|<|>|=+)"
    r"\s*(?P<number>[^\sA-Za-z%/]*(?:[eE][+-]?\d+)?)\s*(?P<unit>\S*)\s*"
)
_EXAMPLE = "such as 'ttft:p95<300ms', 'e2el:mean<10s', 'goodput>=0.99' or 'throughput>=1000tok/s'"


def parse_goal(text: str) -> Goal:
    """Read one goal. Raises ``InputError`` that names the part which cannot be read and what is allowed there."""
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        raise _wrong(text, f"must read METRIC[:STATISTIC]<NUMBER UNIT, {_EXAMPLE}")
    name = shape["name"].lower().replace("-", "_")
    if name not in _NAMES:
        raise _wrong(text, f"has no known metric; known: {', '.join(_NAMES)}", did_you_mean(name, _NAMES))
    return _latency(text, name, shape) if name in _LATENCIES else _rate(text, name, shape)


def parse_objectives(text: str) -> Objectives:
    """Read vLLM's ``--goodput`` argument, ``ttft:200 tpot:50`` (milliseconds). Raises ``InputError``."""
    names = ("ttft", "tpot", "e2el")
    found: dict[str, float] = {}
    for part in text.replace(",", " ").split():
        name, colon, number = part.partition(":")
        if not colon or name.lower() not in names:
            rule = "must be pairs of ttft, tpot or e2el and milliseconds, such as 'ttft:200 tpot:50'"
            raise InputError(rule, file="--goodput", value=part, hint=did_you_mean(name, names))
        if f"{name.lower()}_ms" in found:
            raise InputError(f"names {name.lower()} twice", file="--goodput", value=text)
        found[f"{name.lower()}_ms"] = _positive(number, "--goodput", part, "needs a positive number of milliseconds")
    if not found:
        raise InputError("must name at least one objective, such as 'ttft:200'", file="--goodput", value=text)
    return Objectives(**found)


def parse_goals(texts: Iterable[str], objectives: Objectives) -> tuple[Goal, ...]:
    """Read all goals; goodput needs ``objectives``. Two bounds on the same statistic are refused."""
    goals = tuple(parse_goal(text) for text in texts)
    seen: dict[tuple[Metric, float | None], str] = {}
    for goal in goals:
        if goal.needs_objectives and objectives.empty:
            hint = "give --goodput 'ttft:200 tpot:50' (milliseconds), or set slo in the scenario"
            raise _wrong(goal.text, "needs objectives: what makes a request good", hint)
        other = seen.setdefault((goal.metric, goal.quantile), goal.text)
        if other is not goal.text:
            raise _wrong(goal.text, f"bounds the same statistic as {other!r}")
    return goals


def _latency(text: str, name: str, shape: re.Match[str]) -> Goal:
    if shape["sign"] not in ("<", "<="):
        raise _wrong(text, f"must be an upper bound: {name} takes < or <=")
    seconds = _unit(text, shape["unit"], _SECONDS)
    bound = _number(text, shape["number"]) * seconds
    quantile = _quantile(text, shape["statistic"])
    return Goal(_LATENCIES[name], bound, text.strip(), quantile, strict=shape["sign"] == "<")


def _rate(text: str, name: str, shape: re.Match[str]) -> Goal:
    if shape["sign"] not in (">", ">="):
        raise _wrong(text, f"must be a lower bound: {name} takes > or >=")
    if shape["statistic"] is not None:
        raise _wrong(text, f"has a statistic, but {name} is one number for the whole run")
    number, strict = _number(text, shape["number"]), shape["sign"] == ">"
    if name == "goodput" and shape["unit"] in ("", "%"):
        share = number / 100 if shape["unit"] else number
        if share > 1:
            hint = "write req/s behind the number for a rate, % for a percentage"
            raise _wrong(text, "is a share of the requests, at most 1 (or 100%)", hint)
        return Goal(Metric.GOODPUT_SHARE, share, text.strip(), strict=strict)
    return Goal(_unit(text, shape["unit"], _RATES[name]), number, text.strip(), strict=strict)


def _quantile(text: str, statistic: str | None) -> float | None:
    if statistic is None or statistic.lower() == "mean":
        return None
    if statistic.lower() == "median":
        return 0.5
    percentile = re.fullmatch(r"[pP](\d{1,2}(?:\.\d+)?)", statistic)
    if percentile is None or not 0 < float(percentile[1]) < 100:
        hint = did_you_mean(statistic, _STATISTICS)
        raise _wrong(text, "has no known statistic; allowed: mean, median, or a percentile such as p95 or p99.9", hint)
    return float(percentile[1]) / 100


def _unit(text: str, unit: str, known: Mapping[str, V]) -> V:
    if unit in known:
        return known[unit]
    allowed = ", ".join(known)
    problem = f"has no unit; allowed: {allowed}" if not unit else f"has the unit {unit!r}; allowed: {allowed}"
    raise _wrong(text, problem, did_you_mean(unit, known) if unit else None)


def _number(text: str, number: str) -> float:
    return _positive(number, "--goal", text, "needs a positive number behind the sign")


def _positive(number: str, option: str, found: str, rule: str) -> float:
    if re.fullmatch(r"\d+(\.\d*)?([eE][+-]?\d+)?|\.\d+", number):
        value = float(number)
        if 0 < value < math.inf:
            return value
    raise InputError(rule, file=option, value=found)


def _wrong(text: str, problem: str, hint: str | None = None) -> InputError:
    return InputError(problem, file="--goal", value=text, hint=hint)
