"""The part of the accuracy page that stands beside other simulators."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.validation.markdown_table import table
from simulator.validation.peers import PeerPair, PeerSummary, peer_summaries

_TEXT = """\
## Beside other simulators

Published predictions for the same cases, paired with ours under held-out constants; rows are left out whose simulator
was driven by other arrivals than the measurement had. Ours and theirs are compared with the same measured rows, except
those marked *stage*: there the publisher scored the whole load stage and we the window of the case, each against its
own measurement. *Better*: the smaller median error, and the smaller one in more than half of the pairs. LLMServingSim2
is published by the authors of the `llmservingsim` cases; it reads kernel timings of those very machines, and its KV
capacity was matched to the run. Poisson arrivals were drawn, not recorded, so the first few hundred requests of ours
are others.
"""


def peer_section(pairs: Sequence[PeerPair]) -> str:
    """Text, verdict by simulator and table of pairs."""
    summaries = peer_summaries(pairs)
    header = ("simulator", "metric", "pairs", "its median APE %", "ours", "ours smaller", "better")
    return "\n".join([_TEXT, _verdicts(summaries), "", table(header, map(_row, summaries))])


def _verdicts(summaries: Sequence[PeerSummary]) -> str:
    """One line a simulator: in how many of its rows ours is the better one."""
    lines = []
    for simulator in dict.fromkeys(row.simulator for row in summaries):
        rows = [row for row in summaries if row.simulator == simulator]
        better = sum(row.better for row in rows)
        verdict = "ours is better in all" if better == len(rows) else f"ours is better in {better} of"
        lines.append(f"* {simulator}: {verdict} {len(rows)} rows")
    return "\n".join(lines)


def _row(row: PeerSummary) -> tuple[object, ...]:
    metric = f"`{row.metric}`" + ("" if row.same_window else " (stage)")
    errors = f"{row.theirs:.1f}", f"{row.ours:.1f}"
    return row.simulator, metric, row.n, *errors, f"{row.ours_better}/{row.n}", "yes" if row.better else "no"
