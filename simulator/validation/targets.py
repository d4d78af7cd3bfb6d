"""What the predictions are meant to reach: median APE (%) of a metric over a group's cases of quality A and B."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from simulator.validation.score import Score


@dataclass(frozen=True)
class Target:
    """``percent``: median APE of ``metric`` over the cases of ``group``; ``hardware``: only cases whose device's name
    contains it. ``read_off``: terms of the engine profile that were read off these very runs, so that no column is
    held out; empty where none was."""

    group: str
    metric: str
    percent: float
    hardware: str = ""
    read_off: str = ""


def _targets(group: str, hardware: str = "", *, read_off: str = "", **percent: float) -> list[Target]:
    return [Target(group, f"{name}_ms", value, hardware, read_off) for name, value in percent.items()]


TARGETS: tuple[Target, ...] = (
    *_targets("vllm_h100_requests", tpot_mean=2.0, ttft_mean=4.5, e2e_mean=2.0, ttft_p99=10.0),
    *_targets("vllm_summary", tpot_mean=2.5, ttft_mean=6.0, e2e_mean=2.5),
    *_targets("inferencex", read_off="three terms", tpot_mean=4.0, ttft_mean=10.0),
    *_targets("llmd", "A100", tpot_mean=5.0, ttft_mean=15.0, e2e_mean=5.0),
    *_targets("llmservingsim", read_off="one term of one case", tpot_mean=8.0, ttft_mean=20.0, e2e_mean=10.0),
)
"""Of constants fitted with the case's model held out. ``llmservingsim`` (four cases) is listed case by case as well."""


def scores_of(target: Target, scores: Iterable[Score], hardware: dict[str, str]) -> list[Score]:
    """The scores a target speaks of; ``hardware``: case id -> name of its device."""
    return [
        score
        for score in scores
        if score.group == target.group
        and score.metric == target.metric
        and score.quality in ("A", "B")
        and target.hardware in hardware[score.case_id]
    ]


def median_ape(scores: Iterable[Score]) -> float:
    """Median APE in percent; NaN without a score."""
    apes = [score.ape for score in scores]
    return float(np.median(apes)) if apes else float("nan")
