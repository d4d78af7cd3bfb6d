"""From a spec and a seed to a workload.

Arrivals, prompt lengths and output lengths come from three random streams of their own, so that a change of the rate
leaves every length as it was, and more requests continue the same sequence.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from simulator.errors import InputError
from simulator.workload.arrivals import ClosedLoopArrivals, RatedArrivals
from simulator.workload.describe import mean_rate_per_s
from simulator.workload.lengths import correlated_uniforms
from simulator.workload.profiles import Profile, load_profile
from simulator.workload.readers import load_trace
from simulator.workload.spec import ProfileSpec, SyntheticSpec, TraceSpec, WorkloadSpec
from simulator.workload.table import RequestTable
from simulator.workload.workload import Workload

_ARRIVALS, _PROMPTS, _OUTPUTS = 0, 1, 2
"""Keys of the random streams under a seed."""


def generate(spec: WorkloadSpec, seed: int) -> Workload:
    """Draw or read the requests of a spec. The same spec and seed give the same bytes; a trace needs no seed.

    Raises ``InputError`` for a trace or profile that cannot be used.
    """
    if spec.trace is not None:
        return _replay(spec.trace)
    if spec.profile is not None:
        return _from_profile(spec.profile, seed)
    assert spec.synthetic is not None  # WorkloadSpec holds exactly one
    return synthesize(spec.synthetic, seed)


def synthesize(spec: SyntheticSpec, seed: int, description: str | None = None) -> Workload:
    """Draw the requests of a synthetic mix."""
    n = spec.num_requests
    u_prompt, u_output = correlated_uniforms(n, spec.spearman, _stream(seed, _PROMPTS), _stream(seed, _OUTPUTS))
    prompt_tokens, segments = spec.prefix.build(spec.prompt_tokens.draw(u_prompt))
    table = RequestTable.from_columns(
        spec.arrival.times(n, _stream(seed, _ARRIVALS)),
        prompt_tokens,
        spec.output_tokens.draw(u_output),
        segments=segments,
    )
    closed = spec.arrival if isinstance(spec.arrival, ClosedLoopArrivals) else None
    return Workload(
        table=table,
        max_concurrency=closed.max_concurrency if closed else None,
        think_time_s=closed.think_time_s if closed else 0.0,
        description=description or _describe_synthetic(spec),
        offered_rate_per_s=spec.arrival.rate_per_s if isinstance(spec.arrival, RatedArrivals) else None,
    )


def draw(profile: Profile, num_requests: int | None = None, rate_multiplier: float = 1.0, seed: int = 0) -> Workload:
    """Draw requests of a profile; ``num_requests`` None = as many as it says."""
    spec = profile.spec
    if rate_multiplier != 1.0:
        if not isinstance(spec.arrival, RatedArrivals):
            rule = f"must be 1: {profile.name} has {spec.arrival.kind} arrivals, which have no rate"
            raise InputError(rule, path="profile.rate_multiplier", value=rate_multiplier)
        spec = replace(spec, arrival=spec.arrival.at_rate(rate_multiplier))
    spec = replace(spec, num_requests=num_requests or spec.num_requests)
    rate = "" if rate_multiplier == 1.0 else f" at {rate_multiplier:g}x its rate"
    return synthesize(spec, seed, f"{spec.num_requests} requests of profile {profile.name}{rate}")


def _from_profile(spec: ProfileSpec, seed: int) -> Workload:
    profile = load_profile(spec.name)
    if spec.arrival is not None:
        profile = replace(profile, spec=replace(profile.spec, arrival=spec.arrival))
    return draw(profile, spec.num_requests, spec.rate_multiplier, seed)


def _replay(spec: TraceSpec) -> Workload:
    trace = load_trace(
        spec.path,
        spec.format,
        rate_scale=spec.rate_scale,
        limit=spec.limit,
        spread_batch_s=spec.spread_batch_s,
    )
    parts = [f"{len(trace.table)} requests of {Path(spec.path).name} ({trace.format} format)"]
    if spec.rate_scale != 1.0:
        parts.append(f"at {spec.rate_scale:g}x its rate")
    if spec.spread_batch_s:
        parts.append(f"batches spread over {spec.spread_batch_s:g} s")
    if trace.rows_out_of_order:
        parts.append(f"sorted by arrival ({trace.rows_out_of_order} rows were out of order)")
    return Workload(
        table=trace.table,
        description=", ".join(parts),
        offered_rate_per_s=mean_rate_per_s(trace.table),
    )


def _describe_synthetic(spec: SyntheticSpec) -> str:
    parts = [f"{spec.num_requests} synthetic requests", f"{spec.arrival.kind} arrivals"]
    if isinstance(spec.arrival, RatedArrivals):
        parts[1] += f" at {spec.arrival.rate_per_s:g}/s"
    parts.append(f"{spec.prompt_tokens.kind} prompts, {spec.output_tokens.kind} outputs")
    if spec.prefix.kind != "unique":
        parts.append(f"{spec.prefix.kind} prefixes")
    return ", ".join(parts)


def _stream(seed: int, key: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(key,))))
