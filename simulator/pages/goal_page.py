"""The report of a goal: the largest load, its interval, what binds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from simulator.pages.goal_charts import goal_charts
from simulator.pages.goal_folder import GoalFolder, figure
from simulator.pages.origin import origin_table, settings_table
from simulator.pages.trust import shares_text, step_band_text, trust_blocks
from simulator.report.figures import percent
from simulator.report.page.document import (
    Block,
    Bullets,
    Cell,
    Column,
    KeyFigure,
    Listing,
    Page,
    Paragraph,
    Section,
    Table,
)
from simulator.report.page.numbers import number


def goal_page(folder: Path) -> Page:
    """The page of a folder written by ``inferplan goal --out``. Raises ``InputError``."""
    read = GoalFolder.read(folder)
    goal = read.goal
    return Page(
        "goal",
        goal["title"],
        asked=_asked(goal),
        answer=" ".join([goal["answer"], *_limit(goal)]),
        confidence=_confidence(goal),
        figures=_key_figures(goal),
        sections=[
            Section("Evidence", _evidence(read)),
            Section("Assumptions", [settings_table(read.scenario)]),
            Section("Calibration error", trust_blocks(goal["provenance"])),
            Section("Provenance", _origin(read)),
        ],
    )


def _asked(goal: dict[str, Any]) -> str:
    goals = ", ".join(goal["goals"]) or "stability alone"
    what = {"concurrency": "How many requests in flight", "goodput": "Which rate gives the most goodput that"}
    start = what.get(goal["maximize"], "How many requests per second")
    return f"{start} does {goal['title']} sustain under these goals: {goals}?"


def _limit(goal: dict[str, Any]) -> list[str]:
    binding = goal["binding"]
    if binding is None:
        return []
    missed = " and ".join(name for name in binding["goals"] if name in goal["goals"])
    first = f"Beyond it {missed} {'are' if ' and ' in missed else 'is'} missed first; " if missed else "Beyond it "
    return [f"{first}the server's limit is {binding['resource']}."]


def _confidence(goal: dict[str, Any]) -> str:
    share, seeds, unit = goal["share_of_seeds_met_at_load"], len(goal["seeds"]), goal["unit"]
    parts = []
    if goal["status"] == "found" and seeds > 1 and share is not None:
        parts.append(f"At {number(goal['load'])} {unit}, {percent(share)} of {seeds} seeds meet the goals")
        if goal["met_by_all_seeds_up_to"] is not None:
            parts.append(f"all do up to {number(goal['met_by_all_seeds_up_to'])}")
        if goal["met_by_no_seed_from"] is not None:
            parts.append(f"none from {number(goal['met_by_no_seed_from'])} on")
    chance = [", ".join(parts) + "."] if parts else []
    known = f"{step_band_text(goal['provenance'])[:-1]} (80 % band; {shares_text(goal['provenance'])})"
    return " ".join([*chance, f"{known}; the interval above is of chance alone."])


def _key_figures(goal: dict[str, Any]) -> list[KeyFigure]:
    low, high = goal["interval_95"]
    interval = f"95 % interval {number(low)} to {number(high)}"
    load = [KeyFigure("Load", number(goal["load"]), goal["unit"], interval)] if goal["status"] == "found" else []
    most = goal["largest_goodput_per_s"]
    good = [] if most is None else [KeyFigure("Largest goodput", number(most), "requests/s")]
    work = goal["work"]
    runs = KeyFigure("Runs simulated", number(work["runs"]), "", f"{work['stopped_early']} stopped early")
    binding = [] if goal["binding"] is None else [KeyFigure("Limit of the server", goal["binding"]["resource"])]
    return [*load, *good, KeyFigure("Seeds", str(len(goal["seeds"]))), runs, *binding]


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
