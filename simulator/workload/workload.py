"""A workload: a table of requests and the rule by which they are sent."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.errors import InputError
from simulator.workload.table import RequestTable


@dataclass(frozen=True)
class Workload:
    """What is sent, and how.

    Attributes
    ----------
    table:
        The requests.
    max_concurrency:
        None: open loop, every request is sent at its ``arrival_s`` or when the one its ``after_row`` names is answered.
        A number: closed loop, at most that many requests are in flight; the next row is sent ``think_time_s`` after one
        ends (never before its own ``arrival_s``).
    think_time_s:
        Seconds between the end of a request and the next one of the same closed-loop client.
    description:
        One line for the summary: where the requests come from.
    offered_rate_per_s:
        Requests per second offered (None for closed loops and offline batches).
    """

    table: RequestTable
    max_concurrency: int | None = None
    think_time_s: float = 0.0
    description: str = ""
    offered_rate_per_s: float | None = None

    def __post_init__(self) -> None:
        if self.max_concurrency is not None and self.table.after_row is not None:
            rule = "cannot be limited for sessions, whose requests wait for one another"
            raise InputError(rule, path="max_concurrency", value=self.max_concurrency)
