"""Speed of the main job: ``python -m benchmarks.core [--json] [--only NAME ...]``.

Timed is simulate + summary, no charts, no files. Every case runs in a process of its own, so that its peak memory is
its own. The last line printed is one JSON object; ``simpy_timeout_s`` is measured in the same run and is the yardstick:
a simulator on SimPy cannot take less than one timeout per event.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

Result = dict[str, Any]

SCALING_SIZES = (10_000, 100_000, 1_000_000)


def _serve(num_requests: int, rate_multiplier: float, replicas: int) -> Result:
    """Llama-3.1-8B on H100s under the bundled Azure conversation profile, prefix caching off."""
    from simulator.cluster.simulation import simulate
    from simulator.cost.compiled import CompiledStepCost
    from simulator.metrics.summary import RunRecords, SummaryRules, summarise
    from simulator.metrics.work import run_totals
    from simulator.scenario.schema import Scenario
    from simulator.wiring import wire
    from simulator.workload.generate import draw
    from simulator.workload.profiles import load_profile

    scenario = Scenario(
        model="llama-3.1-8b",
        hardware="h100",
        engine={"enable_prefix_caching": False},
        workload={"profile": {"name": "azure-conv-2023"}},
        replicas=replicas,
    )
    wiring = wire(scenario)
    cost = CompiledStepCost(wiring.deployment, max_num_batched_tokens=wiring.engine.max_num_batched_tokens)
    workload = draw(load_profile("azure-conv-2023"), num_requests, rate_multiplier * replicas, seed=0)
    started = time.perf_counter()
    outcome = simulate(
        workload,
        wiring.engine,
        cost,
        num_replicas=replicas,
        api_latency_s=wiring.deployment.engine.api_delivery_s,
    )
    records = RunRecords(workload, outcome.request_log, outcome.step_logs)
    rules = SummaryRules(scenario.run.window_rule(), scenario.slo.objectives(), None)
    summary = summarise(records, rules, run_totals(wiring.deployment, outcome.step_logs))
    wall_s = time.perf_counter() - started
    assert summary["completed"] == num_requests
    return {
        "requests": num_requests,
        "wall_s": wall_s,
        "requests_per_wall_s": num_requests / wall_s,
        "engine_steps": outcome.engine_steps,
        "timeouts_per_request": outcome.timeouts / num_requests,
        "us_per_step": wall_s / outcome.engine_steps * 1e6,
        "mean_tpot_ms": summary["mean_tpot_ms"],
        "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def _best_of(count: int, num_requests: int, rate_multiplier: float, replicas: int) -> Result:
    return min((_serve(num_requests, rate_multiplier, replicas) for _ in range(count)), key=lambda run: run["wall_s"])


def _simpy_timeout() -> Result:
    """Seconds of one bare SimPy timeout in one process."""
    import simpy

    def ticks(env: simpy.Environment, count: int) -> Any:
        for _ in range(count):
            yield env.timeout(1.0)

    count = 200_000
    seconds = []
    for _ in range(3):
        env = simpy.Environment()
        env.process(ticks(env, count))
        started = time.perf_counter()
        env.run()
        seconds.append((time.perf_counter() - started) / count)
    return {"seconds": min(seconds)}


def _help_startup() -> Result:
    """Wall seconds of ``inferplan --help``, median of seven."""
    command = [sys.executable, "-c", "from simulator.cli.main import main; main()", "--help"]
    seconds = []
    for _ in range(7):
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        seconds.append(time.perf_counter() - started)
    return {"seconds": statistics.median(seconds)}


def _scaling() -> Result:
    """Exponent of wall time in the number of requests: slope of the log-log least-squares line."""
    walls = [_best_of(3 if size < 1_000_000 else 1, size, 2.0, 8)["wall_s"] for size in SCALING_SIZES]
    xs, ys = [math.log(size) for size in SCALING_SIZES], [math.log(wall) for wall in walls]
    return {"exponent": statistics.linear_regression(xs, ys).slope, "wall_s": walls}


CASES: dict[str, Callable[[], Result]] = {
    "simpy_timeout": _simpy_timeout,
    "help_startup": _help_startup,
    "azure_conv_4x": lambda: _best_of(3, 19_366, 4.0, 1),
    "azure_conv_1x": lambda: _best_of(3, 19_366, 1.0, 1),
    "scaling": _scaling,
    "million_64_replicas": lambda: _serve(1_000_000, 4.0, 64),
    "million_64_light": lambda: _serve(1_000_000, 1.0, 64),
}


def _run_apart(name: str) -> Result:
    """Run one case in a fresh interpreter and read its JSON."""
    command = [sys.executable, "-m", "benchmarks.core", "--case", name]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result: Result = json.loads(done.stdout.splitlines()[-1])
    return result


def _assemble(results: dict[str, Result]) -> Result:
    """The published object: scalars at the top, cases below."""
    scalars = {"simpy_timeout": "simpy_timeout_s", "help_startup": "help_startup_s"}
    published: Result = {}
    for name, result in results.items():
        if name in scalars:
            published[scalars[name]] = result["seconds"]
        elif name == "scaling":
            published["scaling_exponent"] = result["exponent"]
            published["scaling_wall_s"] = dict(zip(map(str, SCALING_SIZES), result["wall_s"], strict=True))
        else:
            published[name] = result
    if "simpy_timeout_s" in published:
        for name in ("azure_conv_4x", "azure_conv_1x", "million_64_replicas", "million_64_light"):
            if name in published:
                per_step = published[name]["us_per_step"] * 1e-6
                published[name]["step_in_simpy_timeouts"] = per_step / published["simpy_timeout_s"]
    return published


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print only the JSON object")
    parser.add_argument("--only", nargs="+", choices=list(CASES), default=list(CASES), metavar="NAME")
    parser.add_argument("--case", choices=list(CASES), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        print(json.dumps(CASES[options.case]()))
        return
    results = {}
    for name in options.only:
        results[name] = _run_apart(name)
        if not options.json:
            print(f"{name}: {results[name]}", flush=True)
    print(json.dumps(_assemble(results)))


if __name__ == "__main__":
    main()
