"""The plan's requests: so many of them, in the busiest hour, at any rate, with longer or shorter texts if asked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simulator.study.load import Load, RateLoad, arrival_of, at_multiple
from simulator.workload.arrivals import (
    ClosedLoopArrivals,
    GammaArrivals,
    OfflineArrivals,
    PoissonArrivals,
    RatedArrivals,
)
from simulator.workload.profiles import load_profile
from simulator.workload.rate_curves import DiurnalArrivals
from simulator.workload.spec import WorkloadSpec
from simulator.workload.table import IntColumn, PromptSegments, RequestTable
from simulator.workload.workload import Workload


def with_requests(spec: WorkloadSpec, requests: int) -> WorkloadSpec:
    """The spec with (about) so many requests: the first of a trace (all where it has fewer), sessions of several
    requests by their number; ServeGen's clients as they are, whose number follows from their span of time."""
    if spec.synthetic is not None:
        each = spec.synthetic.samples_per_request
        return replace(spec, synthetic=replace(spec.synthetic, num_requests=max(1, requests // each)))
    if spec.profile is not None:
        return replace(spec, profile=replace(spec.profile, num_requests=requests))
    if spec.trace is not None:
        limit = requests if spec.trace.limit is None else min(requests, spec.trace.limit)
        return replace(spec, trace=replace(spec.trace, limit=limit))
    if spec.sessions is not None:
        return replace(spec, sessions=replace(spec.sessions, num_sessions=requests))
    return spec


def busiest_hour(spec: WorkloadSpec) -> tuple[WorkloadSpec, float]:
    """The workload within the busiest hour of its day, and that hour's rate over the mean.

    A day that the workload itself describes (``arrival: diurnal``) becomes its peak: an hour of steady traffic with
    the same burstiness. Requests without times of their own (offline, closed loop) come as a Poisson process.
    """
    arrival = arrival_of(spec)
    if isinstance(arrival, OfflineArrivals | ClosedLoopArrivals):
        return _sent(spec, PoissonArrivals(1.0)), 1.0
    if not isinstance(arrival, DiurnalArrivals):
        return spec, 1.0
    steady: RatedArrivals = PoissonArrivals(arrival.rate_per_s)
    if arrival.burstiness != 1.0:
        steady = GammaArrivals(arrival.rate_per_s, arrival.burstiness)
    return _sent(spec, steady), 1.0 + arrival.amplitude


def drawn_from(spec: WorkloadSpec) -> WorkloadSpec:
    """A profile as the mix it names, so that its file is read once and not for every run; others as they are."""
    if spec.profile is None:
        return spec
    profile, mix = spec.profile, load_profile(spec.profile.name).spec
    mix = replace(mix, num_requests=profile.num_requests or mix.num_requests, arrival=profile.arrival or mix.arrival)
    drawn = WorkloadSpec(synthetic=mix)
    return drawn if profile.rate_multiplier == 1.0 else at_multiple(drawn, profile.rate_multiplier)


def _sent(spec: WorkloadSpec, arrival: RatedArrivals) -> WorkloadSpec:
    """The same requests sent otherwise."""
    if spec.synthetic is not None:
        return replace(spec, synthetic=replace(spec.synthetic, arrival=arrival))
    if spec.profile is not None:
        return replace(spec, profile=replace(spec.profile, arrival=arrival))
    assert spec.sessions is not None  # nothing else has an arrival process
    return replace(spec, sessions=replace(spec.sessions, arrival=arrival))


class ScaledLengths:
    """A load whose prompts and answers are ``factor`` times as long (at least one token each)."""

    def __init__(self, base: Load, factor: float) -> None:
        self._base, self._factor = base, factor
        self.unit, self.ladder, self.start, self.stationary = base.unit, base.ladder, base.start, base.stationary

    def workload(self, load: float, seed: int) -> Workload:
        """The requests of a seed under a load."""
        workload = self._base.workload(load, seed)
        return replace(workload, table=scaled_lengths(workload.table, self._factor))


def scaled_lengths(table: RequestTable, factor: float) -> RequestTable:
    """The table with every length multiplied; what prompts share stays shared."""
    segments, prompt = table.segments, _scaled(table.prompt_tokens, factor)
    if segments is not None:
        segments = PromptSegments(segments.offsets, segments.segment, _scaled(segments.tokens, factor))
        prompt = np.add.reduceat(segments.tokens, segments.offsets[:-1])
    return replace(table, prompt_tokens=prompt, output_tokens=_scaled(table.output_tokens, factor), segments=segments)


def rate_load(spec: WorkloadSpec, seed: int, tolerance: float, low: float | None = None) -> RateLoad:
    """Rates of an open loop from ``low`` (default: far below) up to far above what any replica carries."""
    return RateLoad(spec, seed, low, None, tolerance)


def _scaled(tokens: IntColumn, factor: float) -> IntColumn:
    return np.maximum(1, np.rint(tokens * factor)).astype(np.int64)
