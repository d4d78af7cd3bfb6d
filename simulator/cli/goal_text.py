"""The answer of ``inferplan goal`` as text: the loads tried, the sentence, what binds."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

from simulator.study.answer import GoalAnswer
from simulator.study.goals import Goal, Metric
from simulator.study.probe import TOO_SHORT, Probe
from simulator.study.sentences import amount, in_words
from simulator.study.stability import STABLE

WIDTH = 100
"""Columns of running text."""

MOST_ROWS = 12
"""Loads shown, the nearest to the answer; points.csv has all."""


def answer_text(answer: GoalAnswer, written: Sequence[Path]) -> str:
    """The whole text, without a final line break."""
    work = answer.work
    cost = (
        f"Runs: {work.runs}, {work.stopped} of them stopped early; {work.requests:,} requests, "
        f"{work.engine_steps:,} engine steps simulated."
    )
    words = [*in_words(answer)[1:], cost]
    blocks = [f"{answer.title}\n{_asked(answer)}", _table(answer), "\n".join(map(_wrapped, words))]
    if written:
        names = ", ".join(path.name for path in written if path.suffix != ".svg")
        blocks.append(_wrapped(f"Written to {written[0].parent}: {names}"))
    return "\n\n".join(blocks)


def _asked(answer: GoalAnswer) -> str:
    goals = ", ".join(goal.text for goal in answer.goals) or "none but stability"
    return f"goals: {goals}; maximized: {answer.maximize} ({answer.unit})"


def _table(answer: GoalAnswer) -> str:
    """One row per load: seeds that met the goals, mean value of each goal over the whole runs (``~``: of parts)."""
    by_load: dict[float, list[Probe]] = {}
    for probe in answer.probes:
        by_load.setdefault(probe.load, []).append(probe)
    nearest = sorted(by_load, key=lambda load: abs(load / answer.estimate.load - 1))[:MOST_ROWS]
    head = f"{answer.unit:>18}{'seeds met':>11}" + "".join(f"{_heading(goal):>24}" for goal in answer.goals)
    head += f"{'backlog':>24}"
    rows = [_row(load, by_load[load], answer.goals) for load in sorted(nearest)]
    if answer.maximize == "goodput":
        head += f"{'goodput':>24}"
        rows = [row + f"{_goodput(by_load[load]):>24}" for row, load in zip(rows, sorted(nearest), strict=True)]
    return "\n".join([head, *rows])


def _row(load: float, probes: Sequence[Probe], goals: Sequence[Goal]) -> str:
    last = {probe.seed: probe for probe in probes}.values()  # a run taken up again stands for its seed
    met = sum(probe.met and not probe.too_low for probe in last)
    cells = "".join(f"{_value(goal, list(last)):>24}" for goal in goals)
    return f"{amount(load):>18}{f'{met}/{len(last)}':>11}{cells}{_backlog(list(last)):>24}"


def _value(goal: Goal, probes: Sequence[Probe]) -> str:
    whole = [probe for probe in probes if probe.complete]
    values = [value for probe in whole or probes if (value := probe.values[goal.text]) is not None]
    if not values:
        return "-"
    mean, rough = sum(values) / len(values), "" if whole else "~"
    if goal.is_latency:
        return f"{rough}{1e3 * mean:,.4g} ms"
    return f"{rough}{mean:.2%}" if goal.metric is Metric.GOODPUT_SHARE else f"{rough}{mean:,.4g}/s"


def _backlog(probes: Sequence[Probe]) -> str:
    """How many seeds miss stability, or are too short to show it."""
    growing = sum(STABLE in probe.missed for probe in probes)
    short = sum(TOO_SHORT in probe.missed for probe in probes)
    told = [f"{count} {what}" for count, what in ((growing, "growing"), (short, "too short")) if count]
    return ", ".join(told) or "steady"


def _goodput(probes: Sequence[Probe]) -> str:
    values = [probe.summary["request_goodput"] or 0.0 for probe in probes]
    return f"{sum(values) / len(values):.4g}/s"


def _heading(goal: Goal) -> str:
    return goal.text if len(goal.text) <= 23 else goal.text[:22] + "…"


def _wrapped(text: str) -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
