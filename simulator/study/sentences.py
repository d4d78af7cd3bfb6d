"""The answer in words."""

from __future__ import annotations

from simulator.study.answer import GoalAnswer


def in_words(answer: GoalAnswer) -> list[str]:
    """What was asked, the answer, how sure it is, what stands in the way of more, and notes."""
    goals = ", ".join(goal.text for goal in answer.goals) or "none but stability"
    asked = f"Goals: {goals}; maximized: {answer.maximize} ({answer.unit})."
    binding = answer.binding.text if answer.binding is not None else ""
    said = (asked, headline(answer), confidence(answer), binding, *answer.notes)
    return [text for text in said if text]


def headline(answer: GoalAnswer) -> str:
    """One sentence: the load and its interval, or why there is none."""
    unit, found = answer.unit, answer.estimate
    tried = f"{amount(answer.ladder[0])} to {amount(answer.ladder[-1])} {unit}"
    if answer.status == "none_met":
        lowest = f"{amount(answer.ladder[0])} {unit}"
        if all(one.too_short for one in answer.seeds):
            return f"No load is shown to meet the goals: even at {lowest} the run is too short to tell."
        return f"No load meets the goals: even {lowest} misses them (searched {tried})."
    if answer.status == "all_met":
        return (
            f"Capacity is at least {amount(answer.ladder[-1])} {unit}: every load tried meets the goals; "
            "raise --high for more."
        )
    if answer.too_low:
        missed = " and ".join(answer.too_low)
        return (
            f"No load meets all goals: at {amount(found.load)} {unit}, the most the others allow, {missed} is missed."
        )
    most = answer.largest_goodput
    capacity = "Capacity is at least" if answer.at_least else "Capacity is"
    what = capacity if most is None else f"Goodput is largest, {amount(most)} good requests/s, when offered"
    seeds = len(answer.seeds)
    how = f"95 % interval {amount(found.low)} to {amount(found.high)}, {seeds} seeds"
    if seeds == 1:
        how = f"met at {amount(found.low)}, missed at {amount(found.high)}; one seed, so chance is not accounted for"
        if answer.maximize == "goodput":
            how = f"between {amount(found.low)} and {amount(found.high)}; one seed, so chance is not accounted for"
    return f"{what} {amount(found.load)} {unit} ({how})."


def confidence(answer: GoalAnswer) -> str:
    """How many seeds meet the goals where; empty when there is nothing to add."""
    seeds, unit = len(answer.seeds), answer.unit
    if answer.maximize == "goodput" or answer.status != "found" or seeds == 1:
        return ""
    share = answer.share_met(answer.estimate.load)
    parts = [f"At {amount(answer.estimate.load)} the goals are met with {share:.0%} of the seeds"]
    if answer.met_by_all is not None:
        parts.append(f"with all {seeds} up to {amount(answer.met_by_all)}")
    if answer.met_by_none is not None:
        parts.append(f"with none from {amount(answer.met_by_none)} {unit} on")
    return ", ".join(parts) + "."


def amount(load: float) -> str:
    """Three or four significant digits."""
    return f"{load:,.0f}" if load >= 1000 else f"{load:.4g}" if load >= 100 else f"{load:.3g}"
