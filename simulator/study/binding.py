"""What binds: the goal that is missed first beyond the answer, and what the server runs out of there.

The goal is read off the run. The resource is a judgement by rules of thumb on the figures that are given with it, the
first that applies (``docs/goals.md``); only another run with more of it could prove it.
"""

from __future__ import annotations

from collections.abc import Sequence

from simulator.engine.config import EngineConfig
from simulator.metrics.diagnosis import BLOCKED, IDLE
from simulator.metrics.goodput import Objectives
from simulator.metrics.misses import objectives_text
from simulator.metrics.summary import RunRecords, Summary
from simulator.metrics.window import Window
from simulator.study.answer import Binding
from simulator.study.goals import Goal, Metric
from simulator.study.probe import TOO_SHORT, Probe
from simulator.study.stability import STABLE

_FIELDS = {Metric.TTFT: "ttft_ms", Metric.TPOT: "tpot_ms", Metric.ITL: "tpot_ms", Metric.E2EL: "e2el_ms"}
"""Bound of one request that a latency goal stands for (a gap's for the request's mean gap)."""


def what_binds(missed: Probe, goals: Sequence[Goal], objectives: Objectives, engine: EngineConfig) -> Binding:
    """Read the run at the first load that misses; whole or nearly, with MFU and MBU in its summary."""
    assert missed.records is not None
    resource, evidence = _resource(missed.summary, engine)
    texts = [text for text in missed.missed if text not in (STABLE, TOO_SHORT)]
    first = f"{' and '.join(texts)} {'is' if len(texts) == 1 else 'are'} missed first" if texts else ""
    growing = "requests arrive faster than they finish" if STABLE in missed.missed else ""
    short = "the requests are sent before the system has filled" if TOO_SHORT in missed.missed else ""
    happens = ", and ".join(part for part in (first, growing, short) if part) or "goodput falls"
    asked = [goal for goal in goals if goal.text in texts]
    by_objectives = not texts or any(goal.needs_objectives for goal in asked)
    told = missed.missed != (TOO_SHORT,)
    why = _why(asked, objectives if by_objectives else None, missed.records) if told else ""
    text = f"At {missed.load:.4g}, {happens}. {why} The server's limit there: {evidence}; by rules of thumb."
    return Binding(missed.missed, resource, " ".join(text.split()))


def _why(goals: Sequence[Goal], objectives: Objectives | None, records: RunRecords) -> str:
    """Where the time of the requests beyond the bounds goes; of ``objectives`` where goodput is what counts."""
    bounds = {_FIELDS[goal.metric]: 1e3 * goal.bound for goal in goals if goal.metric in _FIELDS}
    asked = Objectives(**bounds) if objectives is None else objectives
    text = objectives_text(asked, records.log, records.steps, Window(0.0, 0.0).completed(records.log))
    return text if "missed by" in text else ""


def _resource(summary: Summary, engine: EngineConfig) -> tuple[str, str]:
    """A word for what runs out, and the figures that say so."""
    blocked, preemptions = summary["kv_blocked_step_share"] or 0.0, summary["num_preemptions"]
    running, kv = summary["peak_num_requests_running"], summary["kv_cache_usage_peak"] or 0.0
    if blocked >= BLOCKED or preemptions:
        return (
            "KV cache",
            f"KV cache capacity (peak {kv:.0%} used, {blocked:.0%} of the steps refuse the next request its blocks, "
            f"{preemptions:,} preemptions)",
        )
    busy = summary["busy_share"] or 0.0
    if busy < IDLE:
        return "nothing", f"nothing (busy {busy:.0%}); the goal is close to the latencies of an empty server"
    if running >= engine.max_num_seqs:
        return "max_num_seqs", f"engine.max_num_seqs ({engine.max_num_seqs:,} at once) with the KV cache {kv:.0%} full"
    mfu, mbu = summary["mfu"] or 0.0, summary["mbu"] or 0.0
    name = "memory bandwidth" if mbu > mfu else "compute"
    full = engine.max_num_batched_tokens
    tokens = summary["mean_batch_tokens"] or 0.0
    if tokens >= 0.5 * full:
        return (
            "prefill",
            f"prompts queue for the token budget ({tokens:,.0f} of {full:,} tokens per step on average; {name}: "
            f"MFU {mfu:.0%}, MBU {mbu:.0%})",
        )
    return name, f"{name} (MFU {mfu:.0%}, MBU {mbu:.0%}, busy {busy:.0%}, KV peak {kv:.0%})"
