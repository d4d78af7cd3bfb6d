"""How much detail fits: the finest level goes first, and it is said."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from simulator.errors import InputError

MAX_EVENTS = 1_000_000
"""Events of a trace; beyond, browsers that show one become slow."""

DETAILS = ("operators", "parts", "steps")
"""Finest level of the steps a user may ask for."""


@dataclass(frozen=True)
class Sizes:
    """What there is to show: numbers of things, and the most events each of them takes."""

    steps: int
    requests: int
    preemptions: int
    parts_per_step: int
    operators_per_step: int
    counters_per_step: int
    events_per_request: int
    events_per_preemption: int


@dataclass(frozen=True)
class Levels:
    """``counters_every``: steps between two counter values. ``phases``: whether requests show more than their span."""

    parts: bool
    operators: bool
    counters_every: int
    phases: bool
    notes: tuple[str, ...]


def choose_levels(sizes: Sizes, detail: str, *, detailed: bool, most: int = MAX_EVENTS) -> Levels:
    """The finest levels that stay within ``most`` events.

    ``detail``: the finest wanted, of ``DETAILS``; ``detailed``: whether the steps' statistics are there at all. Raises
    ``InputError`` when the steps and requests alone are too many.
    """
    spans = 2 * sizes.requests + sizes.steps
    if spans > most:
        share = most / spans
        raise InputError(
            f"{sizes.steps:,} steps and {sizes.requests:,} requests are more than a trace of {most:,} events can show",
            path="window",
            hint=f"take about {share:.1%} of the run: --window START:END, such as 10s:20s",
        )
    notes: list[str] = []
    events = sizes.steps + sizes.requests * sizes.events_per_request + sizes.preemptions * sizes.events_per_preemption
    phases = events <= most
    if not phases:
        notes.append("requests are shown without their phases")
        events = spans
    every = 1
    if sizes.steps * sizes.counters_per_step > most - events:
        every = ceil(sizes.steps * sizes.counters_per_step / max(1, most - events))
        notes.append(f"counters are shown at every {every:,}th step")
    events += ceil(sizes.steps / every) * sizes.counters_per_step
    parts, operators = (detailed and detail in wanted for wanted in (("operators", "parts"), ("operators",)))
    parts = parts and events + sizes.steps * sizes.parts_per_step <= most
    events += sizes.steps * sizes.parts_per_step * parts
    operators = operators and parts and events + sizes.steps * sizes.operators_per_step <= most
    missing = [name for name, wanted, got in _asked(detail, parts, operators) if wanted and not got]
    if missing:
        notes.append(f"steps are shown without their {' and '.join(missing)}: a shorter window has them")
    return Levels(parts, operators, every, phases, tuple(notes))


def _asked(detail: str, parts: bool, operators: bool) -> list[tuple[str, bool, bool]]:
    return [("parts", detail != "steps", parts), ("operators", detail == "operators", operators)]
