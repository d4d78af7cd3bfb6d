"""Speed of sweeps: ``python -m benchmarks.studies [--points 1000] [--requests 1000] [--workers 2] [--json]``.

The scenario is what ``vllm bench serve`` sends unless told otherwise: 1,000 random prompts of 1,024 tokens, answers of
128, Poisson arrivals; here to Llama-3.1-8B on an H100. It is swept over arrival rate (from nearly idle to overloaded),
batch limit and token budget, once with one worker and once with several. Everything a sweep does is inside: planning,
starting processes, drawing, simulating, summarising, writing every row to the disk. Efficiency is the wall time of one
worker over ``workers`` times that of several; on a busy machine the ratio of CPU seconds says what the parallel run
itself costs. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from simulator.scenario.schema import Scenario
from simulator.sweeping.runner import sweep
from simulator.validation.workers import available_cpus

RATES_PER_S = {"linspace": [2.0, 40.0, 20]}
TOKEN_BUDGETS = [1024, 2048, 4096, 8192, 16384]
"""100 combinations, times as many batch limits as the points asked for need."""


def run_sweep(points: int, requests: int, workers: int) -> dict[str, Any]:
    """Wall and CPU seconds of one sweep, and a fingerprint of its table."""
    synthetic = {
        "num_requests": requests,
        "arrival": {"kind": "poisson", "rate_per_s": 10.0},
        "prompt_tokens": 1024,
        "output_tokens": 128,
    }
    scenario = Scenario(model="llama-3.1-8b", hardware="h100", workload={"synthetic": synthetic})
    limits = round(points / 100)
    axes = {
        "engine.max_num_seqs": {"logspace": [32, 1024, limits]} if limits > 1 else [256],
        "engine.max_num_batched_tokens": TOKEN_BUDGETS,
        "rate": RATES_PER_S,
    }
    with tempfile.TemporaryDirectory() as folder:
        wall, cpu = time.perf_counter(), _cpu_s()
        result = sweep(scenario, axes, workers=workers, out=Path(folder) / "sweep")
        wall_s, cpu_s = time.perf_counter() - wall, _cpu_s() - cpu
        table = (Path(folder) / "sweep" / "summary.csv").read_bytes()
    done = len(result.done)
    return {
        "workers": workers,
        "points": done,
        "wall_s": round(wall_s, 2),
        "cpu_s": round(cpu_s, 2),
        "cpu_ms_per_point": round(1e3 * cpu_s / done, 2),
        "points_per_s": round(done / wall_s, 1),
        "table": table,
    }


def _cpu_s() -> float:
    """Of this process and those it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=1000, help="a multiple of 100")
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", action="store_true", help="print the JSON line only")
    options = parser.parse_args()
    runs = []
    for workers in (1, options.workers):
        runs.append(run_sweep(options.points, options.requests, workers))
        if not options.json:
            shown = {key: value for key, value in runs[-1].items() if key != "table"}
            print(", ".join(f"{key} {value}" for key, value in shown.items()), flush=True)
    one, several = runs
    same = one.pop("table") == several.pop("table")
    report = {
        "requests_per_point": options.requests,
        "cpus": available_cpus(),
        "load_average": round(os.getloadavg()[0], 2),
        "one_worker": one,
        "several_workers": several,
        "efficiency": round(one["wall_s"] / (options.workers * several["wall_s"]), 3),
        "efficiency_in_cpu_seconds": round(one["cpu_s"] / several["cpu_s"], 3),
        "same_table": same,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
