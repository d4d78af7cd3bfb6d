"""The charts of a plan's report: what the finalists cost, and the winner's room for more traffic."""

from __future__ import annotations

from typing import Any

from simulator.pages.plan_tables import fleet_name, formats
from simulator.report.page.document import Cell, Chart, Column, Table
from simulator.report.page.drawing import Axis, Bar, Bars, Plot, Series
from simulator.report.page.numbers import number
from simulator.report.style import COLOURS

UNIT_WORDS = {"$/h": "price of the fleet ($/h)"}


def objective_bars(plan: dict[str, Any]) -> Chart:
    """What the best fleet has least of, finalist by finalist."""
    unit = plan["unit"]
    bars = [_bar(one, place == 0, unit) for place, one in enumerate(plan["finalists"])]
    rows: list[list[Cell]] = [[fleet_name(one), one["objective"]] for one in plan["finalists"]]
    label = UNIT_WORDS.get(unit, f"objective ({unit})")
    return Chart(
        "What the finalists take",
        f"Fleets that meet the goals at the design rate; the plan minimizes {plan['minimize']}.",
        [Bars("Finalists", label, bars)],
        Table("The finalists' objective", [Column("Fleet"), Column("Objective", unit)], rows),
    )


def _bar(fleet: dict[str, Any], wins: bool, unit: str) -> Bar:
    text = f"{number(fleet['objective'])} {unit}"
    return Bar(fleet_name(fleet), fleet["objective"], text, "winner" if wins else "others", 0 if wins else 5)


def candidates_chart(plan: dict[str, Any]) -> Chart | None:
    """Capacity of a replica against the objective of the fleet, for configurations whose capacity was searched."""
    searched = [one for one in plan["candidates"] if one["objective"] is not None and one["capacity_per_replica_per_s"]]
    if len(searched) < 2:
        return None
    devices = list(dict.fromkeys(one["hardware"] for one in searched))
    series = [
        Series(
            device,
            [one["capacity_per_replica_per_s"] for one in mine],
            [one["objective"] for one in mine],
            order % len(COLOURS),
            line=False,
            tips=[_tip(one, plan["unit"]) for one in mine],
        )
        for order, device in enumerate(devices)
        for mine in [[one for one in searched if one["hardware"] == device]]
    ]
    y = Axis(UNIT_WORDS.get(plan["unit"], f"objective ({plan['unit']})"), low=0.0)
    rows: list[list[Cell]] = [
        [_name(one), one["replicas"], one["capacity_per_replica_per_s"], one["objective"]] for one in searched
    ]
    heads = [
        Column("Configuration"),
        Column("Replicas"),
        Column("Replica carries", "requests/s"),
        Column("Objective", plan["unit"]),
    ]
    return Chart(
        "What a replica carries, and what the fleet takes",
        "One point for each configuration whose capacity was searched; lower is better.",
        [Plot("Searched configurations", Axis("capacity of a replica (requests/s)", low=0.0), y, series,
              wide=True, height=340.0, hover="point")],
        Table("Configurations that were searched", heads, rows),
    )  # fmt: skip


def _name(one: dict[str, Any]) -> str:
    tp = f"{one['tensor_parallel_size']} x " if one["tensor_parallel_size"] > 1 else ""
    return f"{tp}{one['hardware']}{formats(one['weights'], one['kv_cache'])}"


def _tip(one: dict[str, Any], unit: str) -> str:
    return f"{one['replicas']} replicas of {_name(one)}\n{number(one['objective'])} {unit}\n{one['reason']}"
