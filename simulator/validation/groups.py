"""Scores summed up: per group, quality and metric - never over groups, whose difficulty differs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from simulator.validation.score import CaseResult, Score


@dataclass(frozen=True)
class GroupRow:
    """``n`` scores of one metric; errors in percent, ``inside`` the share of measurements within the band."""

    group: str
    quality: str
    metric: str
    n: int
    median: float
    p90: float
    bias: float
    inside: float

    @classmethod
    def of(cls, scores: Sequence[Score]) -> GroupRow:
        """Median and p90 of the absolute error, median of the signed one. All scores share group, quality, metric."""
        first = scores[0]
        apes = [score.ape for score in scores]
        return cls(
            first.group,
            first.quality,
            first.metric,
            len(scores),
            float(np.median(apes)),
            float(np.quantile(apes, 0.9)),
            float(np.median([score.signed for score in scores])),
            float(np.mean([score.inside for score in scores])),
        )


def group_rows(scores: Iterable[Score]) -> list[GroupRow]:
    """One row per group, quality and metric, in order of first appearance."""
    found: dict[tuple[str, str, str], list[Score]] = {}
    for score in scores:
        found.setdefault((score.group, score.quality, score.metric), []).append(score)
    rows = [GroupRow.of(members) for members in found.values()]
    place = {group: index for index, group in enumerate(dict.fromkeys(row.group for row in rows))}
    return sorted(rows, key=lambda row: (place[row.group], row.quality))


def is_headline(row: GroupRow) -> bool:
    """The figures a reader looks at first: means, or medians where no mean exists, and throughput."""
    return not row.metric.endswith(("_p90_ms", "_p99_ms"))


def unsupported_rows(results: Iterable[CaseResult]) -> list[tuple[str, str]]:
    """``(case id, reason)`` of every case that could not be run."""
    return [(result.case.id, result.unsupported) for result in results if result.unsupported is not None]
