"""One simulation of a wired scenario, and its summary; ``factor`` scales every step."""

from __future__ import annotations

from simulator.cluster.replica import StepTap
from simulator.cluster.simulation import Progress, SimulationOutcome, simulate
from simulator.cost.compiled import CompiledStepCost
from simulator.cost.scaled import ScaledStepCost
from simulator.energy.run_economics import run_economics
from simulator.engine.build import Loop
from simulator.metrics.summary import RunRecords, Summary, SummaryRules, summarise
from simulator.metrics.work import run_totals
from simulator.scenario.schema import Scenario
from simulator.wiring import Wiring
from simulator.workload.arrivals import GammaArrivals, PoissonArrivals
from simulator.workload.profiles import load_profile
from simulator.workload.spec import WorkloadSpec
from simulator.workload.workload import Workload


def simulate_wiring(
    wiring: Wiring,
    workload: Workload,
    seed: int,
    *,
    cost: CompiledStepCost | None = None,
    factor: float = 1.0,
    delivery_s: float | None = None,
    on_progress: Progress | None = None,
    tap: StepTap | None = None,
    loop: Loop = "fast",
) -> SimulationOutcome:
    """Simulate the workload; every step takes ``factor`` times its predicted seconds, first tokens are delivered after
    ``delivery_s`` (default: the engine profile's). ``cost``: of this deployment, where its tables were built before.
    ``tap``, ``loop``: as ``simulate`` takes them."""
    cost = cost or CompiledStepCost(wiring.deployment, max_num_batched_tokens=wiring.engine.max_num_batched_tokens)
    return simulate(
        workload,
        wiring.engine,
        cost if factor == 1.0 else ScaledStepCost(cost, factor),
        num_replicas=wiring.scenario.replicas,
        api_latency_s=wiring.deployment.engine.api_delivery_s if delivery_s is None else delivery_s,
        acceptance=wiring.acceptance,
        seed=seed,
        on_progress=on_progress,
        tap=tap,
        loop=loop,
    )


def summary_of(wiring: Wiring, records: RunRecords) -> Summary:
    """The summary under the scenario's window, objectives and burstiness."""
    scenario: Scenario = wiring.scenario
    rules = SummaryRules(scenario.run.window_rule(), scenario.slo.objectives(), _burstiness(scenario.workload_spec()))
    return summarise(records, rules, run_totals(wiring.deployment, records.steps))


def economics_of(wiring: Wiring, records: RunRecords) -> Summary:
    """Energy, cost and carbon in the scenario's window, for the summary."""
    scenario: Scenario = wiring.scenario
    return run_economics(wiring.deployment, records, scenario.economics.rules(), scenario.run.window_rule())


def _burstiness(spec: WorkloadSpec) -> float | None:
    """vLLM's burstiness (gamma shape, 1 = Poisson) of drawn arrivals; None for traces and other processes."""
    arrival = spec.synthetic.arrival if spec.synthetic else None
    if spec.profile is not None:
        arrival = spec.profile.arrival or load_profile(spec.profile.name).spec.arrival
    if isinstance(arrival, GammaArrivals):
        return arrival.burstiness
    return 1.0 if isinstance(arrival, PoissonArrivals) else None
