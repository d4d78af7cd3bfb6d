"""Which part of a run's busy time belongs to prompts and which to output tokens.

A step without prefill belongs to the output. The two parts of a step with both share its weights and launches, so
neither alone explains it; its time is split by their Shapley value: the mean of what each adds when it comes first and
when it comes second. The parts add up to the step. Evaluated at the run's mean mixed step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulator.cost.deployment import Deployment
from simulator.cost.step_cost import ReadableStepCost
from simulator.metrics.logs import StepLog
from simulator.metrics.step_mix import step_mix
from simulator.operators.features import StepFeatures

SPLIT_RULE = (
    "cost by busy time; steps with prompts and decodes are split by the Shapley value of the two parts, "
    "idle time in proportion"
)


def input_share(deployment: Deployment, logs: Sequence[StepLog]) -> float | None:
    """Share of the busy seconds that prompts take, 0..1; None when no step computed anything."""
    cost = ReadableStepCost(deployment)
    total = prompts = 0.0
    for kind in step_mix(logs):
        seconds = kind.steps * cost.seconds(kind.mean)
        total += seconds
        if kind.name == "mixed":
            prompts += seconds * prompt_share(cost, kind.mean)
    return prompts / total if total > 0 else None


def prompt_share(cost: ReadableStepCost, step: StepFeatures) -> float:
    """Share of one step's seconds that its prompts answer for, 0..1."""
    whole = cost.seconds(step)
    prompts, decodes = _parts(step)
    alone, others = cost.seconds(prompts), cost.seconds(decodes)
    return min(max(0.5 * (alone + whole - others) / whole, 0.0), 1.0)


def _parts(step: StepFeatures) -> tuple[StepFeatures, StepFeatures]:
    """The step's prompts alone and its decodes alone."""
    fields: dict[str, Any] = step.as_dict()
    prompt = {name: fields[name] for name in fields if name.startswith("prefill")}
    decode = {name: fields[name] for name in fields if name.startswith("decode")}
    of_decodes = min(fields["decode_queries"], fields["tokens"], fields["sampled"])
    sampled = fields["sampled"] - of_decodes
    return (
        StepFeatures(**prompt, tokens=fields["prefill_tokens"], sampled=sampled, admitted=fields["admitted"]),
        StepFeatures(**decode, tokens=fields["tokens"] - fields["prefill_tokens"], sampled=of_decodes),
    )
