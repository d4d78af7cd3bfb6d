"""How many drafts a verification accepts: the progress rule of speculative decoding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from simulator.engine.request import Request

_MASK = (1 << 64) - 1


class Acceptance(Protocol):
    """Draws accepted drafts, one stream per request."""

    def draw(self, request: Request) -> int:
        """Drafts that the request's next verification would accept if it had enough of them."""


class RecordedAcceptance:
    """Replays recorded numbers per request row; a request whose list is used up accepts nothing."""

    def __init__(self, accepted: Mapping[int, Sequence[int]]) -> None:
        self._accepted = accepted

    def draw(self, request: Request) -> int:
        recorded = self._accepted.get(request.row, ())
        position = request.verifications
        request.verifications += 1
        return recorded[position] if position < len(recorded) else 0


class PositionalAcceptance:
    """Draft ``j`` is accepted with probability ``rates[j]``, given that all before it were.

    A constant list ``[alpha] * gamma`` is the i.i.d. model of Leviathan et al. 2023 with
    ``E[tokens] = (1 - alpha**(gamma + 1)) / (1 - alpha)``; measured rates usually fall with the position. Draws are a
    pure function of (seed, request, verification), so they do not depend on the order of service.
    """

    def __init__(self, rates: Sequence[float], seed: int) -> None:
        self._rates = tuple(rates)
        self._seed = seed

    def draw(self, request: Request) -> int:
        position = request.verifications
        request.verifications += 1
        state = (self._seed << 40) ^ (request.row << 20) ^ position
        accepted = 0
        for rate in self._rates:
            state = (state + 0x9E3779B97F4A7C15) & _MASK
            if _uniform(state) >= rate:
                break
            accepted += 1
        return accepted


def _uniform(state: int) -> float:
    """SplitMix64's output function (Steele, Lea and Flood, 2014) as a float in [0, 1)."""
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
    return ((state ^ (state >> 31)) >> 11) / (1 << 53)
