"""What one replica can carry at most, in closed form: a bound that no schedule of the engine beats.

Per request let T be the tokens computed, D the decode tokens, O the rows sampled and C the KV tokens that are resident
while it decodes, summed over its decode steps. However requests are mixed, they take at least

    M >= max(T / max_num_batched_tokens, D / max_num_seqs, C / KV tokens of the cache)

steps each, since a step decodes a request once at most, and all it decodes must be resident. A step of n tokens takes
h(n) at least: linear layers, collectives, host terms; attention and sampling only add to it. Every straight line
a + b n <= h(n) with a >= 0 therefore gives at least a M + b T seconds per request; the best of the lines that bound the
lower convex hull of h is taken. The same lines for the sampler, whose rows per step are at most max_num_seqs.
Reading C tokens of KV takes the data sheet's bandwidth at best, but for what the last-level cache holds over from step
to step, once per layer (the cost model keeps that as a floor). Lines whose ``a`` does not pay for this are worth less.

Not counted: prompt tokens that a prefix cache could find at best, and residence where prompts share blocks. So the
bound may be loose (attention of prompts, queueing and the goals are not in it) but is never below what a run shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from simulator.cost.deployment import Deployment
from simulator.cost.memory import MemoryPlan, kv_bytes_per_token_per_gpu
from simulator.cost.step_cost import StepCost
from simulator.engine.config import EngineConfig
from simulator.models.attention import GQAAttention
from simulator.operators.features import StepFeatures
from simulator.workload.prefix_reuse import matched_tokens
from simulator.workload.table import RequestTable

KV_FLOOR = 0.99
"""Share of the data sheet's time to read KV that the cost model guarantees (factors bend by 0.25 % between knots)."""

Line = tuple[float, float]
"""``(a, b)``: a + b n lies below a function of n everywhere."""


@dataclass(frozen=True)
class Demand:
    """Mean work of one request, in tokens.

    ``prompt``, ``output``: lengths. ``computed``: prompt tokens that no prefix cache could find, and decode tokens.
    ``decoded``: output tokens but the first. ``resident``: context at each decode step, summed over them. ``shares``:
    whether prompts have anything in common. ``longest``: prompt and output of the longest request.
    """

    prompt: float
    output: float
    computed: float
    decoded: float
    resident: float
    shares: bool
    longest: int

    @classmethod
    def of(cls, table: RequestTable, *, prefix_caching: bool) -> Demand:
        """Means over a table."""
        prompt, output = table.prompt_tokens, table.output_tokens
        found = np.minimum(matched_tokens(table), prompt - 1) if prefix_caching else np.zeros_like(prompt)
        steps = output - 1
        return cls(
            prompt=float(prompt.mean()),
            output=float(output.mean()),
            computed=float((prompt - found + steps).mean()),
            decoded=float(steps.mean()),
            resident=float((steps * prompt + steps * (steps + 1) / 2).mean()),
            shares=table.segments is not None,
            longest=int((prompt + output).max()),
        )

    @property
    def tokens(self) -> float:
        """Prompt and output tokens of a mean request."""
        return self.prompt + self.output


def largest_rate(
    deployment: Deployment, memory: MemoryPlan, engine: EngineConfig, cost: StepCost, demand: Demand
) -> float:
    """Requests per second one replica cannot exceed, whatever the goals; infinite for policies without a token budget
    or with drafts, of which the argument above does not hold."""
    if engine.policy != "vllm_v1" or engine.num_speculative_tokens:
        return float("inf")
    resident = 0.0 if demand.shares else demand.resident / memory.max_tokens
    steps = max(
        demand.computed / engine.max_num_batched_tokens,
        demand.decoded / engine.max_num_seqs,
        resident,
    )
    lines = lines_below(lambda n: cost.seconds(StepFeatures(tokens=n)), range(1, engine.max_num_batched_tokens + 1))
    seconds = max(a * steps + b * demand.computed for a, b in lines)
    kv_s, kept_s = _kv_seconds(deployment, demand)
    with_kv = (
        (a - kept_s) * (steps if a >= kept_s else demand.computed) + b * demand.computed + kv_s for a, b in lines
    )
    seconds = max(seconds, *with_kv)
    return 1.0 / (seconds + _sampling_seconds(deployment, engine, cost, demand))


def lines_below(function: Callable[[int], float], sizes: Iterable[int]) -> list[Line]:
    """The lines, with ``a >= 0``, through neighbouring corners of the lower convex hull of a function on ``sizes``
    (rising, at least one); the flat line through its least value is always among them."""
    hull: list[tuple[int, float]] = []
    for n in sizes:
        point = (n, function(n))
        while len(hull) > 1 and _turns_down(hull[-2], hull[-1], point):
            hull.pop()
        hull.append(point)
    lines = [(min(seconds for _, seconds in hull), 0.0)]
    for (left, low), (right, high) in pairwise(hull):
        slope = (high - low) / (right - left)
        if low - slope * left >= 0 and slope > 0:
            lines.append((low - slope * left, slope))
    least = min(seconds / n for n, seconds in hull)
    return [*lines, (0.0, least)]


def _turns_down(first: tuple[int, float], middle: tuple[int, float], last: tuple[int, float]) -> bool:
    """Whether the middle point lies on or above the line between the others."""
    rise = (last[1] - first[1]) * (middle[0] - first[0])
    return (middle[1] - first[1]) * (last[0] - first[0]) >= rise


def _kv_seconds(deployment: Deployment, demand: Demand) -> Line:
    """Seconds to read a request's KV over all its decode steps, and seconds of each step that caches may save of it.

    Nothing for models whose layers read less than the whole context, and for engines that launch every kernel anew,
    where attention may hide behind launches.
    """
    blocks = [block for block, _ in deployment.model.layer_groups]
    plain = all(isinstance(block.attention, GQAAttention) and not block.attention.sliding_window for block in blocks)
    if not plain or deployment.engine.layer_floor_s or any(len(block.mixers) > 1 for block in blocks):
        return 0.0, 0.0
    device = deployment.hardware
    kept = deployment.model.num_layers * device.l2_bytes / device.memory_bytes_per_s
    return KV_FLOOR * demand.resident * kv_bytes_per_token_per_gpu(deployment) / device.memory_bytes_per_s, kept


def _sampling_seconds(deployment: Deployment, engine: EngineConfig, cost: StepCost, demand: Demand) -> float:
    """Least seconds a request spends in LM head and sampler; 0 where launches may hide them."""
    if deployment.engine.layer_floor_s:
        return 0.0
    base = cost.seconds(StepFeatures(tokens=1))
    lines = lines_below(
        lambda rows: cost.seconds(StepFeatures(tokens=1, sampled=rows)) - base, range(1, engine.max_num_seqs + 1)
    )
    return max(a * demand.output / engine.max_num_seqs + b * demand.output for a, b in lines)
