"""One or two sentences on what limits a run, with the numbers they rest on and what to change.

The verdicts, in the order they are tried:

``nothing_served``  no request finished
``thrashing``       requests are preempted again and again: KV memory is fought over and work is done twice
``saturated``       open loop: requests arrive faster than they finish, the queue grows as long as traffic lasts
``offline``         everything was queued at the start: throughput is the result, latency is waiting
``kv_bound``        KV memory is (nearly) full and requests wait for it or are preempted
``idle``            the devices wait for work most of the time
``stable``          none of these
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.engine.config import EngineConfig
from simulator.metrics.summary import RunRecords, Summary

FULL = 0.95
"""Share of KV blocks in use at which memory counts as full (the last few per cent are block rounding)."""

GROWTH = 0.05
"""Share of the arrivals in the second half of the traffic by which the backlog must grow to count as saturation."""

NOISE = 4.0
"""... and it must exceed this many standard deviations of a Poisson count, so that luck is not called a trend."""

THRASHING = 0.5
"""Preemptions per finished request from which a run is thrashing."""

REPEATED = 5
"""Preemptions of one request that count as repeated."""

IDLE = 0.2
"""Busy share below which a run is idle."""


@dataclass(frozen=True)
class Diagnosis:
    """``verdict`` is one of the words above; ``text`` is for people."""

    verdict: str
    text: str


def diagnose(records: RunRecords, summary: Summary, config: EngineConfig) -> Diagnosis:
    """Read the logs of one run. ``summary`` is that run's summary."""
    facts = _Facts.of(records, summary, config)
    for rule in (_nothing_served, _thrashing, _saturated, _offline, _kv_bound, _idle):
        found = rule(facts)
        if found is not None:
            return found
    return _stable(facts)


@dataclass(frozen=True)
class _Facts:
    """Numbers the rules read (shares are 0..1); ``arrived`` and ``finished`` count the second half of the traffic."""

    summary: Summary
    config: EngineConfig
    arrived: int
    finished: int
    half_s: float
    closed_loop: bool
    preempted_often: int
    worst_preemptions: int
    kv_peak: float
    busy: float

    @classmethod
    def of(cls, records: RunRecords, summary: Summary, config: EngineConfig) -> _Facts:
        arrival, finish = records.log.column("arrival_s"), records.log.column("finish_s")
        sent = arrival[np.isfinite(arrival)]
        middle, last = (float(sent.max() + sent.min()) / 2, float(sent.max())) if len(sent) else (0.0, 0.0)
        preemptions = records.log.column("preemptions")
        return cls(
            summary=summary,
            config=config,
            arrived=int(np.count_nonzero(sent > middle)),
            finished=int(np.count_nonzero((finish > middle) & (finish <= last))),
            half_s=last - middle,
            closed_loop=records.workload.max_concurrency is not None,
            preempted_often=int(np.count_nonzero(preemptions >= REPEATED)),
            worst_preemptions=int(preemptions.max(initial=0)),
            kv_peak=summary["kv_cache_usage_peak"] or 0.0,
            busy=summary["busy_share"] or 0.0,
        )

    @property
    def saturated(self) -> bool:
        growth = self.arrived - self.finished
        return not self.closed_loop and growth > max(GROWTH * self.arrived, NOISE * self.arrived**0.5)

    @property
    def at_max_seqs(self) -> bool:
        return self.summary["peak_num_requests_running"] >= self.config.max_num_seqs


def _nothing_served(facts: _Facts) -> Diagnosis | None:
    if facts.summary["completed"]:
        return None
    failed, total = facts.summary["failed"], facts.summary["num_prompts"]
    return Diagnosis(
        "nothing_served",
        f"Nothing was served: {failed:,} of {total:,} requests were refused because they can never fit. Raise "
        "engine.max_model_len, or give the KV cache more memory.",
    )


