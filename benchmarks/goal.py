"""``inferplan goal`` against dense grids of full runs: ``python -m benchmarks.goal [--scenarios 20] [--requests 800]``.

Random scenarios (model, hardware, lengths, arrivals, goal). For each, ``find`` searches; then every load of a geometric
grid, as fine as the search's tolerance and from a quarter of the answer to four times it, is simulated to the end with
the same seeds (common random numbers) or, with ``--other-seeds``, with others. The grid's answer is, per seed, the last
load that meets the goals before the first that does not, averaged as ``find`` averages. Printed: whether the grid's
answer lies in the interval of ``find``, and the simulated work of both. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulator.errors import InputError
from simulator.scenario.schema import Scenario
from simulator.study.answer import GoalAnswer
from simulator.study.find import find
from simulator.study.interval import Estimate, estimate
from simulator.study.probe import Probe, Prober
from simulator.study.question import Question, ask
from simulator.study.search import Turn

MODELS = (
    ("llama-3.1-8b", "h100", 1),
    ("llama-3.1-8b", "a100", 1),
    ("qwen3-8b", "l40s", 1),
    ("llama-3.1-70b", "h100", 4),
    ("mistral-7b-v0.3", "a100", 1),
    ("llama-3.1-8b", "h200", 1),
)
"""Model, device, tensor parallelism."""

GOALS = (
    ("ttft:p95<{ttft}ms",),
    ("ttft:p90<{ttft}ms", "tpot:p90<{tpot}ms"),
    ("tpot:mean<{tpot}ms",),
    ("e2el:mean<{e2e}s",),
    ("goodput>=0.95",),
    ("itl:p99<{itl}ms",),
)

REACH = 4.0
"""The grid goes from the answer divided by this to the answer times this."""


@dataclass(frozen=True)
class Comparison:
    """The search and the grid on one scenario. ``inside``: the grid's answer lies in the interval of the search."""

    name: str
    found: GoalAnswer
    grid: Estimate
    inside: bool
    steps_ratio: float
    requests_ratio: float


def random_question(index: int, requests: int, seeds: int, tolerance: float) -> Question:
    """The ``index``-th random scenario with its goals; the same on every machine."""
    rng = np.random.default_rng([2026, index])
    model, hardware, tp = MODELS[int(rng.integers(len(MODELS)))]
    prompt, output = int(rng.integers(100, 1500)), int(rng.integers(8, 60))
    arrival: dict[str, Any] = {"kind": "poisson", "rate_per_s": float(rng.uniform(2, 20))}
    if rng.random() < 0.3:
        arrival |= {"kind": "gamma", "burstiness": float(rng.uniform(0.4, 2.0))}
    bounds = {
        "ttft": int(rng.integers(150, 600)),
        "tpot": int(rng.integers(25, 60)),
        "e2e": round(float(rng.uniform(1.5, 4.0)), 1),
        "itl": int(rng.integers(60, 200)),
    }
    scenario = Scenario(
        model=model,
        hardware=hardware,
        parallel={"tensor_parallel_size": tp},
        engine={"max_num_seqs": int(rng.choice([32, 128, 256]))},
        workload={
            "synthetic": {
                "num_requests": requests,
                "arrival": arrival,
                "prompt_tokens": {"kind": "lognormal", "mean": prompt, "cv": float(rng.uniform(0.2, 1.2))},
                "output_tokens": {"kind": "lognormal", "mean": output, "cv": 0.5},
            }
        },
        run={"seed": index},
    )
    texts = [text.format(**bounds) for text in GOALS[int(rng.integers(len(GOALS)))]]
    goodput = f"ttft:{bounds['ttft']} tpot:{bounds['tpot']}" if texts == ["goodput>=0.95"] else None
    return ask(scenario, texts, goodput=goodput, tolerance=tolerance, seeds=seeds)


def compare(question: Question, *, other_seeds: bool = False) -> Comparison:
    """Search, then run the grid. Raises ``InputError`` when the scenario has no answer to compare."""
    answer = find(question)
    if answer.status != "found":
        raise InputError(f"has no turn between met and missed: {answer.status}")
    rungs = [i for i, load in enumerate(answer.ladder) if 1 / REACH <= load / answer.estimate.load <= REACH]
    prober = Prober(question.scenario, question.load(), question.goals, question.objectives)
    first = question.scenario.run.seed + (1000 if other_seeds else 0)
    rows = [
        [prober.probe(answer.ladder[i], seed, whole=True) for i in rungs]
        for seed in range(first, first + question.seeds)
    ]
    grid = estimate([_grid_turn(row, rungs) for row in rows], answer.ladder)
    runs = [probe for row in rows for probe in row]
    found = answer.estimate
    return Comparison(
        f"{answer.title}; {', '.join(goal.text for goal in question.goals)}",
        answer,
        grid,
        found.low <= grid.load * (1 + 1e-9) and grid.load <= found.high * (1 + 1e-9),
        answer.work.engine_steps / sum(probe.engine_steps for probe in runs),
        answer.work.requests / sum(probe.requests for probe in runs),
    )


def _grid_turn(row: Sequence[Probe], rungs: Sequence[int]) -> Turn:
    missed = [place for place, probe in enumerate(row) if not probe.met]
    if not missed:
        return Turn(rungs[-1], None)
    return Turn(rungs[missed[0] - 1] if missed[0] else None, rungs[missed[0]])


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", type=int, default=20)
    parser.add_argument("--requests", type=int, default=800)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--tolerance", type=float, default=0.04)
    parser.add_argument("--other-seeds", action="store_true", help="the grid draws other requests than the search")
    options = parser.parse_args()
    done: list[Comparison] = []
    for index in range(options.scenarios):
        question = random_question(index, options.requests, options.seeds, options.tolerance)
        try:
            one = compare(question, other_seeds=options.other_seeds)
        except InputError as error:
            print(f"{index:>3}  no comparison: {error}", flush=True)
            continue
        done.append(one)
        found = one.found.estimate
        print(
            f"{index:>3}  {'in ' if one.inside else 'OUT'} grid {one.grid.load:8.3f}  find {found.load:8.3f} "
            f"[{found.low:.3f}, {found.high:.3f}]  steps {one.steps_ratio:.3f}  requests {one.requests_ratio:.3f}  "
            f"{one.name}",
            flush=True,
        )
    print(json.dumps(_totals(done)))


def _totals(done: Sequence[Comparison]) -> dict[str, Any]:
    return {
        "scenarios": len(done),
        "inside": sum(one.inside for one in done),
        "largest_steps_ratio": max(one.steps_ratio for one in done),
        "mean_steps_ratio": float(np.mean([one.steps_ratio for one in done])),
        "largest_requests_ratio": max(one.requests_ratio for one in done),
        "mean_interval_width": float(np.mean([one.found.estimate.high / one.found.estimate.low - 1 for one in done])),
        "mean_difference": float(np.mean([abs(one.found.estimate.load / one.grid.load - 1) for one in done])),
    }


if __name__ == "__main__":
    main()
