"""Step logs made of a list of steps, and deployments to count them with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from simulator.cost.deployment import Deployment
from simulator.metrics.logs import StepLog
from simulator.operators.features import StepFeatures


@dataclass(frozen=True)
class Step:
    """``gap_s`` of quiet, then ``seconds`` of a step that decodes ``sequences`` with ``context`` tokens each and
    prefills ``prompt`` tokens of one request."""

    gap_s: float
    seconds: float
    sequences: int
    context: int
    prompt: int


@cache
def deployment(tensor_parallel_size: int = 2, hardware: str = "h100") -> Deployment:
    """Llama 3.1 8B."""
    return Deployment.of("llama-3.1-8b", hardware, tensor_parallel_size=tensor_parallel_size)


def features(step: Step) -> StepFeatures:
    """The step's statistics."""
    found = StepFeatures(
        tokens=step.sequences + step.prompt,
        sampled=step.sequences + bool(step.prompt),
        decode_seqs=step.sequences,
        decode_queries=step.sequences,
        decode_kv=step.sequences * step.context,
    )
    if step.prompt:
        found.add_chunk(step.prompt, 0)
    return found


def step_log(steps: list[Step], replica: int = 0) -> StepLog:
    """The log a replica would have written."""
    log, now_s = StepLog(replica), 0.0
    totals = {False: StepFeatures().as_dict(), True: StepFeatures().as_dict()}
    for step in steps:
        seen = features(step)
        log.start_s.append(now_s + step.gap_s)
        now_s += step.gap_s + step.seconds
        log.end_s.append(now_s)
        log.tokens.append(seen.tokens)
        log.decode_seqs.append(seen.decode_seqs)
        log.prefill_tokens.append(seen.prefill_tokens)
        log.used_blocks.append(step.sequences * step.context // 16)
        for column in (log.running, log.waiting, log.gap_seqs):
            column.append(0)
        kind = totals[bool(seen.prefill_seqs)]
        for name, value in seen.as_dict().items():
            kind[name] += value
    log.mixed_totals = totals[True]
    log.feature_totals = {name: value + totals[False][name] for name, value in totals[True].items()}
    log.num_blocks = 10_000
    return log
