"""The answer as plain data: plan.json and the rows of candidates.csv."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import simulator
from simulator.planning.branch_and_bound import Ranked
from simulator.planning.configuration import Configuration, Limits
from simulator.planning.fleets import Fleet
from simulator.planning.launch import serves_with_vllm, vllm_command
from simulator.planning.notes import floor
from simulator.planning.objective import UNITS, Terms
from simulator.planning.reasons import reason
from simulator.planning.search_limits import replicas_for
from simulator.planning.sensitivity import Case
from simulator.planning.words import explanation, headline, why_not

if TYPE_CHECKING:
    from simulator.planning.result import PlanResult

SCHEMA = 1
"""Version of plan.json's layout."""

Row = dict[str, Any]


def candidate_rows(result: PlanResult) -> list[Row]:
    """One row per configuration: fleets that are known first, best first, then what was set aside, and why."""
    fleets = {fleet.configuration: fleet for fleet in result.fleets}
    rows = [_fleet_row(result, place, fleet) for place, fleet in enumerate(result.fleets)]
    rows += [_ranked_row(result, row) for row in result.ranking.rows if row.prospect.configuration not in fleets]
    rows[1:] = sorted(rows[1:], key=_least)
    for one in result.unpriced:
        what = "price" if result.brief.plan.minimize == "cost" else "power"
        rows.append(_row(one.configuration, one.device, "left out", f"no {what} is known", one.terms))
    rows += [_row(one.configuration, one.device, "cannot run", one.reason) for one in result.rejected]
    return [{"rank": place, **row} for place, row in enumerate(rows, start=1)]


def _least(row: Row) -> tuple[bool, float]:
    """Known fleets before bounds."""
    return row["objective"] is None, row["objective_at_least"]


def _row(one: Configuration, device: str, verdict: str, why: str, terms: Terms | None = None, **known: Any) -> Row:
    row: Row = {
        "hardware": device,
        "tensor_parallel_size": one.tensor_parallel_size,
        "weights": one.weights,
        "kv_cache": one.kv_cache,
        "verdict": verdict,
        "replicas": None,
        "devices": None,
        "usd_per_hour": None,
        "objective": None,
        "objective_at_least": None,
        "usd_per_million_tokens": None,
        "joules_per_token": None,
        "capacity_per_replica_per_s": None,
        "capacity_low_per_s": None,
        "capacity_high_per_s": None,
        "bound_per_replica_per_s": None,
        "max_num_seqs": None,
        "max_num_batched_tokens": None,
        "usd_per_device_hour": terms.price.usd_per_hour if terms is not None and terms.price is not None else None,
        "reason": why,
    }
    return row | known


def _fleet_row(result: PlanResult, place: int, fleet: Fleet) -> Row:
    why = "best" if place == 0 else why_not(result.winner, fleet)
    capacity, engine = fleet.examined.capacity, fleet.scenario.engine
    return _row(
        fleet.configuration,
        fleet.row.prospect.device,
        ("winner", "runner-up")[place] if place < 2 else "finalist",
        why,
        fleet.row.prospect.terms,
        replicas=fleet.replicas,
        devices=fleet.devices,
        usd_per_hour=fleet.usd_per_hour,
        objective=fleet.objective,
        objective_at_least=fleet.objective,
        usd_per_million_tokens=fleet.usd_per_million_tokens,
        joules_per_token=fleet.joules_per_token,
        capacity_per_replica_per_s=fleet.examined.per_replica,
        capacity_low_per_s=capacity.low,
        capacity_high_per_s=capacity.high,
        bound_per_replica_per_s=fleet.row.prospect.known_bound,
        max_num_seqs=engine.max_num_seqs,
        max_num_batched_tokens=engine.max_num_batched_tokens,
    )


def _ranked_row(result: PlanResult, row: Ranked) -> Row:
    brief, terms = result.brief, row.prospect.terms
    known: Row = {
        "objective_at_least": floor(row, brief),
        "bound_per_replica_per_s": row.prospect.known_bound,
    }
    if row.verdict == "ranked" and row.found is not None and row.found.best is not None and row.replicas is not None:
        total = row.replicas + brief.plan.spare_replicas
        capacity = row.found.best.capacity
        assert capacity is not None
        known |= {
            "replicas": total,
            "devices": total * terms.devices,
            "usd_per_hour": terms.usd_per_hour(total),
            "objective": row.at_least,
            "capacity_per_replica_per_s": capacity.rate,
            "capacity_low_per_s": capacity.low,
            "capacity_high_per_s": capacity.high,
            **_limits(row.found.best.limits),
        }
    why = reason(row, brief)
    if row.verdict == "ranked" and row.at_least <= result.winner.objective * (1 + 1e-9):
        why += "; as good as the best, but it narrows more number formats, carries less or stands later in the plan"
    return _row(row.prospect.configuration, row.prospect.device, row.verdict, why, terms, **known)


def _limits(limits: Limits) -> Row:
    return {name: value for name, value in vars(limits).items() if value is not None}


