"""The executive summary of a goal: what was asked, what binds, how sure it is, the key figures."""

from __future__ import annotations

from typing import Any

from simulator.pages.trust import shares_text, step_band_text
from simulator.report.figures import percent
from simulator.report.page.document import KeyFigure
from simulator.report.page.numbers import number

QUESTIONS = {
    "rate": "How many requests per second does this deployment sustain",
    "concurrency": "How many requests in flight does this deployment sustain",
    "goodput": "At which offered rate does this deployment have the most goodput",
}
"""What was turned up -> the question."""

NO_LIMIT = "nothing"
"""The resource of a server that is not at any limit (docs/goals.md)."""


def asked(goal: dict[str, Any]) -> str:
    """The question with its goals."""
    goals = ", ".join(goal["goals"]) or "stability alone"
    return f"{QUESTIONS[goal['maximize']]}: {goal['title']}? Goals: {goals}."


def answer(goal: dict[str, Any]) -> str:
    """The load and its interval; what is missed beyond it, and what the server runs out of there."""
    return " ".join(part for part in (goal["answer"], _limit(goal)) if part)


def _limit(goal: dict[str, Any]) -> str:
    binding = goal["binding"]
    if binding is None:
        return ""
    missed = [name for name in binding["goals"] if name in goal["goals"]]
    verb = "are" if len(missed) > 1 else "is"
    first = f"{' and '.join(missed)} {verb} missed first" if missed else ""
    limit = (
        f"the server's limit is {binding['resource']}"
        if binding["resource"] != NO_LIMIT
        else "the server is at no limit"
    )
    text = "; ".join(part for part in (first, limit) if part)
    return f"{'There' if goal['status'] == 'none_met' else 'Beyond it'} {text}."


def confidence(goal: dict[str, Any]) -> str:
    """Chance, from the seeds, and the model's error, from the band of the step times."""
    provenance = goal["provenance"]
    known = f"{step_band_text(provenance)[:-1]} (80 % band; {shares_text(provenance)})"
    if not _has_interval(goal):
        return f"{known}; chance is not accounted for."
    return f"{_seeds_sentence(goal)}{known}; the interval above is of chance alone."


def _has_interval(goal: dict[str, Any]) -> bool:
    return goal["status"] == "found" and len(goal["seeds"]) > 1


def _seeds_sentence(goal: dict[str, Any]) -> str:
    """Where how many seeds meet the goals; nothing where the load is a peak, not a turn."""
    if goal["maximize"] == "goodput":
        return ""
    share, unit = percent(goal["share_of_seeds_met_at_load"]), goal["unit"]
    parts = [f"At {number(goal['load'])} {unit} the goals are met with {share} of {len(goal['seeds'])} seeds"]
    if goal["met_by_all_seeds_up_to"] is not None:
        parts.append(f"with all up to {number(goal['met_by_all_seeds_up_to'])}")
    if goal["met_by_no_seed_from"] is not None:
        parts.append(f"with none from {number(goal['met_by_no_seed_from'])} on")
    return ", ".join(parts) + ". "


def key_figures(goal: dict[str, Any]) -> list[KeyFigure]:
    """Load, goodput, what limits, and what the search took."""
    low, high = (number(end) for end in goal["interval_95"])
    found = []
    if goal["status"] == "found":
        how = f"95 % interval {low} to {high}" if _has_interval(goal) else f"met at {low}, missed at {high}"
        found.append(KeyFigure("Load", number(goal["load"]), goal["unit"], how))
    if goal["largest_goodput_per_s"] is not None:
        found.append(KeyFigure("Largest goodput", number(goal["largest_goodput_per_s"]), "requests/s"))
    if goal["binding"] is not None and goal["binding"]["resource"] != NO_LIMIT:
        found.append(KeyFigure("Limit of the server", goal["binding"]["resource"]))
    work = goal["work"]
    found.append(KeyFigure("Seeds", number(len(goal["seeds"]))))
    found.append(KeyFigure("Runs simulated", number(work["runs"]), "", f"{work['stopped_early']} stopped early"))
    return found
