"""The executive summary of a plan: what was asked, the fleet and its runner-up, how sure the ranking is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from simulator.pages.plan_tables import Fleet, fleet_name
from simulator.report.figures import percent
from simulator.report.page.document import KeyFigure
from simulator.report.page.numbers import number


def asked(plan: dict[str, Any]) -> str:
    """Traffic, what is to be least, goals."""
    traffic, goals = plan["traffic"], ", ".join(plan["goals"]) or "stability alone"
    spare = f", with {traffic['spare_replicas']} replicas to spare" if traffic["spare_replicas"] else ""
    rate = f"{number(traffic['design_per_s'])} requests/s (peak and headroom)"
    return f"Which fleet serves {plan['model']} at {rate} with the least {plan['minimize']}{spare}? Goals: {goals}."


def answer(plan: dict[str, Any]) -> str:
    """The winner, and why the runner-up is not it."""
    other = plan["runner_up"]
    behind = "No other fleet was left to compare it with."
    if other is not None:
        behind = f"Runner-up: {fleet_name(other)}. {other['why_not'].rstrip('.')}."
    return f"{plan['title'].rstrip('.')}. {behind}"


def confidence(plan: dict[str, Any]) -> str:
    """How often the ranking and the goals survive draws from the band of the step times."""
    sure = plan["certainty"]
    first, hold = percent(sure["winner_best"]), percent(sure["goals_hold_at_peak"])
    others = f"None of the {len(plan['finalists'])} finalists does better in {first} of the draws; the"
    start = others if len(plan["finalists"]) > 1 else "The"
    draws = "them" if len(plan["finalists"]) > 1 else "the draws"
    return f"{start} goals hold at the peak in {hold} of {draws}. Assumed: {sure['assumption']}."


def key_figures(plan: dict[str, Any]) -> list[KeyFigure]:
    """Size, price, energy, use, and how sure the ranking is, as far as they are known."""
    winner = plan["winner"]
    replica = f"{winner['hardware']}, tensor parallel {winner['tensor_parallel_size']}"
    figures = [
        KeyFigure("Replicas", number(winner["replicas"]), "", replica),
        KeyFigure("Devices", number(winner["devices"])),
        *_money(winner),
    ]
    if winner["joules_per_token"] is not None:
        figures.append(KeyFigure("Energy", number(winner["joules_per_token"]), "J/token"))
    used = winner["at_peak"].get("share_of_capacity")
    if used is not None:
        figures.append(KeyFigure("Used at the peak", percent(used), "", "of what the fleet can carry"))
    if len(plan["finalists"]) > 1:
        best = percent(plan["certainty"]["winner_best"])
        figures.append(KeyFigure("None better", best, "", "of the draws from the band"))
    return figures


def _money(winner: Fleet) -> Iterator[KeyFigure]:
    if winner["usd_per_hour"] is not None and winner["price"] is not None:
        terms = f"{winner['price']['terms'].replace('_', ' ')}, {winner['price']['as_of']}"
        yield KeyFigure("Price", f"${winner['usd_per_hour']:,.2f}", "per hour", terms)
        yield KeyFigure("Price", f"${winner['usd_per_month']:,.0f}", "per month")
    if winner["usd_per_million_tokens"] is not None:
        yield KeyFigure("Tokens", f"${number(winner['usd_per_million_tokens'])}", "per million")
