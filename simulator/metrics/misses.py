"""Which objectives are missed, by how many requests, and what the time of those requests went into."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from simulator.metrics.goodput import Objectives
from simulator.metrics.logs import RequestLog, StepLog
from simulator.metrics.step_mix import pure_decode_steps

Rows = npt.NDArray[np.bool_]

LABELS = {"ttft_ms": "TTFT", "tpot_ms": "TPOT", "e2el_ms": "E2EL"}


def objectives_text(objectives: Objectives, log: RequestLog, steps: Sequence[StepLog], rows: Rows) -> str:
    """One sentence per missed objective; empty without objectives or finished requests.

    ``rows`` (n,) selects the finished requests that count. The reasons are those of the requests that miss.
    """
    if objectives.empty or not rows.any():
        return ""
    chosen = np.flatnonzero(rows)
    sentences = []
    for name, good in objectives.met_each(log, rows).items():
        missed = chosen[~good]
        if len(missed):
            bound_ms = getattr(objectives, name)
            sentences.append(
                f"The {LABELS[name]} objective ({bound_ms:g} ms) is missed by {_share(len(missed) / len(chosen))} of "
                f"the requests: {_reason(name, log, steps, missed, bound_ms)}."
            )
    return " ".join(sentences) or "Every finished request meets the objectives."


def _reason(name: str, log: RequestLog, steps: Sequence[StepLog], missed: npt.NDArray[np.intp], bound_ms: float) -> str:
    if name == "tpot_ms":
        return _decode_reason(log, steps, missed, bound_ms)
    parts = _mean_parts_ms(log, missed)
    if name == "ttft_ms":
        del parts["decoding"]
    longest = max(parts, key=lambda part: parts[part])
    return f"they spend {parts[longest]:,.0f} of their {sum(parts.values()):,.0f} ms (means) {longest}"


def _mean_parts_ms(log: RequestLog, missed: npt.NDArray[np.intp]) -> dict[str, float]:
    """Mean milliseconds of the stages of the given requests."""
    arrival, scheduled, first, finish = (
        log.column(name)[missed] for name in ("arrival_s", "scheduled_s", "first_token_s", "finish_s")
    )
    return {
        "waiting in the queue": 1e3 * float((scheduled - arrival).mean()),
        "in prefill": 1e3 * float((first - scheduled - log.delivery_s).mean()),
        "in the API server": 1e3 * log.delivery_s,
        "decoding": 1e3 * float((finish - first).mean()),
    }


def _decode_reason(log: RequestLog, steps: Sequence[StepLog], missed: npt.NDArray[np.intp], bound_ms: float) -> str:
    """Whether slow answers sat through prefills of others, or decode steps are slow in themselves, or were thrown out.

    Read from all decoding of the run: steps are shared, so the requests that miss saw much the same mix.
    """
    preempted = float(np.count_nonzero(log.column("preemptions")[missed])) / len(missed)
    if preempted > 0.5:
        return f"{_share(preempted)} of them were preempted and computed again"
    seconds = {"prefill": 0.0, "decode": 0.0}
    gaps = {"prefill": 0, "decode": 0}
    for one in steps:
        gap_s, count = np.diff(one.column("end_s")), one.column("gap_seqs")[1:].astype(np.int64)
        pure = pure_decode_steps(one)[1:]
        for kind, chosen in (("prefill", ~pure), ("decode", pure)):
            seconds[kind] += float((gap_s * count)[chosen].sum())
            gaps[kind] += int(count[chosen].sum())
    if not sum(gaps.values()):
        return "steps are slow"
    mean_ms = {kind: 1e3 * seconds[kind] / gaps[kind] if gaps[kind] else 0.0 for kind in gaps}
    if mean_ms["decode"] > bound_ms or not gaps["prefill"]:
        return f"decode steps take {mean_ms['decode']:.3g} ms on average even without a prompt in them"
    return (
        f"{_share(seconds['prefill'] / sum(seconds.values()))} of all decoding time passes in steps that also compute "
        f"prompts (a gap of {mean_ms['prefill']:.3g} ms on average, {mean_ms['decode']:.3g} ms without)"
    )


def _share(share: float) -> str:
    return "<0.1 %" if share < 0.001 else f"{100 * share:.1f} %" if share < 0.1 else f"{100 * share:.0f} %"
