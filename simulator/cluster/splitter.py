"""Which replica gets a request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from simulator.cluster.replica import Replica
from simulator.engine.request import Request


class Splitter(Protocol):
    """Chooses a replica for each arrival; a router that looks at load or prefixes has the same interface."""

    def choose(self, replicas: Sequence[Replica], request: Request) -> Replica:
        """The replica that will serve the request."""


class RoundRobin:
    """One after the other."""

    def __init__(self) -> None:
        self._next = 0

    def choose(self, replicas: Sequence[Replica], request: Request) -> Replica:
        chosen = replicas[self._next]
        self._next = (self._next + 1) % len(replicas)
        return chosen