def _thrashing(facts: _Facts) -> Diagnosis | None:
    done, preemptions = facts.summary["completed"], facts.summary["num_preemptions"]
    repeated = facts.preempted_often >= max(1, 0.01 * done)
    if preemptions < THRASHING * done and not repeated:
        return None
    return Diagnosis(
        "thrashing",
        f"Thrashing: {preemptions:,} preemptions for {done:,} finished requests ({facts.preempted_often:,} of them "
        f"preempted {REPEATED} times or more, the worst {facts.worst_preemptions} times), and each throws computed "
        "tokens away. Lower engine.max_num_seqs, give the KV cache more memory, or use "
        "engine.policy: guaranteed_no_evict.",
    )


def _saturated(facts: _Facts) -> Diagnosis | None:
    if not facts.saturated or facts.half_s <= 0:
        return None
    arrived, finished = facts.arrived / facts.half_s, facts.finished / facts.half_s
    waiting = facts.summary["peak_num_requests_waiting"]
    return Diagnosis(
        "saturated",
        f"Saturated: in the second half of the traffic {arrived:.3g} requests/s arrive and {finished:.3g} finish, so "
        f"the queue grows as long as the traffic lasts (at most {waiting:,} waiting on a replica); these latencies "
        f"would be worse in a longer run. {_bottleneck(facts)}",
    )


def _offline(facts: _Facts) -> Diagnosis | None:
    if facts.half_s > 0 or facts.summary["num_prompts"] < 2:
        return None
    return Diagnosis(
        "offline",
        "Offline batch: all requests are queued at the start, so throughput is the result and TTFT is mostly waiting. "
        + _bottleneck(facts),
    )


def _kv_bound(facts: _Facts) -> Diagnosis | None:
    preemptions = facts.summary["num_preemptions"]
    waits = facts.summary["peak_num_requests_waiting"] > 0 and not facts.at_max_seqs
    if facts.kv_peak < FULL or not (preemptions or waits):
        return None
    return Diagnosis(
        "kv_bound",
        f"KV-bound at times: the KV cache fills up (peak {_percent(facts.kv_peak)}, mean "
        f"{_percent(facts.summary['kv_cache_usage_mean'])}) with {preemptions:,} preemptions, while the rate is still "
        "sustained. An 8-bit KV cache, more GPUs per replica or another replica would shorten the waits.",
    )


def _idle(facts: _Facts) -> Diagnosis | None:
    if facts.busy >= IDLE:
        return None
    return Diagnosis(
        "idle",
        f"Mostly idle: the devices are busy {_percent(facts.busy)} of the time{_rates(facts)}. "
        f"Latencies are those of a nearly empty server. {_room(facts)}",
    )


def _stable(facts: _Facts) -> Diagnosis:
    pace = "the closed loop settles" if facts.closed_loop else "requests finish as fast as they come"
    waiting, peak = facts.summary["mean_num_requests_waiting"] or 0.0, facts.summary["peak_num_requests_waiting"]
    return Diagnosis(
        "stable",
        f"Stable: {pace}{_rates(facts)}; {waiting:.1f} requests wait on average, {peak:,} at most. {_room(facts)}",
    )


def _bottleneck(facts: _Facts) -> str:
    peak = facts.summary["peak_num_requests_running"]
    if facts.kv_peak >= FULL:
        return (
            f"KV memory is the limit (peak {_percent(facts.kv_peak)} used, at most {peak:,} requests at once): "
            "use an 8-bit KV cache, more GPUs per replica or more replicas."
        )
    if facts.at_max_seqs:
        return (
            f"engine.max_num_seqs ({facts.config.max_num_seqs}) is the limit while KV memory is free "
            f"(peak {_percent(facts.kv_peak)} used): raise it, or add replicas."
        )
    return (
        f"Compute is the limit (KV peak {_percent(facts.kv_peak)}, at most {peak:,} of {facts.config.max_num_seqs} "
        "sequences at once): use more or faster GPUs, 8-bit weights, or send less."
    )


def _room(facts: _Facts) -> str:
    kv = _percent(facts.kv_peak)
    batch = f"{facts.summary['peak_num_requests_running']:,} of {facts.config.max_num_seqs:,}"
    return f"The KV cache peaks at {kv} full; at most {batch} sequences run at once."


def _rates(facts: _Facts) -> str:
    rate = facts.summary["request_throughput"]
    return f" ({rate:.3g} requests/s)" if rate is not None else ""


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f} %"
