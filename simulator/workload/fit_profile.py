"""Fit a profile to a table: something like a trace that can be handed on without the trace."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.errors import InputError
from simulator.workload.describe import describe
from simulator.workload.fit import distribution_mean, fit_quantiles, ks_distance
from simulator.workload.fit_arrivals import fit_arrivals
from simulator.workload.lengths import QuantileLength
from simulator.workload.prefixes import Prefixes, SharedSystemPrompt, UniquePrompts
from simulator.workload.profiles import Profile
from simulator.workload.spec import SyntheticSpec
from simulator.workload.table import IntColumn, RequestTable

_LEAST_REUSE = 0.01
"""Share of prompt tokens whose loss is worth a note."""


@dataclass(frozen=True)
class FittedProfile:
    """``profile``; ``notes``, what of the table it does not reproduce, one sentence each."""

    profile: Profile
    notes: tuple[str, ...]


def fit_profile(table: RequestTable, name: str, *, tolerance: float = 0.004) -> FittedProfile:
    """Quantile tables of both lengths, their rank correlation, the arrivals, and the prefix that all prompts share.

    ``tolerance`` is the greatest distance in probability of a fitted length distribution. No request of the table is
    kept: the profile holds rates of windows and quantiles, the least and the greatest token count among them.
    Raises ``InputError`` for a table without requests.
    """
    if not len(table):
        raise InputError("has no requests to fit", path="table")
    figures = describe(table)
    shared = _shared_by_all(table)
    prefix: Prefixes = SharedSystemPrompt(shared) if shared else UniquePrompts()
    own_tokens = table.prompt_tokens - shared
    prompt, output = fit_quantiles(own_tokens, tolerance), fit_quantiles(table.output_tokens, tolerance)
    spec = SyntheticSpec(
        num_requests=len(table),
        arrival=fit_arrivals(table.arrival_s),
        prompt_tokens=prompt,
        output_tokens=output,
        prefix=prefix,
        spearman=round(figures["spearman"] or 0.0, 4),
    )
    profile = Profile(
        name=name,
        description=f"fitted to {len(table)} recorded requests",
        source="inferplan trace synthesize; no request of the recording is kept",
        spec=spec,
        fit=_closeness(prompt, own_tokens, "prompt") | _closeness(output, table.output_tokens, "output"),
    )
    return FittedProfile(profile, tuple(_not_reproduced(table, figures["prefix_reuse"]["per_token"], shared)))


def _shared_by_all(table: RequestTable) -> int:
    """Tokens with which every prompt begins, leaving each at least one token of its own."""
    if table.segments is None or len(table) < 2:
        return 0
    begins = table.segments.offsets[:-1]
    if np.any(table.segments.segment[begins] != table.segments.segment[0]):
        return 0
    return int(min(table.segments.tokens[begins].min(), table.prompt_tokens.min() - 1))


def _closeness(fitted: QuantileLength, tokens: IntColumn, name: str) -> dict[str, float]:
    return {
        f"{name}_ks_distance": round(ks_distance(fitted, tokens), 4),
        f"{name}_mean_tokens": round(float(tokens.mean()), 2),
        f"{name}_mean_relative_error": round(abs(distribution_mean(fitted) / float(tokens.mean()) - 1), 4),
    }


def _not_reproduced(table: RequestTable, reuse: float, shared: int) -> list[str]:
    notes = []
    kept = shared * (len(table) - 1) / float(table.prompt_tokens.sum())
    if reuse - kept > _LEAST_REUSE:
        notes.append(
            f"an infinite prefix cache saves {reuse:.1%} of the recording's prompt tokens but only {kept:.1%} of the "
            "profile's: prefixes that some prompts share are not reproduced"
        )
    if table.after_row is not None:
        notes.append("requests no longer wait for one another")
    for column, absent in (("priority", 0), ("adapter", 0), ("tenant", -1)):
        if np.any(getattr(table, column) != absent):
            notes.append(f"the {column} column is not reproduced")
    return notes
