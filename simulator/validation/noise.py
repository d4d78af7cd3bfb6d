"""How well a run could be predicted at all: what the same measurement gives when it is made again.

Two views of the measurements themselves: cases that were run more than once under the same set-up, and quarters of one
run's scored window (a quarter scatters more than the whole; a stall in one of them shows).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from simulator.validation.case import Case
from simulator.validation.metrics import STATISTICS, Floats
from simulator.validation.score import CaseResult

_LEAST_ROWS = 400
"""Scored rows worth cutting into quarters: a p99 of fewer than a hundred is a maximum."""


@dataclass(frozen=True)
class NoiseRow:
    """Coefficient of variation (%) of a metric: median and greatest over ``sets`` of repeated measurements."""

    group: str
    metric: str
    sets: int
    median: float
    greatest: float


def replicate_noise(cases: Sequence[Case]) -> list[NoiseRow]:
    """Over runs of one set-up: the same model, device, layout and traffic, whatever else was switched."""
    found: dict[tuple[str, str], list[float]] = {}
    for replicates in _replicates(cases):
        for metric in replicates[0].measured:
            values = [case.measured[metric] for case in replicates if metric in case.measured and case.scores(metric)]
            if len(values) > 1:
                found.setdefault((replicates[0].group, metric), []).append(_variation(values))
    return _rows(found)


def quarter_noise(results: Sequence[CaseResult]) -> list[NoiseRow]:
    """Over the four quarters of each run's scored rows, where requests were measured one by one."""
    found: dict[tuple[str, str], list[float]] = {}
    for result in results:
        if result.prediction is None or result.case.quality == "C":
            continue
        requests = result.prediction.nominal.requests
        for name, values in requests.measured.items():
            sample = values[requests.scored & np.isfinite(values)]
            if len(sample) < _LEAST_ROWS:
                continue
            for statistic in ("mean", "p99"):
                metric = f"{name.removesuffix('_ms')}_{statistic}_ms"
                if result.case.scores(metric):
                    found.setdefault((result.case.group, metric), []).append(_quarters(sample, statistic))
    return _rows(found)


def _quarters(sample: Floats, statistic: str) -> float:
    return _variation([float(STATISTICS[statistic](part)) for part in np.array_split(sample, 4)])


def _replicates(cases: Sequence[Case]) -> list[list[Case]]:
    """Cases that differ in nothing but engine limits, names, sources and measurements; sets of two and more."""
    sets: list[tuple[Case, list[Case]]] = []
    for case in cases:
        if case.quality == "C":
            continue
        bare = _bare(case)
        for known, members in sets:
            if known == bare:
                members.append(case)
                break
        else:
            sets.append((bare, [case]))
    return [members for _, members in sets if len(members) > 1]


def _bare(case: Case) -> Case:
    engine = replace(case.engine, max_num_batched_tokens=None, num_kv_blocks=None, gpu_memory_utilization=None)
    return replace(case, id="", source="", engine=engine, measured={}, stage_measured=(), score_metrics=None)


def _variation(values: Sequence[float]) -> float:
    return 100.0 * float(np.std(values, ddof=1) / np.mean(values))


def _rows(found: dict[tuple[str, str], list[float]]) -> list[NoiseRow]:
    return [
        NoiseRow(group, metric, len(values), float(np.median(values)), float(max(values)))
        for (group, metric), values in found.items()
    ]
