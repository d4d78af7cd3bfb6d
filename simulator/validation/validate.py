"""``validate``: read a case file with what stands beside it, simulate and score every case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from simulator.errors import InputError, did_you_mean
from simulator.validation.case import Case
from simulator.validation.host_terms import HOST_TERMS
from simulator.validation.inferred import without_inferred
from simulator.validation.models_table import read_models
from simulator.validation.peers import PeerPair, peer_pairs, read_peers
from simulator.validation.read import read_cases
from simulator.validation.score import CaseResult, score_cases

MODELS_FILE, PEERS_FILE = "models.csv", "peer_scores.csv"
"""Files read from the folder of the cases, when they are there."""

OnCase = Callable[[Case], None]


@dataclass(frozen=True)
class Validation:
    """Results of every case, in the file's order; ``peers``: published scores of other simulators, paired with ours."""

    results: list[CaseResult]
    peers: list[PeerPair]


def validate(
    cases_file: Path,
    *,
    group: str | None = None,
    use_inferred: bool = True,
    terms: str = "fitted",
    with_band: bool = True,
    workers: int | None = 1,
    on_case: OnCase | None = None,
) -> Validation:
    """Score the cases of a file.

    Parameters
    ----------
    group: only that group. use_inferred: keep what a case says only because its measurement was looked at.
    terms: host terms to simulate with, a name of ``HOST_TERMS``. with_band: simulate the band too (three times the
    work). workers: processes, None = one per CPU. on_case: called with each case when its result is there.

    Raises ``InputError`` for an unusable file, an unknown group or unknown terms.
    """
    if terms not in HOST_TERMS:
        hint = did_you_mean(terms, HOST_TERMS)
        raise InputError(f"must be one of {', '.join(HOST_TERMS)}", path="--host-terms", value=terms, hint=hint)
    cases = _chosen(read_cases(cases_file), group)
    if not use_inferred:
        cases = [without_inferred(case) for case in cases]
    folder = cases_file.parent
    results = score_cases(
        cases,
        read_models(folder / MODELS_FILE),
        terms=terms,
        with_band=with_band,
        workers=workers,
        on_case=on_case,
    )
    peers = folder / PEERS_FILE
    return Validation(results, peer_pairs(read_peers(peers), results) if peers.is_file() else [])


def _chosen(cases: list[Case], group: str | None) -> list[Case]:
    if group is None:
        return cases
    groups = list(dict.fromkeys(case.group for case in cases))
    if group not in groups:
        hint = did_you_mean(group, groups)
        raise InputError(f"must be one of {', '.join(groups)}", path="--group", value=group, hint=hint)
    return [case for case in cases if case.group == group]
