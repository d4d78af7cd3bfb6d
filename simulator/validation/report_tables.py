"""Tables of the accuracy page: targets, groups, single cases, noise, single requests, what is not modelled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simulator.validation.columns import COLUMNS, HELD_OUT, SideBySide
from simulator.validation.groups import GroupRow, group_rows, is_headline, unsupported_rows
from simulator.validation.markdown_table import table
from simulator.validation.noise import quarter_noise, replicate_noise
from simulator.validation.peers import PeerPair
from simulator.validation.score import CaseResult, all_scores
from simulator.validation.targets import TARGETS, Target, median_ape, scores_of


def target_table(beside: SideBySide) -> str:
    """Every target with the median of each column, and whether the held-out one meets it."""
    hardware = {result.case.id: result.case.hardware for result in beside.columns[HELD_OUT].results}
    scores = {column: all_scores(beside.columns[column].results) for column in COLUMNS}
    rows = []
    for target in TARGETS:
        found = {column: scores_of(target, scores[column], hardware) for column in COLUMNS}
        if found[HELD_OUT]:
            medians = [median_ape(found[column]) for column in COLUMNS]
            met = "yes" if median_ape(found[HELD_OUT]) <= target.percent else "**missed**"
            met += f" (not held out: {target.read_off} read off these runs)" if target.read_off else ""
            cells = (_figure(median) for median in medians)
            rows.append((_name(target), f"`{target.metric}`", len(found[HELD_OUT]), f"{target.percent:g}", *cells, met))
    labels = [column.label for column in COLUMNS]
    return table(("group", "metric", "n", "target", *labels, "held out meets it"), rows)


def _name(target: Target) -> str:
    return f"{target.group} ({target.hardware})" if target.hardware else target.group


def group_table(beside: SideBySide) -> str:
    """Median / p90 of each column by group, quality and metric."""
    others = {
        column: {_key(row): row for row in group_rows(all_scores(beside.columns[column].results))} for column in COLUMNS
    }
    rows = []
    for row in others[HELD_OUT].values():
        if is_headline(row) or row.metric == "ttft_p99_ms":
            cells = [_errors(others[column].get(_key(row))) for column in COLUMNS]
            where = (row.group, row.quality, f"`{row.metric}`", row.n)
            rows.append((*where, *cells, f"{row.bias:+.1f}", f"{row.inside:.0%}"))
    labels = [column.label for column in COLUMNS]
    return table(("group", "quality", "metric", "n", *labels, "bias", "in band"), rows)


def _key(row: GroupRow) -> tuple[str, str, str]:
    return row.group, row.quality, row.metric


def _errors(row: GroupRow | None) -> str:
    return "" if row is None else f"{row.median:.1f} / {row.p90:.1f}"


def _figure(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.1f}"


def case_table(beside: SideBySide, group: str, peers: Sequence[PeerPair]) -> str:
    """Every case of a small group, with what other simulators published for it."""
    scores = {column: beside.scores(column) for column in COLUMNS}
    rows = []
    for (case_id, metric), score in scores[HELD_OUT].items():
        if score.group == group and metric.endswith(("_mean_ms", "_s")):
            others = [scores[column].get((case_id, metric)) for column in COLUMNS]
            cells = ["" if other is None else f"{other.signed:+.1f}" for other in others]
            rows.append((case_id, f"`{metric}`", *cells, _published(case_id, metric, peers)))
    labels = [column.label for column in COLUMNS]
    return table(("case", "metric, signed error %", *labels, "published, APE %"), rows)


def _published(case_id: str, metric: str, peers: Sequence[PeerPair]) -> str:
    own = {"output_tok_s": "output_tok_s_mean"}.get(metric, metric.removesuffix("_ms"))
    found = [pair for pair in peers if (pair.case_id, pair.metric) == (case_id, own)]
    return ", ".join(f"{pair.simulator} {pair.theirs:.1f}" for pair in found)


def noise_table(results: Sequence[CaseResult]) -> str:
    """Replicates and quarters."""
    cases = [result.case for result in results]
    found = [("replicates", row) for row in replicate_noise(cases)]
    found += [("quarters", row) for row in quarter_noise(results)]
    rows = [
        (row.group, kind, f"`{row.metric}`", row.sets, f"{row.median:.1f}", f"{row.greatest:.1f}")
        for kind, row in found
    ]
    return table(("group", "repeated", "metric", "sets", "median CV %", "greatest"), rows)


def request_table(results: Sequence[CaseResult]) -> str:
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
    return table(("group", "latency", "cases", "median APE %", "worst case"), rows)


def unsupported_list(results: Sequence[CaseResult]) -> str:
    """Reasons with the number of cases and their ids."""
    reasons: dict[str, list[str]] = {}
    for case_id, reason in unsupported_rows(results):
        reasons.setdefault(reason, []).append(case_id)
    return "\n".join(f"* {len(ids)} x {reason}: {', '.join(ids)}" for reason, ids in reasons.items()) or "Nothing."
