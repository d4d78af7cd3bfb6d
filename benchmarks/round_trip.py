"""Trace -> fitted profile -> simulation, against the simulation of the trace: ``benchmarks.round_trip TRACE``.

Llama-3.1-8B on one H100. Printed are TTFT and TPOT of the trace replayed, the mean of the profile drawn with a few
seeds, and the difference in percent with its range over the seeds.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from simulator.workload import RequestTable, Workload, read_trace, synthesize
from simulator.workload.fit_profile import fit_profile
from simulator.workload.table import FloatColumn

FIGURES = tuple(f"{metric} {statistic}" for metric in ("TTFT", "TPOT") for statistic in ("mean", "p50", "p90", "p99"))


def latencies(workload: Workload) -> FloatColumn:
    """(8,) ``FIGURES`` in ms of a workload served by Llama-3.1-8B on one H100, prefix caching off."""
    from simulator.cluster.simulation import simulate
    from simulator.cost.compiled import CompiledStepCost
    from simulator.scenario.schema import Scenario
    from simulator.wiring import wire

    off = {"enable_prefix_caching": False}
    wiring = wire(Scenario(model="llama-3.1-8b", hardware="h100", engine=off, workload="chat-short"))
    cost = CompiledStepCost(wiring.deployment, max_num_batched_tokens=wiring.engine.max_num_batched_tokens)
    log = simulate(workload, wiring.engine, cost).request_log
    arrival, first, finish = (np.asarray(column) for column in (log.arrival_s, log.first_token_s, log.finish_s))
    tokens = np.asarray(log.emitted_tokens)
    several = tokens > 1
    ttft_ms = 1e3 * (first - arrival)
    tpot_ms = 1e3 * (finish - first)[several] / (tokens[several] - 1)
    return np.array([[times.mean(), *np.percentile(times, (50, 90, 99))] for times in (ttft_ms, tpot_ms)]).ravel()


def round_trip(table: RequestTable, seeds: int) -> tuple[FloatColumn, FloatColumn]:
    """(8,) figures of the table, (seeds, 8) those of the profile fitted to it, in ms."""
    spec = fit_profile(table, "fitted").profile.spec
    return latencies(Workload(table)), np.array([latencies(synthesize(spec, seed)) for seed in range(seeds)])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trace", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    arguments = parser.parse_args()
    trace, drawn = round_trip(read_trace(arguments.trace), arguments.seeds)
    errors = 100 * (drawn / trace - 1)
    print(f"{'ms':10}{'trace':>10}{'profile':>10}{'error':>9}   range over {arguments.seeds} seeds")
    rows = zip(
        FIGURES, trace, drawn.mean(axis=0), errors.mean(axis=0), errors.min(axis=0), errors.max(axis=0), strict=True
    )
    for name, was, now, error, low, high in rows:
        print(f"{name:10}{was:>10.1f}{now:>10.1f}{error:>+8.1f}%   {low:+.1f}..{high:+.1f}%")


if __name__ == "__main__":
    main()
