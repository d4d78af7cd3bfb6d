"""The part of the accuracy page that judges the 80 % bands."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.validation.band_quality import BandQuality, pooled_means
from simulator.validation.markdown_table import table
from simulator.validation.score import CaseResult, Score, all_scores

_TEXT = """\
## Are the 80 % bands honest

Mean metrics and throughput of cases of quality A and B, held-out constants. *Width* is the median full width in percent
of the prediction; the *interval score* (Winkler; width plus ten times the distance outside, on logarithms) is the lower
the better and punishes wide bands as well as missed measurements. A good band holds 70 to 90 % of the measurements.
"""

_FITTED = ("vllm_h100_requests", "vllm_summary")
"""Groups whose constants were held out by model: the pool the widths are judged on."""


def band_section(results: Sequence[CaseResult]) -> str:
    """Text and table: each group, TTFT apart from the rest, and the pool."""
    scores = pooled_means(all_scores(results))
    pools: dict[str, list[Score]] = {"**pooled, held out by model**": [s for s in scores if s.group in _FITTED]}
    pools["all groups"] = scores
    for group in dict.fromkeys(score.group for score in scores):
        pools[group] = [score for score in scores if score.group == group]
    rows = []
    for name, members in pools.items():
        for label, part in _by_family(members).items():
            if part:
                rows.append((name, label, *_cells(BandQuality.of(part))))
    return _TEXT + "\n" + table(("values", "metrics", "n", "inside", "width %", "interval score %"), rows)


def _by_family(scores: Sequence[Score]) -> dict[str, list[Score]]:
    first_token = [score for score in scores if score.metric.startswith(("ttft", "prompt"))]
    rest = [score for score in scores if score not in first_token]
    return {"all": list(scores), "first token": first_token, "TPOT, latency, throughput": rest}


def _cells(quality: BandQuality) -> tuple[str, ...]:
    return str(quality.n), f"{quality.coverage:.0%}", f"{quality.width:.1f}", f"{quality.score:.1f}"
