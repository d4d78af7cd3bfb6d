"""Continuous batching for real: the simulator's scheduler decides each step, an executor runs it, the wall clock ticks.

Scheduling is synchronous: a step's tokens are known before the next one is planned.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from calibration.serve.slot_cache import Chunk
from simulator.cluster.source import RequestMaker
from simulator.engine.build import build_core
from simulator.engine.config import EngineConfig
from simulator.engine.plan import Row
from simulator.engine.request import Request
from simulator.operators.features import StepFeatures
from simulator.workload.table import RequestTable

Floats = npt.NDArray[np.float64]


class Clock(Protocol):
    """What the server reads the time from (``calibration.serve.clocks``)."""

    def now(self) -> float:
        """Seconds since some moment."""

    def wait(self, seconds: float) -> None:
        """Let that much time pass."""


class Executor(Protocol):
    """Runs one step on the device and returns when its tokens are there."""

    def run(self, chunks: list[Chunk], tokens: list[list[int]], samples: list[bool]) -> list[int]:
        """The next token of every chunk that ``samples``; ``tokens``: new ones of each chunk."""


@dataclass
class Served:
    """What happened, in seconds from the start: per request (row of the table) and per step."""

    arrival_s: Floats
    first_token_s: Floats
    finish_s: Floats
    output_tokens: Floats
    steps: list[tuple[StepFeatures, float]] = field(default_factory=list)

    @property
    def ttft_s(self) -> Floats:
        """Time to first token of each request."""
        return self.first_token_s - self.arrival_s

    @property
    def tpot_s(self) -> Floats:
        """Time per output token after the first, of each request with several."""
        several = self.output_tokens > 1
        return (self.finish_s - self.first_token_s)[several] / (self.output_tokens[several] - 1)


def serve(
    table: RequestTable,
    config: EngineConfig,
    executor: Executor,
    *,
    vocab_size: int,
    clock: Clock,
) -> Served:
    """Serve a table of requests at their arrival times, every prompt made of random tokens.

    The KV pool must hold ``max_num_seqs`` sequences of full length: nothing is ever preempted.
    """
    core = build_core(config)
    coming = list(RequestMaker(table, config.max_model_len))
    coming.reverse()
    texts = _prompts(table, vocab_size)
    slots = _Slots(config.max_num_seqs)
    found = _empty(table)
    start = clock.now()
    while coming or core.has_work:
        now = clock.now() - start
        while coming and coming[-1][0] <= now:
            core.add(coming.pop()[1])
        if not core.has_work:
            clock.wait(max(0.0, coming[-1][0] - now))
            continue
        plan = core.plan()
        rows = list(core.expand(plan))
        produces = [row.before + row.new >= row.request.prompt_tokens for row in rows]
        chunks = [Chunk(slots.of(row.request), row.before, row.new) for row in rows]
        new = [texts[row.request.row][row.before : row.before + row.new] for row in rows]
        drawn = iter(executor.run(chunks, new, produces))
        _deliver(rows, produces, drawn, texts)
        done = core.commit(plan)
        end = clock.now() - start
        found.steps.append((plan.features, end - now))
        for row, sampled in zip(rows, produces, strict=True):
            if sampled and row.request.first_token_step == plan.index:
                found.first_token_s[row.request.row] = end
        for request in done:
            found.finish_s[request.row] = end
            slots.release(request)
    return found


def _deliver(rows: list[Row], produces: list[bool], drawn: Iterable[int], texts: list[list[int]]) -> None:
    tokens = iter(drawn)
    for row, sampled in zip(rows, produces, strict=True):
        if sampled:
            texts[row.request.row].append(next(tokens))


def _prompts(table: RequestTable, vocab_size: int) -> list[list[int]]:
    random = np.random.default_rng(0)
    return [random.integers(vocab_size, size=count).tolist() for count in table.prompt_tokens.tolist()]


def _empty(table: RequestTable) -> Served:
    nothing = np.full(len(table), np.nan)
    return Served(table.arrival_s.copy(), nothing.copy(), nothing.copy(), table.output_tokens.astype(np.float64))


class _Slots:
    """Gives every running request a slot of the KV cache."""

    def __init__(self, count: int) -> None:
        self._free = list(range(count - 1, -1, -1))
        self._held: dict[int, int] = {}

    def of(self, request: Request) -> int:
        """The request's slot; a new one the first time."""
        if request.row not in self._held:
            self._held[request.row] = self._free.pop()
        return self._held[request.row]

    def release(self, request: Request) -> None:
        """The request has left."""
        self._free.append(self._held.pop(request.row))
