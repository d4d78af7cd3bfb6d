"""The report of a goal: the largest load, its interval, what binds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from simulator.pages.goal_charts import goal_charts
from simulator.pages.goal_folder import GoalFolder, figure
from simulator.pages.goal_summary import answer, asked, confidence, key_figures
from simulator.pages.origin import origin_table, settings_table
from simulator.pages.trust import trust_blocks
from simulator.report.page.document import (
    Block,
    Bullets,
    Cell,
    Column,
    Listing,
    Page,
    Paragraph,
    Section,
    Table,
)


def goal_page(folder: Path) -> Page:
    """The page of a folder written by ``inferplan goal --out``. Raises ``InputError``."""
    read = GoalFolder.read(folder)
    goal = read.goal
    return Page(
        "goal",
        goal["title"],
        asked=asked(goal),
        answer=answer(goal),
        confidence=confidence(goal),
        figures=key_figures(goal),
        sections=[
            Section("Evidence", _evidence(read)),
            Section("Assumptions", [settings_table(read.scenario)]),
            Section("Calibration error", trust_blocks(goal["provenance"])),
            Section("Provenance", _origin(read)),
        ],
    )


def _evidence(read: GoalFolder) -> list[Block]:
    goal = read.goal
    blocks: list[Block] = [] if goal["binding"] is None else [Paragraph(goal["binding"]["text"])]
    blocks += [Bullets(goal["notes"])] if goal["notes"] else []
    return [*blocks, _seeds_table(goal), *goal_charts(read), _runs_table(read)]


def _seeds_table(goal: dict[str, Any]) -> Table:
    rows = [[str(one["seed"]), one["met_up_to"], one["missed_from"]] for one in goal["seeds"]]
    heads = [Column("Seed"), Column("Met up to", goal["unit"], 4), Column("Missed from", goal["unit"], 4)]
    return Table("Where each seed turns from met to missed", heads, rows)


def _runs_table(read: GoalFolder) -> Table:
    goals = read.goal["goals"]
    heads = [
        Column("Load", read.unit, 4),
        Column("Seed"),
        Column("For"),
        Column("Goals met"),
        *(Column(text, _unit(text)) for text in goals),
        Column("Throughput", "requests/s"),
        Column("Requests sent"),
        Column("Ended"),
    ]
    note = "Runs that were stopped early tell what was simulated of them. points.csv has more columns."
    return Table("Every run", heads, [_run_row(run, goals) for run in read.runs], note)


def _run_row(run: dict[str, str], goals: list[str]) -> list[Cell]:
    values = [figure(run, text) for text in goals]
    sent = int(run["requests"])
    throughput = figure(run, "request_throughput")
    return [float(run["load"]), run["seed"], run["role"], run["met"], *values, throughput, sent, run["ended"]]


def _unit(goal: str) -> str:
    """Of a goal's values in points.csv: latencies are in ms; goals on rates carry their unit in their text."""
    return "" if goal.startswith(("goodput", "throughput", "total_throughput")) else "ms"


def _origin(read: GoalFolder) -> list[Block]:
    goal, work = read.goal, read.goal["work"]
    seeds = ", ".join(str(one["seed"]) for one in goal["seeds"])
    simulated = f"{work['runs']} runs, {work['requests']:,} requests, {work['engine_steps']:,} engine steps"
    again = " ".join(["inferplan goal scenario.resolved.yaml", f"--maximize {goal['maximize']}", *_options(goal)])
    return [
        origin_table(goal["provenance"], {"Seeds": seeds, "Simulated": simulated}),
        Listing("To search again", again),
        Listing("scenario.resolved.yaml", read.text, folded=True),
    ]


def _options(goal: dict[str, Any]) -> list[str]:
    return [*(f"--goal '{text}'" for text in goal["goals"]), f"--seeds {len(goal['seeds'])}", "--out DIR"]
