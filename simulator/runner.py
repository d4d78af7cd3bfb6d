"""``run(scenario) -> RunResult``: wire, draw the workload, simulate, summarise; once per seed."""

from __future__ import annotations

import time
from collections.abc import Callable

from simulator.cluster.simulation import SimulationOutcome, simulate
from simulator.cost.compiled import CompiledStepCost
from simulator.errors import InputError
from simulator.metrics.confidence import over_seeds
from simulator.metrics.diagnosis import diagnose
from simulator.metrics.step_mix import step_mix
from simulator.metrics.summary import GIVEN, PEAKS, RunRecords, Summary, SummaryRules, mean_of, summarise
from simulator.metrics.work import operator_shares, run_totals
from simulator.provenance import provenance
from simulator.result import RunResult
from simulator.scenario.schema import Scenario
from simulator.wiring import Wiring, wire
from simulator.workload.arrivals import GammaArrivals, PoissonArrivals
from simulator.workload.generate import generate
from simulator.workload.profiles import load_profile
from simulator.workload.same import same_requests
from simulator.workload.spec import WorkloadSpec
from simulator.workload.workload import Workload

OnProgress = Callable[[float, int, int], None]
"""Called as ``on_progress(simulated seconds, requests done, requests in all)``, over all seeds."""


def run(scenario: Scenario, *, seeds: int = 1, on_progress: OnProgress | None = None) -> RunResult:
    """Run a scenario with ``seeds`` consecutive seeds, beginning at its own.

    The summary of several seeds holds means over them (of peaks the largest) and 95 % intervals; the tables and charts
    of the result are those of the first seed. A seed that draws the same requests as the first is not simulated again.
    Raises ``InputError`` for a scenario that cannot be run.
    """
    if seeds < 1:
        raise InputError("must be at least 1", path="seeds", value=seeds)
    wiring = wire(scenario)
    started = time.perf_counter()
    first: RunRecords | None = None
    summaries: list[Summary] = []
    notes: list[str] = list(wiring.notes)
    steps = requests = 0
    for index in range(seeds):
        progress, seed = _shifted(on_progress, index, seeds), scenario.run.seed + index
        workload = _workload(wiring.scenario, seed)
        if first is not None and wiring.acceptance is None and same_requests(workload, first.workload):
            summaries.append(summaries[0])
            if progress is not None:
                progress(summaries[0]["duration"], first.log.n, first.log.n)
            continue
        outcome = _simulate(wiring, workload, seed, progress)
        records = RunRecords(workload, outcome.request_log, outcome.step_logs)
        summaries.append(_summary(wiring, records))
        notes += [note for note in outcome.notes if note not in notes]
        steps += outcome.engine_steps
        requests += records.log.n
        first = first or records
    assert first is not None
    wall_s = time.perf_counter() - started
    summary = _over_seeds(summaries, notes, scenario.run.seed)
    diagnosis = diagnose(first, summaries[0], wiring.engine, scenario.slo.objectives())
    shares = operator_shares(wiring.deployment, step_mix(first.steps))
    summary["diagnosis"] = {"verdict": diagnosis.verdict, "text": diagnosis.text}
    summary["operators_ms_per_step"] = {share.name: share.seconds * 1e3 for share in shares}
    summary["notes"] = notes
    summary["timing"] = {"wall_s": wall_s, "requests_per_wall_s": requests / wall_s, "engine_steps": steps}
    return RunResult(
        scenario=wiring.scenario,
        summary=summary,
        provenance=provenance(wiring, first.workload, shares),
        records=first,
        operators=shares,
    )


def _simulate(wiring: Wiring, workload: Workload, seed: int, on_progress: OnProgress | None) -> SimulationOutcome:
    return simulate(
        workload,
        wiring.engine,
        CompiledStepCost(wiring.deployment, max_num_batched_tokens=wiring.engine.max_num_batched_tokens),
        num_replicas=wiring.scenario.replicas,
        api_latency_s=wiring.deployment.engine.api_delivery_s,
        acceptance=wiring.acceptance,
        seed=seed,
        on_progress=on_progress,
    )


def _workload(scenario: Scenario, seed: int) -> Workload:
    try:
        return generate(scenario.workload_spec(), seed)
    except InputError as error:
        raise scenario.located(error) from None


def _summary(wiring: Wiring, records: RunRecords) -> Summary:
    scenario = wiring.scenario
    rules = SummaryRules(scenario.run.window_rule(), scenario.slo.objectives(), _burstiness(scenario.workload_spec()))
    return summarise(records, rules, run_totals(wiring.deployment, records.steps))


def _burstiness(spec: WorkloadSpec) -> float | None:
    """vLLM's burstiness (gamma shape, 1 = Poisson) of drawn arrivals; None for traces and other processes."""
    arrival = spec.synthetic.arrival if spec.synthetic else None
    if spec.profile is not None:
        arrival = spec.profile.arrival or load_profile(spec.profile.name).spec.arrival
    if isinstance(arrival, GammaArrivals):
        return arrival.burstiness
    return 1.0 if isinstance(arrival, PoissonArrivals) else None


def _over_seeds(summaries: list[Summary], notes: list[str], first_seed: int) -> Summary:
    if len(summaries) == 1:
        return {**summaries[0], "seeds": [first_seed]}
    if all(summary == summaries[0] for summary in summaries):
        notes.append("all seeds give the same result: nothing in this scenario is drawn at random")
    mean = mean_of(summaries)
    del mean["batch_means_ci95"]  # of one run; several seeds have the better interval
    seeds = list(range(first_seed, first_seed + len(summaries)))
    return {**mean, "seeds": seeds, "seeds_ci95": over_seeds(summaries, PEAKS | GIVEN)}


def _shifted(on_progress: OnProgress | None, index: int, seeds: int) -> OnProgress | None:
    """Progress of one seed as part of all of them."""
    if on_progress is None or seeds == 1:
        return on_progress

    def shifted(simulated_s: float, done: int, total: int) -> None:
        on_progress(simulated_s, index * total + done, seeds * total)

    return shifted
