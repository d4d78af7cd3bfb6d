"""The answer in words: what to run, what binds, why not the runner-up, what would change it, how sure it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.planning.fleets import Fleet
from simulator.planning.reasons import objective_text
from simulator.study.goals import Goal
from simulator.study.sentences import amount

if TYPE_CHECKING:
    from simulator.planning.result import PlanResult

ORDER = {"cost": "cheapest", "energy": "least energy", "devices": "fewest devices", "carbon": "least carbon"}


def name_of(fleet: Fleet) -> str:
    """``2 x H100-SXM5-80GB, fp8 weights``: one replica's devices and what is not the checkpoint's own."""
    one = fleet.configuration
    devices = f"{one.tensor_parallel_size} x " if one.tensor_parallel_size > 1 else ""
    formats = [f"{one.weights} weights"] if one.weights != "auto" else []
    formats += [f"{one.kv_cache} KV cache"] if one.kv_cache != "auto" else []
    return f"{devices}{fleet.row.prospect.device}" + (f" ({', '.join(formats)})" if formats else "")


def headline(result: PlanResult) -> str:
    """The answer in one line."""
    fleet, plan = result.winner, result.brief.plan
    spare = f", {plan.spare_replicas} of them spare," if plan.spare_replicas else ""
    return (
        f"{ORDER[plan.minimize].capitalize()}: {_replicas(fleet.replicas)} of {name_of(fleet)}{spare} for "
        f"{result.brief.model_name} "
        f"at a peak of {amount(result.brief.rates.peak)} requests/s: {objective_text(fleet.objective, result.brief)}"
    )


def explanation(result: PlanResult) -> list[str]:
    """Sentence groups: fleet, load, binding, runner-up, redundancy, sensitivity, certainty, work."""
    winner = result.winner
    found = [headline(result) + ".", _engine(winner), *_money(winner), _load(winner), *_binds(winner)]
    if result.runner_up is not None:
        found.append(f"Runner-up: {name_of(result.runner_up)}. {why_not(result.winner, result.runner_up)}.")
    found += [*_spares(result.winner), _sensitivity(result), _sure(result), _work(result)]
    return [text for text in found if text]


def why_not(winner: Fleet, other: Fleet) -> str:
    """Why another finalist is worse than the winner: number, price, capacity, memory, formats."""
    brief = winner.brief
    each, own = other.examined.per_replica, winner.examined.per_replica
    parts = [f"It needs {_replicas(other.replicas)} for {objective_text(other.objective, brief)}"]
    if other.objective <= winner.objective * (1 + 1e-9):
        parts[0] = f"It costs the same: {_replicas(other.replicas)} for {objective_text(other.objective, brief)}"
        if other.configuration.narrowed > winner.configuration.narrowed:
            parts.append("but narrows more number formats, which may cost quality")
        else:
            parts.append("and carries less" if other.carries < winner.carries else "and stands later in the plan")
    price, of_winner = other.row.prospect.terms, winner.row.prospect.terms
    ratio = each / own
    carried = f"one replica carries {amount(each)} requests/s, {ratio:.2f} times the winner's"
    if brief.plan.minimize == "cost" and price.price is not None and of_winner.price is not None:
        dearer = price.devices * price.price.usd_per_hour / (of_winner.devices * of_winner.price.usd_per_hour)
        carried += "" if abs(dearer - 1) < 5e-3 else f", at {dearer:.2f} times its price"
    parts.append(carried)
    if other.replicas == winner.replicas and ratio > 1:
        parts.append("the surplus does not save a whole replica")
    if ratio < 1 and other.examined.capacity.binding is not None:
        parts.append(f"its limit is {_resource(other)}")
    return "; ".join(parts)


def _engine(fleet: Fleet) -> str:
    engine, formats = fleet.scenario.engine, fleet.scenario.dtypes
    return (
        f"Each replica: tensor parallelism {fleet.configuration.tensor_parallel_size}, {formats.weights} weights, "
        f"{formats.kv_cache} KV cache, max_num_seqs {engine.max_num_seqs:,}, max_num_batched_tokens "
        f"{engine.max_num_batched_tokens:,}."
    )


def _money(fleet: Fleet) -> list[str]:
    price, found = fleet.row.prospect.terms.price, []
    if price is not None and fleet.usd_per_hour is not None:
        tokens = f"${fleet.usd_per_million_tokens:,.3g} per million tokens in the mean hour"
        found.append(
            f"{_replicas(fleet.replicas)}, {fleet.devices} device{'s' if fleet.devices > 1 else ''}: "
            f"${fleet.usd_per_hour:,.2f}/h, ${fleet.usd_per_month:,.0f}/month, {tokens} "
            f"(${price.usd_per_hour:,.3g} per device hour, {price.terms.replace('_', ' ')}, {price.as_of})."
        )
    if fleet.joules_per_token is not None and fleet.watts is not None:
        found.append(
            f"Energy in the mean hour: {fleet.joules_per_token:,.3g} J per token, {fleet.watts / 1e3:,.3g} kW with "
            "hosts and cooling."
        )
    return [" ".join(found)] if found else []


def _load(fleet: Fleet) -> str:
    rates, capacity = fleet.brief.rates, fleet.examined.capacity
    goals = ", ".join(_value(goal, fleet.examined.peak.values[goal.text]) for goal in fleet.brief.goals)
    growth = "" if rates.mean == rates.today else f" (from {amount(rates.today)} today)"
    design = "" if rates.design == rates.peak else f", sized for {amount(rates.design)} with headroom"
    return (
        f"Traffic ({fleet.brief.traffic_name}): mean {amount(rates.mean)}{growth}, peak {amount(rates.peak)} requests/s"
        f"{design}. One replica alone carries {amount(capacity.rate)} ({amount(capacity.low)} to "
        f"{amount(capacity.high)}); in the fleet {amount(fleet.examined.per_replica)} or more. At the peak: {goals}; "
        f"{fleet.utilisation(rates.peak):.0%} of what the fleet can carry is used, "
        f"{fleet.utilisation(rates.mean):.0%} in the mean hour."
    )


def _binds(fleet: Fleet) -> list[str]:
    binding = fleet.examined.capacity.binding
    return [] if binding is None else [f"What binds one replica: {_resource(fleet)}. {binding.text}"]


def _resource(fleet: Fleet) -> str:
    """The resource a replica runs out of, in words."""
    binding = fleet.examined.capacity.binding
    assert binding is not None
    names = {
        "KV cache": "KV cache capacity",
        "prefill": "prefill: prompts queue for the token budget",
        "nothing": "latency of the steps themselves, not throughput",
        "memory bandwidth": "memory bandwidth (decode)",
        "compute": "compute (prefill)",
    }
    return names.get(binding.resource, f"engine.{binding.resource}")


def _spares(fleet: Fleet) -> list[str]:
    spare = fleet.brief.plan.spare_replicas
    if not spare:
        return []
    design = amount(fleet.brief.rates.design)
    return [
        f"{_replicas(spare)} may fail and the goals still hold at {design} requests/s: {_replicas(fleet.active)} were "
        "simulated at that rate."
    ]


def _sensitivity(result: PlanResult) -> str:
    changes = []
    for case in result.cases:
        count = case.replicas[0]
        text = f"{case.name}: " + ("the goals are out of reach" if count is None else _replicas(count))
        if case.best not in (0, None):
            text += f", and {name_of(result.fleets[case.best])} is better"
        changes.append(text)
    return "What would change it: " + "; ".join(changes) + "."


def _sure(result: PlanResult) -> str:
    sure, rivals = result.certainty, ""
    if len(result.fleets) > 1:
        rivals = f"in {sure.winner_best:.0%} of the draws none of the {len(result.fleets)} finalists does better; "
    holds = f"in {sure.at_peak:.0%} the goals hold at the peak"
    if result.winner.brief.rates.design > result.winner.brief.rates.peak or result.brief.plan.spare_replicas:
        holds += f", in {sure.goals_hold:.0%} even with no headroom left and the spares failed"
    return f"How sure: {rivals}{holds}. Assumed: {sure.assumption}."


def _work(result: PlanResult) -> str:
    rows, effort = result.ranking.rows, result.effort
    every = len(rows) + len(result.rejected) + len(result.unpriced)
    pruned = sum(row.verdict == "pruned" for row in rows)
    beaten = sum(row.verdict == "beaten" for row in rows)
    known = len(rows) - pruned - beaten
    return (
        f"Of {every} configurations {len(result.rejected)} cannot run, {pruned} were ruled out in closed form, "
        f"{beaten} by single runs, {known} were searched; {effort.runs} runs, {effort.requests:,} requests, "
        f"{effort.engine_steps:,} engine steps."
    )


def _value(goal: Goal, value: float | None) -> str:
    if value is None:
        return f"{goal.text}: no sample"
    shown = f"{1e3 * value:,.4g} ms" if goal.is_latency else f"{value:.2%}"
    return f"{goal.text} ({shown})"


def _replicas(count: int) -> str:
    return f"{count} replica{'s' if count != 1 else ''}"
