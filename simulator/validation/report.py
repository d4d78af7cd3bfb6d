"""The accuracy statement: one Markdown page from the runs with and without inferred facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from simulator.validation.groups import GroupRow, group_rows, is_headline, unsupported_rows
from simulator.validation.peers import PeerSummary
from simulator.validation.score import CaseResult, all_scores
from simulator.validation.validate import Validation

_INTRODUCTION = """\
# How accurate are the predictions?

Made by `inferplan validate CASES.jsonl --markdown FILE`: measured runs of real engines, simulated and compared. Errors
are absolute percentage errors (APE) of one metric of one case; *bias* is the median signed error (> 0: predicted too
much); *in band* is the share of measurements inside the stated band. Groups are never averaged together; quality A is
an exact configuration with measurements of single requests, B has minor assumptions, C is rough.

**Read this first.** The host terms of vLLM 0.15 were fitted to runs that are in `vllm_h100_requests` and
`vllm_summary`: those two groups are **in-sample**. The per-layer term of the 0.8 profile was read off `llmd` (A100),
that of the eager profile off the H100 case of `llmservingsim`. `inferencex` (vLLM 0.10.2), the other cases of
`llmservingsim` and the offline groups of TensorRT-LLM and MLPerf saw no fit. Kernel constants come from kernel timings,
never from these cases.

The band is the cost model's: every step faster or slower by the median kernel error of the operators in it, all in
the same direction, run through the scheduler. Where a case gives only a mean length, every request has it; Poisson
stages are drawn once with a fixed seed, the expected number of requests each.
"""

_WITHOUT = """\
*Without inferred* leaves out what was learnt from the measurements themselves: KV capacity (llmd, A100), KV format
(inferencex), which models sample with top-p, and that a group's nominal prefix is not served from the cache on first
use.
"""

_PEERS = """\
## Beside other simulators

Published predictions for the same cases; rows are left out whose simulator was driven by other arrivals than the
measurement had. Ours and theirs are compared with the same measured rows, except those marked *stage*: there the
publisher scored the whole load stage and we the window of the case, each against its own measurement.
LLMServingSim2 is published by the authors of the `llmservingsim` cases and knows the kernels and the KV capacity of
those very machines. Poisson arrivals were drawn, not recorded, so the first few hundred requests of ours are others.
"""


def markdown(with_inferred: Validation, without_inferred: Validation) -> str:
    """The whole page."""
    parts = [
        _INTRODUCTION,
        "## By group",
        _WITHOUT,
        _group_table(with_inferred.results, without_inferred.results),
        "## Single requests",
        _request_table(with_inferred.results),
        _PEERS,
        _peer_table(with_inferred.peers),
        "## Not modelled",
        _unsupported_list(with_inferred.results),
    ]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [f"| {' | '.join(header)} |", "|" + "---|" * len(header)]
    return "\n".join(lines + [f"| {' | '.join(map(str, row))} |" for row in rows])


def _group_table(with_inferred: Sequence[CaseResult], without_inferred: Sequence[CaseResult]) -> str:
    second = {(row.group, row.quality, row.metric): row for row in group_rows(all_scores(without_inferred))}
    rows = []
    for row in filter(is_headline, group_rows(all_scores(with_inferred))):
        other = second.get((row.group, row.quality, row.metric))
        rows.append((*_cells(row), "" if other is None else f"{other.median:.1f} / {other.p90:.1f}"))
    header = ("group", "quality", "metric", "n", "median / p90 APE %", "bias %", "in band", "without inferred")
    return _table(header, rows)


def _cells(row: GroupRow) -> tuple[str, ...]:
    errors = f"{row.median:.1f} / {row.p90:.1f}"
    return row.group, row.quality, f"`{row.metric}`", str(row.n), errors, f"{row.bias:+.1f}", f"{row.inside:.0%}"


def _request_table(results: Sequence[CaseResult]) -> str:
    """Median APE of single requests: median over the cases of a group, and the worst case."""
    found: dict[tuple[str, str], list[float]] = {}
    for result in results:
        for name, ape in result.request_ape.items():
            if result.case.quality in ("A", "B") and result.case.scores(name):
                found.setdefault((result.case.group, name), []).append(ape)
    rows = [
        (group, f"`{name}`", len(apes), f"{np.median(apes):.1f}", f"{max(apes):.1f}")
        for (group, name), apes in found.items()
    ]
    return _table(("group (A and B)", "latency", "cases", "median APE %", "worst case"), rows)


def _peer_table(peers: Sequence[PeerSummary]) -> str:
    rows = [
        (
            row.simulator,
            f"`{row.metric}`" + ("" if row.same_window else " (stage)"),
            row.n,
            f"{row.theirs:.1f}",
            f"{row.ours:.1f}",
            f"{row.ours_better}/{row.n}",
        )
        for row in peers
    ]
    return _table(("simulator", "metric", "pairs", "its median APE %", "ours", "ours better"), rows)


def _unsupported_list(results: Sequence[CaseResult]) -> str:
    """Reasons with the number of cases and their ids."""
    reasons: dict[str, list[str]] = {}
    for case_id, reason in unsupported_rows(results):
        reasons.setdefault(reason, []).append(case_id)
    return "\n".join(f"* {len(ids)} x {reason}: {', '.join(ids)}" for reason, ids in reasons.items()) or "Nothing."
