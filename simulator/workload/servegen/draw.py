"""Draw requests from ServeGen clients: every client its own arrival process, their requests merged.

A client's gaps are drawn with mean one from the family and shape of the window they begin in and laid out along its
cumulative rate, as its windows give it. So the expected requests of a window are its rate times its length, however
bursty the gaps (a renewal process begun afresh in each window would send too many when their CV is above 1). The
process is already under way when it starts: its first gap is the rest of a gap chosen by length.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.errors import InputError
from simulator.workload.servegen.clients import Client, Window
from simulator.workload.table import FloatColumn, IntColumn, RequestTable

_LAST_WINDOW_S = 600.0
"""Length of a window behind which no other begins (ServeGen's windows are of 10 minutes)."""

_GAPS_TO_START = 256
"""Gaps among which the one under way at the start is chosen."""

_TINY_GAP = 1e-12


@dataclass(frozen=True)
class _Piece:
    """Part of a window that lies in the wanted span."""

    window: Window
    begin_s: float
    end_s: float


def draw_requests(
    clients: Sequence[Client], start_s: float, duration_s: float, rate_multiplier: float, seed: int
) -> RequestTable:
    """Requests of ``start_s .. start_s + duration_s`` of the clients' day, arrivals counted from ``start_s``.

    ``tenant`` is the place of the client in ``clients``. Each client has a random stream of its own, so a client's
    requests do not depend on which others are there. Raises ``InputError`` when nobody sends anything in the span.
    """
    parts = [
        _client_requests(client, place, start_s, start_s + duration_s, rate_multiplier, seed)
        for place, client in enumerate(clients)
    ]
    arrival, prompt, output, tenant = (np.concatenate(column) for column in zip(*parts, strict=True))
    if not len(arrival):
        rule = f"no client sends anything from {start_s:g} s for {duration_s:g} s"
        raise InputError(rule, path="workload.servegen.start_s", value=start_s)
    return RequestTable.from_columns(arrival - start_s, prompt, output, tenant=tenant)


def _client_requests(
    client: Client, place: int, start_s: float, end_s: float, rate_multiplier: float, seed: int
) -> tuple[FloatColumn, IntColumn, IntColumn, IntColumn]:
    key = int(client.name) if client.name.isdecimal() else place
    gaps, lengths = (
        np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(key, stream)))) for stream in (0, 1)
    )
    arrival = _arrivals(_pieces(client.windows, start_s, end_s), rate_multiplier, gaps)
    prompt, output = np.ones(len(arrival)), np.ones(len(arrival))
    starts = [period.start_s for period in client.periods]
    period_of = np.maximum(np.searchsorted(starts, arrival, side="right") - 1, 0)
    for index, period in enumerate(client.periods):
        rows = period_of == index
        count = int(np.count_nonzero(rows))
        prompt[rows] = period.prompt_tokens(count, lengths)
        output[rows] = period.output.draw(lengths.random(count))
    return arrival, _whole(prompt), _whole(output), np.full(len(arrival), place, dtype=np.int64)


def _whole(tokens: FloatColumn) -> IntColumn:
    return np.maximum(1, np.rint(tokens)).astype(np.int64)


def _pieces(windows: Sequence[Window], start_s: float, end_s: float) -> list[_Piece]:
    ends = [window.start_s for window in windows[1:]] + [windows[-1].start_s + _LAST_WINDOW_S]
    pieces = [
        _Piece(window, max(window.start_s, start_s), min(end, end_s)) for window, end in zip(windows, ends, strict=True)
    ]
    return [piece for piece in pieces if piece.end_s > piece.begin_s and piece.window.rate_per_s > 0]


def _arrivals(pieces: Sequence[_Piece], rate_multiplier: float, rng: np.random.Generator) -> FloatColumn:
    """Arrival seconds, rising."""
    if not pieces:
        return np.zeros(0)
    found: list[FloatColumn] = []
    rest = _gap_under_way(pieces[0].window, rng)  # expected requests until the next arrival
    for piece in pieces:
        rate_per_s = piece.window.rate_per_s * rate_multiplier
        room = rate_per_s * (piece.end_s - piece.begin_s)
        places = _renewals(rest, room, piece.window, rng)
        found.append(piece.begin_s + places[:-1] / rate_per_s)
        rest = float(places[-1]) - room
    return np.concatenate(found)


def _renewals(first: float, room: float, window: Window, rng: np.random.Generator) -> FloatColumn:
    """Places of the arrivals below ``room`` and of the first one not below it."""
    places = np.array([first])
    while places[-1] < room:
        wanted = int(1.1 * (room - places[-1])) + 16
        places = np.concatenate((places, places[-1] + np.cumsum(_unit_gaps(window, wanted, rng))))
    return places[: int(np.searchsorted(places, room, side="left")) + 1]


def _unit_gaps(window: Window, n: int, rng: np.random.Generator) -> FloatColumn:
    """(n,) gaps of mean one."""
    if window.family == "Gamma":
        gaps = rng.standard_gamma(window.shape, n) / window.shape
    elif window.family == "Weibull":
        gaps = rng.weibull(window.shape, n) / math.gamma(1 + 1 / window.shape)
    else:
        gaps = rng.standard_exponential(n)
    return np.maximum(gaps, _TINY_GAP)


def _gap_under_way(window: Window, rng: np.random.Generator) -> float:
    gaps = _unit_gaps(window, _GAPS_TO_START, rng)
    return float(rng.choice(gaps, p=gaps / gaps.sum()) * rng.random())
