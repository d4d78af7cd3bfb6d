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
from simulator.workload.draw_sessions import draw_sessions
from simulator.workload.lengths import correlated_uniforms
from simulator.workload.profiles import Profile, load_profile
from simulator.workload.readers import load_trace
from simulator.workload.retime import num_independent, retime
from simulator.workload.servegen.clients import read_clients
from simulator.workload.servegen.draw import draw_requests
from simulator.workload.sessions import SessionSpec
from simulator.workload.spec import EarlyStop, ProfileSpec, ServegenSpec, SyntheticSpec, TraceSpec, WorkloadSpec
from simulator.workload.table import IntColumn, PromptSegments, RequestTable
from simulator.workload.workload import Workload

_ARRIVALS, _PROMPTS, _OUTPUTS, _STOPS = 0, 1, 2, 3
"""Keys of the random streams under a seed."""


def generate(spec: WorkloadSpec, seed: int) -> Workload:
    """Draw or read the requests of a spec. The same spec and seed give the same bytes.

    Raises ``InputError`` for a trace or profile that cannot be used.
    """
    if spec.trace is not None:
        return _replay(spec.trace, seed)
    if spec.profile is not None:
        return _from_profile(spec.profile, seed)
    if spec.sessions is not None:
        return _sessions(spec.sessions, seed)
    if spec.servegen is not None:
        return _servegen(spec.servegen, seed)
    assert spec.synthetic is not None  # WorkloadSpec holds exactly one
    return synthesize(spec.synthetic, seed)


def synthesize(spec: SyntheticSpec, seed: int, description: str | None = None) -> Workload:
    """Draw the requests of a synthetic mix."""
    n, samples = spec.num_requests, spec.samples_per_request
    prompts, outputs = _stream(seed, _PROMPTS), _stream(seed, _OUTPUTS)
    u_prompt, u_output = correlated_uniforms(n, spec.spearman, prompts, outputs, samples)
    prompt_tokens, segments = spec.prefix.build(spec.prompt_tokens.draw(u_prompt))
    output_tokens = spec.output_tokens.draw(u_output)
    if spec.early_stop is not None:
        output_tokens = _stopped_early(output_tokens, spec.early_stop, _stream(seed, _STOPS))
    row = np.repeat(np.arange(n), samples)
    if samples > 1:
        # A prompt shared with no other request is shared by its own samples.
        own = segments or PromptSegments(np.arange(n + 1), np.arange(n), prompt_tokens)
        segments = own.take(row)
    table = RequestTable.from_columns(
        spec.arrival.times(n, _stream(seed, _ARRIVALS))[row], prompt_tokens[row], output_tokens, segments=segments
    )
    closed = spec.arrival if isinstance(spec.arrival, ClosedLoopArrivals) else None
    return Workload(
        table=table,
        max_concurrency=closed.max_concurrency if closed else None,
        think_time_s=closed.think_time_s if closed else 0.0,
        description=description or _describe_synthetic(spec),
        offered_rate_per_s=samples * spec.arrival.rate_per_s if isinstance(spec.arrival, RatedArrivals) else None,
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
    return synthesize(spec, seed, f"{_requests(spec.num_requests)} of profile {profile.name}{rate}")


def _from_profile(spec: ProfileSpec, seed: int) -> Workload:
    profile = load_profile(spec.name)
    if spec.arrival is not None:
        profile = replace(profile, spec=replace(profile.spec, arrival=spec.arrival))
    return draw(profile, spec.num_requests, spec.rate_multiplier, seed)


def _stopped_early(output_tokens: IntColumn, stop: EarlyStop, rng: np.random.Generator) -> IntColumn:
    n = len(output_tokens)
    stops = rng.random(n) < stop.probability
    return np.where(stops, np.minimum(output_tokens, stop.output_tokens.draw(rng.random(n))), output_tokens)


def _requests(count: int) -> str:
    return "1 request" if count == 1 else f"{count:,} requests"


def _sessions(spec: SessionSpec, seed: int) -> Workload:
    table = draw_sessions(spec, seed)
    per_session = len(table) / spec.num_sessions
    return Workload(
        table=table,
        description=f"{_requests(len(table))} of {spec.num_sessions:,} sessions, {spec.arrival.kind} arrivals",
        # In the long run, however slow the answers: sessions begin whether or not others have ended.
        offered_rate_per_s=spec.arrival.rate_per_s * per_session if isinstance(spec.arrival, RatedArrivals) else None,
    )


def _servegen(spec: ServegenSpec, seed: int) -> Workload:
    clients = read_clients(spec.path)
    table = draw_requests(clients, spec.start_s, spec.duration_s, spec.rate_multiplier, seed)
    span = f"{spec.start_s:g} s to {spec.start_s + spec.duration_s:g} s"
    return Workload(
        table=table,
        description=f"{_requests(len(table))} of {len(clients):,} ServeGen clients of {spec.path.name}, {span}",
        offered_rate_per_s=mean_rate_per_s(table),
    )


def _replay(spec: TraceSpec, seed: int) -> Workload:
    trace = load_trace(
        spec.path,
        spec.format,
        rate_scale=spec.rate_scale,
        limit=spec.limit,
        spread_batch_s=spec.spread_batch_s,
    )
    table = trace.table
    if spec.arrival is not None:
        table = retime(table, spec.arrival.times(num_independent(table), _stream(seed, _ARRIVALS)))
    parts = [f"{_requests(len(table))} of {Path(spec.path).name} ({trace.format} format)"]
    if spec.rate_scale != 1.0:
        parts.append(f"at {spec.rate_scale:g}x its rate")
    if spec.spread_batch_s:
        parts.append(f"batches spread over {spec.spread_batch_s:g} s")
    if trace.rows_out_of_order:
        parts.append(f"sorted by arrival ({trace.rows_out_of_order:,} rows were out of order)")
    if spec.arrival is not None:
        parts.append(f"{spec.arrival.kind} arrivals instead of the recorded ones")
    return Workload(
        table=table,
        description="; ".join((", ".join(parts), *trace.notes)),
        offered_rate_per_s=mean_rate_per_s(table),
    )


def _describe_synthetic(spec: SyntheticSpec) -> str:
    parts = [f"{spec.num_requests:,} synthetic requests", f"{spec.arrival.kind} arrivals"]
    if isinstance(spec.arrival, RatedArrivals):
        parts[1] += f" at {spec.arrival.rate_per_s:g}/s"
    parts.append(f"{spec.prompt_tokens.kind} prompts, {spec.output_tokens.kind} outputs")
    if spec.prefix.kind != "unique":
        parts.append(f"{spec.prefix.kind} prefixes")
    return ", ".join(parts)


def _stream(seed: int, key: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(key,))))
