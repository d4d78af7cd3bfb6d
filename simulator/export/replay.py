"""Run a finished run again with somebody looking on: what its logs do not keep is seen the second time.

The scenario of a result is resolved and one seed always gives the same bytes, so the second run is the first one.
"""

from __future__ import annotations

from simulator.cluster.replica import StepTap
from simulator.cluster.simulation import Progress
from simulator.engine.build import Loop
from simulator.metrics.summary import RunRecords
from simulator.result import RunResult
from simulator.serving_run import simulate_wiring
from simulator.wiring import Wiring, wire


def replay(
    result: RunResult, tap: StepTap, *, loop: Loop = "fast", on_progress: Progress | None = None
) -> tuple[Wiring, RunRecords]:
    """Simulate the requests of a result once more; ``tap`` sees every step.

    ``loop``: with ``reference`` every plan lists each of its requests. Returns what was wired, and the new records,
    which equal those of the result.
    """
    wiring = wire(result.scenario)
    workload = result.records.workload
    outcome = simulate_wiring(wiring, workload, result.scenario.run.seed, on_progress=on_progress, tap=tap, loop=loop)
    return wiring, RunRecords(workload, outcome.request_log, outcome.step_logs)
