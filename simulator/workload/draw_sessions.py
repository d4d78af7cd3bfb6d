"""From a ``SessionSpec`` and a seed to a table in which each request names the one whose answer it waits for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np

from simulator.workload.chains import NOBODY, ChainRows, Run
from simulator.workload.lengths import Lengths
from simulator.workload.sessions import Pause, SessionSpec
from simulator.workload.table import RequestTable

_BEGIN, _TURNS, _USER, _OUTPUT, _THINK, _REASONING, _CALLS, _RESULT, _GAP = range(9)
"""Keys of the random streams: a stream for each property, so that a change of one leaves the others as they were."""

_DRAWN_AT_ONCE = 1024

T = TypeVar("T")


def draw_sessions(spec: SessionSpec, seed: int) -> RequestTable:
    """The requests of all sessions, by the earliest moment each could be sent."""
    rows = ChainRows()
    begins_s = spec.arrival.times(spec.num_sessions, _stream(seed, _BEGIN))
    turns = spec.turns.draw(_stream(seed, _TURNS).random(spec.num_sessions))
    system: list[Run] = [(rows.fresh_segment(), spec.system_prompt_tokens)] if spec.system_prompt_tokens else []
    draws = _Draws(spec, seed)
    for session, (begin_s, turn_count) in enumerate(zip(begins_s.tolist(), turns.tolist(), strict=True)):
        _Session(rows, spec, draws, session, begin_s, list(system)).run(turn_count)
    return RequestTable.from_columns(**rows.columns())


class _Draws:
    """Endless streams of the numbers a session needs."""

    def __init__(self, spec: SessionSpec, seed: int) -> None:
        self.user = _counts(spec.user_tokens, seed, _USER)
        self.output = _counts(spec.output_tokens, seed, _OUTPUT)
        self.think_s = _pauses(spec.think, seed, _THINK)
        self.reasoning = _counts(spec.reasoning_tokens, seed, _REASONING) if spec.reasoning_tokens else None
        if spec.tools:
            self.calls = _counts(spec.tools.calls, seed, _CALLS)
            self.result = _counts(spec.tools.result_tokens, seed, _RESULT)
            self.gap_s = _pauses(spec.tools.gap, seed, _GAP)


class _Session:
    """Writes the requests of one session."""

    def __init__(
        self, rows: ChainRows, spec: SessionSpec, draws: _Draws, session: int, begin_s: float, history: list[Run]
    ) -> None:
        self._rows, self._spec, self._draws = rows, spec, draws
        self._session, self._earliest_s, self._history = session, begin_s, history
        self._previous = NOBODY

    def run(self, turns: int) -> None:
        """Write ``turns`` turns, or as many as the context has room for."""
        for turn in range(turns):
            calls = next(self._draws.calls) if self._spec.tools else 0
            pause_s = next(self._draws.think_s) if turn else 0.0
            if not self._request(next(self._draws.user), pause_s):
                return
            for _ in range(calls):
                if not self._request(next(self._draws.result), next(self._draws.gap_s)):
                    return

    def _request(self, new_tokens: int, pause_s: float) -> bool:
        """Write a request with ``new_tokens`` behind the history; False when the context has no room for it."""
        output = next(self._draws.output)
        reasoning = next(self._draws.reasoning) if self._draws.reasoning else 0
        prompt = [*self._history, (self._rows.fresh_segment(), new_tokens)]
        total = sum(tokens for _, tokens in prompt) + reasoning + output
        if self._spec.max_context_tokens is not None and total > self._spec.max_context_tokens:
            return False
        answer = self._rows.fresh_segment()
        self._earliest_s += pause_s
        self._previous = self._rows.add(
            self._earliest_s,
            prompt,
            reasoning + output,
            session=self._session,
            # Behind reasoning, which the next prompt leaves out, the answer stands elsewhere: no cached block fits.
            answer=-1 if reasoning else answer,
            after=self._previous,
            think_s=pause_s,
        )
        self._history = [*prompt, (answer, output)]
        return True


def _counts(lengths: Lengths, seed: int, key: int) -> Iterator[int]:
    return _endless(lambda rng: lengths.draw(rng.random(_DRAWN_AT_ONCE)).tolist(), seed, key)


def _pauses(pause: Pause, seed: int, key: int) -> Iterator[float]:
    return _endless(lambda rng: pause.draw(_DRAWN_AT_ONCE, rng).tolist(), seed, key)


def _endless(draw: Callable[[np.random.Generator], list[T]], seed: int, key: int) -> Iterator[T]:
    rng = _stream(seed, key)
    while True:
        yield from draw(rng)


def _stream(seed: int, key: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(key,))))
