"""Time series of the replicas on a regular grid, in vLLM's Prometheus names without the prefix.

Levels (``num_requests_running``, ``num_requests_waiting``, ``kv_cache_usage_perc``) are means over each grid cell, so a
coarse grid loses no load; counters are totals up to the end of the cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.metrics.logs import FINISHED, RequestLog, StepLog

Floats = npt.NDArray[np.float64]

MAX_POINTS = 2000
"""Most grid cells per replica."""

COLUMNS = (
    "time_s",
    "replica",
    "num_requests_running",
    "num_requests_waiting",
    "kv_cache_usage_perc",
    "batch_tokens",
    "engine_steps",
    "prefix_cache_queries",
    "prefix_cache_hits",
    "prompt_tokens",
    "generation_tokens",
)


def replica_series(
    step_log: StepLog, log: RequestLog, prompt_tokens: npt.NDArray[np.int64], end_s: float, points: int = MAX_POINTS
) -> dict[str, npt.NDArray[Any]]:
    """Columns ``COLUMNS`` of one replica, each (cells,); ``time_s`` is the end of the cell.

    ``kv_cache_usage_perc`` is a share 0..1, as in vLLM (1.0 = full). ``batch_tokens`` is the mean number of tokens of
    the ``engine_steps`` steps that end in the cell and compute something. ``prompt_tokens`` counts a
    prompt when its first token is out and ``generation_tokens`` the tokens emitted, as vLLM does; prefix counters count
    tokens at a request's admission.
    """
    edges = np.linspace(0.0, end_s, _cells(len(step_log), points) + 1)
    running, waiting, blocks = (
        _cell_integrals(step_log, edges, name) for name in ("running", "waiting", "used_blocks")
    )
    cell_s = np.diff(edges)
    with np.errstate(invalid="ignore", divide="ignore"):
        running, waiting = (np.where(cell_s > 0, level / cell_s, 0.0) for level in (running, waiting))
        usage = np.where(cell_s > 0, blocks / (cell_s * max(step_log.num_blocks, 1)), 0.0)
    mine = log.column("replica") == step_log.replica
    queries, hits = _prefix_counters(log, prompt_tokens, mine, edges)
    prompts, generated = _token_counters(step_log, log, prompt_tokens, mine, edges)
    return dict(
        zip(
            COLUMNS,
            (
                edges[1:],
                np.full(len(cell_s), step_log.replica),
                running,
                waiting,
                usage if step_log.num_blocks else np.zeros(len(cell_s)),
                *_tokens_per_step(step_log, edges),
                queries,
                hits,
                prompts,
                generated,
            ),
            strict=True,
        )
    )


def run_series(
    steps: Sequence[StepLog], log: RequestLog, prompt_tokens: npt.NDArray[np.int64], end_s: float
) -> dict[str, npt.NDArray[Any]]:
    """The series of all replicas, one below the other."""
    parts = [replica_series(one, log, prompt_tokens, end_s) for one in steps]
    return {name: np.concatenate([part[name] for part in parts]) if parts else np.zeros(0) for name in COLUMNS}


def _cells(steps: int, points: int) -> int:
    return max(1, min(points, steps))


def _tokens_per_step(log: StepLog, edges: Floats) -> tuple[Floats, Floats]:
    """Mean tokens of the steps of each cell (0 without any), and how many there are."""
    tokens = log.column("tokens")
    ends, tokens = log.column("end_s")[tokens > 0], tokens[tokens > 0]
    sums, counts = (_per_cell(ends, amounts, edges) for amounts in (tokens, np.ones(len(tokens))))
    return np.divide(sums, counts, out=np.zeros(len(sums)), where=counts > 0), counts


def _cell_integrals(log: StepLog, edges: Floats, name: str) -> Floats:
    """Integral of a level over each cell, the level being 0 between steps."""
    start, end = log.column("start_s"), log.column("end_s")
    if not len(start):
        return np.zeros(len(edges) - 1)
    area = (end - start) * log.column(name)[: len(end)]
    knots = np.stack((start, end), axis=1).ravel().astype(np.float64)
    total = np.cumsum(area)
    heights = np.stack((total - area, total), axis=1).ravel()
    return np.diff(np.interp(edges, knots, heights))


def _prefix_counters(
    log: RequestLog, prompt_tokens: npt.NDArray[np.int64], mine: npt.NDArray[np.bool_], edges: Floats
) -> tuple[Floats, Floats]:
    admitted = mine & np.isfinite(log.column("scheduled_s"))
    times = log.column("scheduled_s")[admitted]
    return (
        _counter(times, prompt_tokens[admitted], edges),
        _counter(times, log.column("cached_tokens")[admitted], edges),
    )


def _token_counters(
    step_log: StepLog,
    log: RequestLog,
    prompt_tokens: npt.NDArray[np.int64],
    mine: npt.NDArray[np.bool_],
    edges: Floats,
) -> tuple[Floats, Floats]:
    began = mine & np.isfinite(log.column("first_token_s"))
    firsts = log.column("first_token_s")[began]
    emitted = int(log.column("emitted_tokens")[mine & (log.column("status") == FINISHED)].sum())
    gaps = _counter(step_log.column("end_s"), step_log.column("gap_seqs"), edges)
    # Tokens after a request's first: the log dates nearly all of them (gap_seqs); the exceptions (odd gaps, bursts)
    # carry no date and are spread like the rest.
    later, dated = max(0, emitted - len(firsts)), int(step_log.column("gap_seqs").sum(dtype=np.int64))
    generated = _counter(firsts, np.ones(len(firsts)), edges) + gaps * (later / dated if dated else 0.0)
    return _counter(firsts, prompt_tokens[began], edges), np.rint(generated)


def _counter(times: npt.NDArray[Any], amounts: npt.NDArray[Any], edges: Floats) -> Floats:
    """Sum of the amounts dated up to the end of each cell."""
    return np.cumsum(_per_cell(times, amounts, edges))


def _per_cell(times: npt.NDArray[Any], amounts: npt.NDArray[Any], edges: Floats) -> Floats:
    """Sum of the amounts dated inside each cell; what lies beyond the last edge counts in the last cell."""
    cell = np.clip(np.searchsorted(edges, times, side="left") - 1, 0, len(edges) - 2)
    return np.bincount(cell, weights=amounts, minlength=len(edges) - 1).astype(np.float64)
