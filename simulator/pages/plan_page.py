"""The report of a capacity plan: the fleet, how sure the ranking is, why the others lose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from simulator.json_document import read_json
from simulator.pages.assumed import economics_table
from simulator.pages.device_trust import device_trust_table
from simulator.pages.origin import settings_table
from simulator.pages.plan_charts import candidates_chart, objective_bars
from simulator.pages.plan_summary import answer, asked, confidence, key_figures
from simulator.pages.plan_tables import (
    candidates_table,
    fleet_name,
    fleets_table,
    growth_table,
    reasons_table,
    sensitivity_table,
    traffic_table,
    utilisation_table,
)
from simulator.report.page.document import (
    Block,
    Bullets,
    Cell,
    Column,
    Listing,
    Page,
    Paragraph,
    Section,
    Shown,
    Table,
)
from simulator.report.page.numbers import number

SCHEMA = 1
"""Layout of plan.json that is read here."""


def plan_page(folder: Path) -> Page:
    """The page of a folder written by ``inferplan plan --out``. Raises ``InputError``."""
    plan = read_json(folder / "plan.json")
    if plan["schema"] != SCHEMA:
        raise ValueError(f"its schema {plan['schema']}, only {SCHEMA}")
    return Page(
        "plan",
        plan["title"],
        asked=asked(plan),
        answer=answer(plan),
        confidence=confidence(plan),
        figures=key_figures(plan),
        sections=[
            Section("Evidence", _evidence(plan)),
            Section("Launch", _launch(folder, plan)),
            Section(
                "Assumptions",
                _present(
                    traffic_table(plan),
                    _economics(plan),
                    settings_table(plan["plan"], "The plan file, defaults filled in"),
                ),
            ),
            Section("Calibration error", _calibration(plan)),
            Section("Provenance", _origin(folder, plan)),
        ],
    )


def _present(*blocks: Block | None) -> list[Block]:
    return [block for block in blocks if block is not None]


def _evidence(plan: dict[str, Any]) -> list[Block]:
    return _present(
        Bullets(plan["explanation"]),
        Bullets(plan["notes"]) if plan["notes"] else None,
        fleets_table(plan),
        objective_bars(plan),
        reasons_table(plan),
        utilisation_table(plan["winner"]),
        sensitivity_table(plan),
        growth_table(plan),
        candidates_chart(plan),
        candidates_table(plan),
    )


def _launch(folder: Path, plan: dict[str, Any]) -> list[Block]:
    """The commands that start the winner; a sentence for an engine that has none."""
    names = [name for name in ("launch/vllm-serve.sh", "launch/values.yaml") if (folder / name).is_file()]
    listings: list[Block] = [Listing(name, (folder / name).read_text(encoding="utf-8")) for name in names]
    if plan["launch"] is not None and not listings:
        listings = [Listing("One replica", plan["launch"])]
    return listings or [Paragraph("The winner's engine is not vLLM: there is no command to print.")]


def _economics(plan: dict[str, Any]) -> Table | None:
    economics = plan["winner"]["economics"]
    return economics_table({"economics": economics}) if economics else None


def _calibration(plan: dict[str, Any]) -> list[Block]:
    rows: list[list[Cell]] = []
    for one in plan["finalists"]:
        low, high = one["step_band_80"]
        first, last = one["capacity_interval_95_per_s"]
        band = Shown(f"{100 * (low - 1):+.1f} to {100 * (high - 1):+.1f}", high - low)
        chance = Shown(f"{number(first)} to {number(last)}", last - first)
        rows.append([fleet_name(one), band, one["capacity_per_replica_per_s"], chance])
    heads = [Column("Fleet"), Column("80 % band of its step times", "%"), Column("Replica carries", "requests/s"),
             Column("95 % interval over seeds", "requests/s")]  # fmt: skip
    assumed = plan["certainty"]["assumption"]
    text = f"How sure the ranking is rests on draws: {assumed}. docs/accuracy.md tells how often bands hold."
    finalists = Table("How far the finalists may be off", heads, rows)
    devices = device_trust_table(one["hardware"] for one in plan["finalists"])
    return [Paragraph(text), finalists, *([devices] if devices is not None else [])]


def _origin(folder: Path, plan: dict[str, Any]) -> list[Block]:
    work = plan["work"]
    counts = {
        "cannot_run": "cannot run",
        "pruned_by_bound": "ruled out in closed form",
        "decided_by_single_runs": "by single runs",
        "searched": "searched",
    }
    parts = ", ".join(f"{work[key]} {words}" for key, words in counts.items())
    rows: list[list[Cell]] = [
        ["inferplan", f"version {plan['inferplan']}"],
        ["Configurations", f"{work['configurations']}: {parts}"],
        ["Simulated", f"{work['runs']:,} runs, {work['requests']:,} requests, {work['engine_steps']:,} engine steps"],
        ["Seed", str(plan["plan"]["search"]["seed"])],
    ]
    resolved = folder / "plan.resolved.yaml"
    blocks: list[Block] = [
        Table("Sources and versions", [Column("What"), Column("Which", wraps=True)], rows),
        Listing("To plan again", "inferplan plan plan.resolved.yaml --out DIR"),
    ]
    if resolved.is_file():
        blocks.append(Listing(resolved.name, resolved.read_text(encoding="utf-8"), folded=True))
    return blocks
