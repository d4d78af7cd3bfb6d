"""One or two sentences on what limits a run, with the numbers they rest on and what to change.

The verdicts, in the order they are tried:

``nothing_served``  no request finished
``saturated``       open loop: requests arrive faster than they finish, the queue grows as long as traffic lasts
``thrashing``       requests are preempted again and again: KV memory is fought over and work is done twice
``offline``         everything was queued at the start: throughput is the result, latency is waiting
``kv_bound``        requests were refused KV blocks, or lost them to others
``idle``            the devices wait for work most of the time
``too_short``       open loop of so few requests that no growth of the queue could be told from luck
``stable``          none of these

A saturated run that also thrashes is called saturated, and its text says both. With objectives the text ends with those
that are missed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.engine.config import EngineConfig
from simulator.metrics.goodput import Objectives
from simulator.metrics.misses import objectives_text
from simulator.metrics.summary import RunRecords, Summary
from simulator.metrics.window import Window

BLOCKED = 0.05
"""Share of steps that refuse the next request its KV blocks from which memory is what limits a full server."""

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


def diagnose(
    records: RunRecords, summary: Summary, config: EngineConfig, objectives: Objectives | None = None
) -> Diagnosis:
    """Read the logs of one run. ``summary`` is that run's summary."""
    facts = _Facts.of(records, summary, config)
    rules = (_nothing_served, _saturated, _thrashing, _offline, _kv_bound, _idle, _too_short, _stable)
    found = next(diagnosis for diagnosis in (rule(facts) for rule in rules) if diagnosis is not None)
    window = Window(**summary["window"])
    missed = objectives_text(objectives or Objectives(), records.log, records.steps, window.completed(records.log))
    return Diagnosis(found.verdict, f"{found.text} {missed}".rstrip())


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
    kv_blocked: float
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
            kv_blocked=summary["kv_blocked_step_share"] or 0.0,
            busy=summary["busy_share"] or 0.0,
        )

    @property
    def saturated(self) -> bool:
        growth = self.arrived - self.finished
        return not self.closed_loop and growth > max(GROWTH * self.arrived, NOISE * self.arrived**0.5)

    @property
    def too_short(self) -> bool:
        """Even if nothing finished in the second half, the growth would not exceed the noise."""
        return not self.closed_loop and self.arrived <= NOISE * self.arrived**0.5

    @property
    def preempts(self) -> bool:
        return bool(self.summary["num_preemptions"] > 0)

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
    found = _thrashing_text(facts)
    return Diagnosis("thrashing", found) if found else None


def _thrashing_text(facts: _Facts) -> str:
    """Empty when the run does not thrash."""
    done, preemptions = facts.summary["completed"], facts.summary["num_preemptions"]
    repeated = facts.preempted_often >= max(1, 0.01 * done)
    if preemptions < THRASHING * done and not repeated:
        return ""
    return (
        f"Thrashing: {preemptions:,} preemptions for {done:,} finished requests ({facts.preempted_often:,} of them "
        f"preempted {REPEATED} times or more, the worst {facts.worst_preemptions} times), and each throws computed "
        "tokens away. Lower engine.max_num_seqs, give the KV cache more memory, or use "
        "engine.policy: guaranteed_no_evict."
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
        f"would be worse in a longer run. {_bottleneck(facts)} {_thrashing_text(facts)}".rstrip(),
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
    signs, preemptions = [], facts.summary["num_preemptions"]
    if facts.kv_blocked:
        signs.append(f"{_percent(facts.kv_blocked)} of the steps refuse the next request its KV blocks")
    if facts.preempts:
        signs.append(f"there {'is 1 preemption' if preemptions == 1 else f'are {preemptions:,} preemptions'}")
    if not signs:
        return None
    return Diagnosis(
        "kv_bound",
        f"KV-bound at times: {' and '.join(signs)} (KV cache {_percent(facts.summary['kv_cache_usage_mean'])} full on "
        f"average, peak {_percent(facts.kv_peak)}), while the rate is still sustained. An 8-bit KV cache, more GPUs "
        "per replica or another replica would shorten the waits.",
    )


def _idle(facts: _Facts) -> Diagnosis | None:
    if facts.busy >= IDLE:
        return None
    return Diagnosis(
        "idle",
        f"Mostly idle: the devices are busy {_percent(facts.busy)} of the time{_rates(facts)}. "
        f"Latencies are those of a nearly empty server. {_room(facts)}",
    )


def _too_short(facts: _Facts) -> Diagnosis | None:
    if not facts.too_short:
        return None
    return Diagnosis(
        "too_short",
        f"Too short to tell whether this load lasts: {facts.arrived:,} requests come in the second half of the "
        f"traffic; {_waiting(facts)} {_room(facts)}",
    )


def _stable(facts: _Facts) -> Diagnosis:
    pace = "the closed loop settles" if facts.closed_loop else "requests finish as fast as they come"
    return Diagnosis("stable", f"Stable: {pace}{_rates(facts)}; {_waiting(facts)} {_room(facts)}")


def _bottleneck(facts: _Facts) -> str:
    peak = facts.summary["peak_num_requests_running"]
    if facts.kv_blocked >= BLOCKED or facts.preempts:
        return (
            f"KV memory is the limit ({_percent(facts.kv_blocked)} of the steps refuse the next request its blocks, "
            f"peak {_percent(facts.kv_peak)} used, at most {peak:,} requests at once): "
            "use an 8-bit KV cache, more GPUs per replica or more replicas."
        )
    if facts.at_max_seqs:
        return (
            f"engine.max_num_seqs ({facts.config.max_num_seqs}) is the limit while KV memory is free "
            f"(peak {_percent(facts.kv_peak)} used): raise it, or add replicas."
        )
    mfu, mbu = facts.summary.get("mfu") or 0.0, facts.summary.get("mbu") or 0.0
    resource = "Memory bandwidth" if mbu > mfu else "Compute"
    return (
        f"{resource} is the limit (MBU {_percent(mbu)}, MFU {_percent(mfu)}, KV peak {_percent(facts.kv_peak)}, at "
        f"most {peak:,} of {facts.config.max_num_seqs:,} sequences at once): use more or faster GPUs, 8-bit weights, "
        "or send less."
    )


def _waiting(facts: _Facts) -> str:
    mean, peak = facts.summary["mean_num_requests_waiting"] or 0.0, facts.summary["peak_num_requests_waiting"]
    longer = f"at most {peak:,} at a time for more than" if peak else "none for more than"
    return f"{_level(mean)} requests wait on average, {longer} the running step."


def _room(facts: _Facts) -> str:
    kv = _percent(facts.kv_peak)
    batch = f"{facts.summary['peak_num_requests_running']:,} of {facts.config.max_num_seqs:,}"
    return f"The KV cache peaks at {kv} full; at most {batch} sequences run at once."


def _rates(facts: _Facts) -> str:
    rate = facts.summary["request_throughput"]
    return f" ({rate:.3g} requests/s)" if rate is not None else ""


def _level(mean: float) -> str:
    return f"{mean:,.1f}" if mean >= 1 or not mean else f"{mean:.2f}" if mean >= 0.005 else "<0.01"


def _percent(share: float | None) -> str:
    """Whole per cent; never 0 for something, nor 100 for less than all."""
    if share is None:
        return "-"
    if 0 < share < 0.01:
        return "<1 %"
    if 0.99 < share < 1:
        return f"{100 * share:.1f} %" if share < 0.9995 else ">99.9 %"
    return f"{100 * share:.0f} %"
