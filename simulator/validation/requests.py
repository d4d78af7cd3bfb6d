"""From a case to the requests that are sent, the load stage of each, and the rows that count."""

from __future__ import annotations

import csv
import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.errors import InputError
from simulator.validation.case import Case, LengthFacts, PrefixFacts, Stage, WorkloadFacts
from simulator.validation.lengths import length_distribution
from simulator.validation.unsupported import Unsupported
from simulator.workload.table import FloatColumn, IntColumn, PromptSegments, RequestTable
from simulator.workload.workload import Workload

SEED = 0
"""Of everything drawn: arrivals of Poisson stages, lengths given by bounds."""

_SERVER_S = 600.0
"""Length of a Poisson run whose length nobody recorded: MLPerf's shortest."""

_EVENLY = ("constant", "fixed", "uniform", "even", "evenly_spaced", "deterministic")
"""What records call arrivals with equal gaps."""

_ARRIVALS, _PROMPTS, _OUTPUTS = 0, 1, 2
_FIRST_OWN_SEGMENT = 1 << 20
"""Segment ids of whole prompts start here; below stand the groups' shared prefixes."""


@dataclass(frozen=True)
class CaseRequests:
    """``workload``: n requests. ``stage``: (n,) load stage. ``scored``: (n,) whether the row counts. ``measured``:
    per-request figures of the file in ms by name (``ttft_ms``), (n,) with NaN where blank."""

    workload: Workload
    stage: IntColumn
    scored: npt.NDArray[np.bool_]
    measured: dict[str, FloatColumn]


def case_requests(case: Case) -> CaseRequests:
    """The requests of a case: its file's, or drawn with a fixed seed where it gives rates and distributions.

    Raises ``InputError`` for an unusable request file, ``Unsupported`` when the case does not say what was sent.
    """
    facts = case.workload
    return _replayed(facts) if facts.kind == "trace" else _drawn(facts)


def _replayed(facts: WorkloadFacts) -> CaseRequests:
    if facts.requests_file is None:
        raise Unsupported("a trace case without requests_file")
    columns = _read_columns(facts.requests_file)
    prompts = columns["prompt_tokens"].astype(np.int64)
    ids = columns.get("prompt_id")
    segments = None
    if facts.prefix.scheme == "cycle":
        index = np.arange(len(prompts)) % (facts.prefix.num_prompts or len(prompts)) if ids is None else ids
        segments = _segments(index.astype(np.int64), prompts, facts.prefix)
    table = RequestTable.from_columns(
        columns["arrival_s"], prompts, columns["output_tokens"].astype(np.int64), segments=segments
    )
    row = np.arange(len(table))
    scored = (row >= facts.first_scored) & (row < (facts.end_scored or len(table)))
    measured: dict[str, FloatColumn] = {
        name: columns[name] for name in ("ttft_ms", "tpot_ms", "e2e_ms") if name in columns
    }
    return CaseRequests(Workload(table), np.zeros(len(table), dtype=np.int64), scored, measured)


def _read_columns(path: Path) -> dict[str, FloatColumn]:
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
            names = reader.fieldnames or []
    except (gzip.BadGzipFile, EOFError, zlib.error, UnicodeDecodeError):
        raise InputError("is not a whole gzip file of text", file=path) from None
    for needed in ("arrival_s", "prompt_tokens", "output_tokens"):
        if needed not in names or not rows:
            raise InputError(f"needs a column {needed} and at least one row", file=path)
    try:
        return {name: np.array([float(row[name] or "nan") for row in rows]) for name in names}
    except (ValueError, TypeError):
        raise InputError("holds something that is not a number", file=path) from None


def _drawn(facts: WorkloadFacts) -> CaseRequests:
    arrival_s, stage = _arrivals(facts)
    n = len(arrival_s)
    prompts, outputs = _lengths(facts.prompt_tokens, n, _PROMPTS), _lengths(facts.output_tokens, n, _OUTPUTS)
    segments = None
    if facts.prefix.scheme == "cycle" and facts.prefix.num_prompts:
        index = np.arange(n, dtype=np.int64) % facts.prefix.num_prompts
        prompts = prompts[index]
        segments = _segments(index, prompts, facts.prefix)
    table = RequestTable.from_columns(arrival_s, prompts, outputs, segments=segments)
    concurrency = facts.concurrency if facts.kind == "closed_loop" else None
    return CaseRequests(Workload(table, max_concurrency=concurrency), stage, np.ones(n, dtype=bool), {})


def _arrivals(facts: WorkloadFacts) -> tuple[FloatColumn, IntColumn]:
    """Arrival times (s) and load stage of every request."""
    if facts.kind == "poisson":
        return _poisson(facts)
    n = facts.batch if facts.kind == "fixed_batch" else facts.num_requests
    if n is None:
        raise Unsupported(f"a {facts.kind} case without its number of requests")
    return np.zeros(n), np.zeros(n, dtype=np.int64)


def _poisson(facts: WorkloadFacts) -> tuple[FloatColumn, IntColumn]:
    """Each stage's expected number of requests at uniform times (Poisson, given the count), or evenly spaced."""
    evenly = facts.arrival is not None and facts.arrival.lower() in _EVENLY
    if facts.arrival is not None and not evenly and facts.arrival.lower() != "poisson":
        raise Unsupported(f"arrivals of kind {facts.arrival!r} are not modelled")
    stages = facts.stages
    if not stages:
        if facts.qps is None:
            raise Unsupported("a Poisson case without a rate")
        seconds = _SERVER_S if facts.num_requests is None else facts.num_requests / facts.qps
        stages = (Stage(facts.qps, seconds),)
    rng = _stream(_ARRIVALS)
    times, labels, start_s = [], [], 0.0
    for index, stage in enumerate(stages):
        n = max(1, round(stage.qps * stage.duration_s))
        places = np.arange(n) / n if evenly else np.sort(rng.random(n))
        times.append(start_s + places * stage.duration_s)
        labels.append(np.full(n, index, dtype=np.int64))
        start_s += stage.duration_s
    return np.concatenate(times), np.concatenate(labels)


def _lengths(facts: LengthFacts, n: int, stream: int) -> IntColumn:
    """(n,) token counts."""
    return length_distribution(facts).draw(_stream(stream).random(n))


def _segments(prompt: IntColumn, tokens: IntColumn, facts: PrefixFacts) -> PromptSegments:
    """Equal prompt ids are equal prompts; prompts of one group begin with the same ``group_prefix_tokens``."""
    own = _FIRST_OWN_SEGMENT + prompt
    shared = facts.group_prefix_tokens
    if not shared or tokens.min() <= shared:
        return PromptSegments(np.arange(len(tokens) + 1, dtype=np.int64), own, tokens)
    group = prompt // (facts.prompts_per_group or 1)
    pairs: Any = np.column_stack
    return PromptSegments(
        2 * np.arange(len(tokens) + 1, dtype=np.int64),
        pairs((group, own)).ravel(),
        pairs((np.full(len(tokens), shared, dtype=np.int64), tokens - shared)).ravel(),
    )


def _stream(key: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(SEED, spawn_key=(key,))))