def plan_json(result: PlanResult) -> str:
    """The whole answer (layout: docs/plans.md); no NaN, a missing value is null."""
    brief, plan = result.brief, result.brief.plan
    searched = result.ranking.rows
    content = {
        "schema": SCHEMA,
        "inferplan": simulator.__version__,
        "title": headline(result),
        "explanation": explanation(result),
        "model": plan.model,
        "goals": [goal.text for goal in brief.goals],
        "minimize": plan.minimize,
        "unit": UNITS[plan.minimize],
        "traffic": {
            "rate_today_per_s": brief.rates.today,
            "mean_per_s": brief.rates.mean,
            "peak_per_s": brief.rates.peak,
            "design_per_s": brief.rates.design,
            "headroom": plan.traffic.headroom,
            "spare_replicas": plan.spare_replicas,
            "growth_per_year": plan.traffic.growth_per_year,
            "horizon_years": plan.traffic.horizon_years,
            "mean_prompt_tokens": brief.demand.prompt,
            "mean_output_tokens": brief.demand.output,
        },
        "winner": _fleet(result.winner, None),
        "runner_up": None if result.runner_up is None else _fleet(result.runner_up, result.winner),
        "finalists": [_fleet(fleet, None if fleet is result.winner else result.winner) for fleet in result.fleets],
        "growth": _growth(result),
        "sensitivity": [_case(result, case) for case in result.cases],
        "certainty": {
            "winner_best": result.certainty.winner_best,
            "finalist_best": list(result.certainty.best),
            "goals_hold": result.certainty.goals_hold,
            "goals_hold_at_peak": result.certainty.at_peak,
            "assumption": result.certainty.assumption,
        },
        "candidates": candidate_rows(result),
        "work": {
            "configurations": len(searched) + len(result.rejected) + len(result.unpriced),
            "cannot_run": len(result.rejected),
            "pruned_by_bound": sum(row.verdict == "pruned" for row in searched),
            "decided_by_single_runs": sum(row.verdict == "beaten" for row in searched),
            "searched": sum(row.verdict in ("ranked", "unreachable") for row in searched),
            "runs": result.effort.runs,
            "requests": result.effort.requests,
            "engine_steps": result.effort.engine_steps,
        },
        "notes": list(result.notes),
        "launch": vllm_command(result.winner) if serves_with_vllm(result.winner.scenario) else None,
        "plan": plan.model_dump(mode="json"),
    }
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def _fleet(fleet: Fleet, winner: Fleet | None) -> Row:
    examined, engine = fleet.examined, fleet.scenario.engine
    price = fleet.row.prospect.terms.price
    return {
        "hardware": fleet.row.prospect.device,
        "tensor_parallel_size": fleet.configuration.tensor_parallel_size,
        "dtypes": fleet.scenario.dtypes.model_dump(),
        "max_num_seqs": engine.max_num_seqs,
        "max_num_batched_tokens": engine.max_num_batched_tokens,
        "max_model_len": engine.max_model_len,
        "replicas": fleet.replicas,
        "active_replicas": fleet.active,
        "devices": fleet.devices,
        "objective": fleet.objective,
        "price": None if price is None else {**vars(price)},
        "usd_per_hour": fleet.usd_per_hour,
        "usd_per_month": fleet.usd_per_month,
        "usd_per_million_tokens": fleet.usd_per_million_tokens,
        "joules_per_token": fleet.joules_per_token,
        "facility_kw": None if fleet.watts is None else fleet.watts / 1e3,
        "gco2e_per_request": fleet.grams_per_request,
        "capacity_per_replica_per_s": examined.per_replica,
        "capacity_alone_per_s": examined.capacity.rate,
        "capacity_interval_95_per_s": [examined.capacity.low, examined.capacity.high],
        "bound_per_replica_per_s": fleet.row.prospect.known_bound,
        "step_band_80": list(examined.step_band),
        "binding": _binding(fleet),
        "fleets_tried": [{"active_replicas": count, "goals_met": met} for count, met in examined.confirmed.tried],
        "at_peak": fleet.figures(examined.peak),
        "at_mean": fleet.figures(examined.mean),
        "economics": examined.mean.summary["economics"],
        "why_not": None if winner is None else why_not(winner, fleet),
    }


def _binding(fleet: Fleet) -> Row | None:
    binding = fleet.examined.capacity.binding
    if binding is None:
        return None
    return {"goals": list(binding.goals), "resource": binding.resource, "text": binding.text}


def _growth(result: PlanResult) -> list[Row]:
    """The winner's size as the traffic grows."""
    brief, fleet = result.brief, result.winner
    traffic, terms = brief.plan.traffic, fleet.row.prospect.terms
    rows = []
    for year in traffic.milestones():
        scale = (1.0 + traffic.growth_per_year) ** (year - traffic.horizon_years)
        count = replicas_for(brief.rates.design * scale, fleet.examined.per_replica) + brief.plan.spare_replicas
        rows.append(
            {
                "year": year,
                "mean_per_s": brief.rates.mean * scale,
                "peak_per_s": brief.rates.peak * scale,
                "replicas": count,
                "devices": count * terms.devices,
                "usd_per_hour": terms.usd_per_hour(count),
            }
        )
    return rows


def _case(result: PlanResult, case: Case) -> Row:
    best = None if case.best is None else result.fleets[case.best]
    return {
        "case": case.name,
        "replicas": list(case.replicas),
        "objectives": list(case.objectives),
        "best_finalist": case.best,
        "best": None if best is None else best.row.prospect.device,
    }
