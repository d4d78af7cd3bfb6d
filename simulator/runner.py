"""``run(scenario) -> RunResult``: wire, draw the workload, simulate, summarise; once per seed."""

from __future__ import annotations

import time
from collections.abc import Callable

from simulator.cost.uncertainty import step_band
from simulator.errors import InputError
from simulator.metrics.confidence import over_seeds
from simulator.metrics.diagnosis import diagnose
from simulator.metrics.step_mix import step_mix
from simulator.metrics.summary import GIVEN, PEAKS, RunRecords, Summary, mean_of
from simulator.metrics.work import operator_shares
from simulator.provenance import provenance
from simulator.result import RunResult
from simulator.run_bands import BANDS_UP_TO, moved_to, run_bands
from simulator.scenario.schema import Scenario
from simulator.serving_run import economics_of, simulate_wiring, summary_of
from simulator.wiring import wire
from simulator.workload.generate import generate
from simulator.workload.same import same_requests
from simulator.workload.workload import Workload

OnProgress = Callable[[float, int, int], None]
"""Called as ``on_progress(simulated seconds, requests done, requests in all)``, over all seeds."""


def run(
    scenario: Scenario, *, seeds: int = 1, bands: bool | None = False, on_progress: OnProgress | None = None
) -> RunResult:
    """Run a scenario with ``seeds`` consecutive seeds, beginning at its own.

    The summary of several seeds holds means over them (of peaks the largest) and 95 % intervals; the tables and charts
    of the result are those of the first seed. A seed that draws the same requests as the first is not simulated again.
    ``bands`` adds the 80 % band of every latency and rate to the summary (``<metric>_low``, ``_high``), for two more
    simulations of the first seed; None does so for up to ``BANDS_UP_TO`` requests, and notes it where there are more.
    Raises ``InputError`` for a scenario that cannot be run.

    >>> from simulator import Scenario
    >>> synthetic = {"num_requests": 20, "arrival": "offline", "prompt_tokens": 100, "output_tokens": 10}
    >>> result = run(Scenario(model="llama-3.1-8b", hardware="h100", workload={"synthetic": synthetic}))
    >>> result.summary["completed"], result.summary["total_output_tokens"]  # requests, tokens
    (20, 200)
    >>> result.requests[["ttft_ms", "e2el_ms"]].shape, sorted(result.steps.columns[:4])
    ((20, 2), ['end_s', 'replica', 'start_s', 'step'])
    """
    if seeds < 1:
        raise InputError("must be at least 1", path="seeds", value=seeds)
    wiring = wire(scenario)
    started = time.perf_counter()
    first: RunRecords | None = None
    summaries: list[Summary] = []
    notes: list[str] = list(wiring.notes)
    steps = requests = 0
    passes = seeds + 2 * (bands is not False)
    for index in range(seeds):
        progress, seed = _shifted(on_progress, index, passes), scenario.run.seed + index
        workload = _workload(wiring.scenario, seed)
        if first is not None and wiring.acceptance is None and same_requests(workload, first.workload):
            summaries.append(summaries[0])
            if progress is not None:
                progress(summaries[0]["duration"], first.log.n, first.log.n)
            continue
        outcome = simulate_wiring(wiring, workload, seed, on_progress=progress)
        records = RunRecords(workload, outcome.request_log, outcome.step_logs)
        summaries.append(summary_of(wiring, records) | economics_of(wiring, records))
        notes += [note for note in outcome.notes if note not in notes]
        steps += outcome.engine_steps
        requests += records.log.n
        first = first or records
    assert first is not None
    wall_s = time.perf_counter() - started
    summary = _over_seeds(summaries, notes, scenario.run.seed)
    diagnosis = diagnose(first, summaries[0], wiring.engine, scenario.slo.objectives())
    shares = operator_shares(wiring.deployment, step_mix(first.steps))
    factors = step_band(wiring.deployment, shares)
    if bands is None and first.log.n > BANDS_UP_TO:
        notes.append(f"no ranges for {first.log.n:,} requests unless asked (--bands): they take two more simulations")
    elif bands is not False:
        ends = [_shifted(on_progress, seeds + index, passes) for index in range(2)]
        found = run_bands(wiring, first, summaries[0], factors, scenario.run.seed, ends)
        summary |= moved_to(found, summaries[0], summary)
    summary["diagnosis"] = {"verdict": diagnosis.verdict, "text": diagnosis.text}
    summary["operators_ms_per_step"] = {share.name: share.seconds * 1e3 for share in shares}
    summary["notes"] = notes
    summary["timing"] = {"wall_s": wall_s, "requests_per_wall_s": requests / wall_s, "engine_steps": steps}
    return RunResult(
        scenario=wiring.scenario,
        summary=summary,
        provenance=provenance(wiring, first.workload, shares, factors),
        records=first,
        operators=shares,
    )


def _workload(scenario: Scenario, seed: int) -> Workload:
    try:
        return generate(scenario.workload_spec(), seed)
    except InputError as error:
        raise scenario.located(error) from None


def _over_seeds(summaries: list[Summary], notes: list[str], first_seed: int) -> Summary:
    if len(summaries) == 1:
        return {**summaries[0], "seeds": [first_seed]}
    if all(summary == summaries[0] for summary in summaries):
        notes.append("all seeds give the same result: nothing in this scenario is drawn at random")
    mean = mean_of(summaries)
    del mean["batch_means_ci95"]  # of one run; several seeds have the better interval
    seeds = list(range(first_seed, first_seed + len(summaries)))
    return {**mean, "seeds": seeds, "seeds_ci95": over_seeds(summaries, PEAKS | GIVEN)}


def _shifted(on_progress: OnProgress | None, index: int, passes: int) -> OnProgress | None:
    """Progress of one simulation as part of all of them."""
    if on_progress is None or passes == 1:
        return on_progress

    def shifted(simulated_s: float, done: int, total: int) -> None:
        on_progress(simulated_s, index * total + done, passes * total)

    return shifted
