"""The finest level goes first, and it is said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.errors import InputError
from simulator.export.perfetto.levels import MAX_EVENTS, Levels, Sizes, choose_levels

SMALL = Sizes(
    steps=1000,
    requests=100,
    preemptions=5,
    parts_per_step=5,
    operators_per_step=16,
    counters_per_step=6,
    events_per_request=10,
    events_per_preemption=4,
)


def _events(sizes: Sizes, levels: Levels) -> int:
    """Most events these levels take."""
    per_step = 1 + sizes.parts_per_step * levels.parts + sizes.operators_per_step * levels.operators
    counters = -(-sizes.steps // levels.counters_every) * sizes.counters_per_step
    spans = 2 * sizes.requests
    if levels.phases:
        spans = sizes.requests * sizes.events_per_request + sizes.preemptions * sizes.events_per_preemption
    return sizes.steps * per_step + counters + spans


def _choose(sizes: Sizes, detail: str = "operators", detailed: bool = True) -> Levels:
    return choose_levels(sizes, detail, detailed=detailed)


def test_everything_where_it_fits() -> None:
    assert _choose(SMALL) == Levels(True, True, 1, True, ())


@pytest.mark.parametrize(
    ("steps", "requests", "parts", "operators", "phases"),
    [
        (30_000, 1_000, True, True, True),
        (60_000, 1_000, True, False, True),
        (130_000, 1_000, False, False, True),
        (600_000, 20_000, False, False, True),
        (700_000, 40_000, False, False, False),
    ],
)
def test_longer_runs_show_less(steps: int, requests: int, parts: bool, operators: bool, phases: bool) -> None:
    sizes = replace(SMALL, steps=steps, requests=requests)
    levels = _choose(sizes)
    assert (levels.parts, levels.operators, levels.phases) == (parts, operators, phases)
    assert _events(sizes, levels) <= MAX_EVENTS + sizes.counters_per_step
    assert bool(levels.notes) == (not operators)


def test_what_is_missing_is_said() -> None:
    levels = _choose(replace(SMALL, steps=130_000))
    assert levels.notes == ("steps are shown without their parts and operators: a shorter window has them",)
    assert _choose(replace(SMALL, steps=130_000), detail="steps").notes == ()
    assert _choose(SMALL, detailed=False).notes


def test_too_much_is_refused_with_a_way_out() -> None:
    with pytest.raises(InputError, match="--window"):
        _choose(replace(SMALL, steps=4_000_000))
