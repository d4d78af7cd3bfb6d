"""Page of a workload profile."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simulator.cli.page import Fact, Page
from simulator.workload.describe import describe
from simulator.workload.generate import synthesize
from simulator.workload.profiles import load_profile

_DRAWN = 2000
"""Requests drawn to describe a profile."""


def workload_page(name: str) -> Page:
    """What a profile draws: arrivals, lengths, prefix reuse."""
    profile = load_profile(name)
    spec = profile.spec
    drawn = replace(spec, num_requests=min(spec.num_requests, _DRAWN))
    figures = describe(synthesize(drawn, seed=0).table)
    sections = {
        "requests": [
            Fact("requests", spec.num_requests),
            Fact("arrivals", type(spec.arrival).__name__),
            Fact("rate", figures["rate_per_s"], "1/s", "mean"),
            Fact("burstiness", figures["burstiness"], "", "1 / squared variation of gaps; 1 = Poisson"),
        ],
        "prompt tokens": _lengths(figures["prompt_tokens"]),
        "output tokens": _lengths(figures["output_tokens"]),
        "prefixes": [
            Fact("kind", type(spec.prefix).__name__),
            Fact("reuse", 100 * figures["prefix_reuse"]["per_token"], "%", "of prompt tokens, cache without limit"),
        ],
        "fit to the source": [Fact(name.replace("_", " "), value) for name, value in profile.fit.items()],
    }
    lists: dict[str, tuple[str, ...]] = {
        "figures": (f"of {drawn.num_requests:,} requests drawn with seed 0",),
        "source": (profile.source,),
        "licence": (profile.licence,) if profile.licence else (),
        "changes": (profile.changes,) if profile.changes else (),
    }
    return Page(profile.name, profile.description, sections, lists)


def _lengths(figures: dict[str, Any]) -> list[Fact]:
    return [Fact(name, figures[name]) for name in ("mean", "p50", "p90", "p99", "max")]
