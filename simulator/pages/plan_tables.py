"""The tables of a plan's report, from plan.json (layout: docs/plans.md)."""

from __future__ import annotations

from typing import Any

from simulator.report.page.document import Cell, Column, Shown, Table
from simulator.report.page.numbers import number

Fleet = dict[str, Any]

MOST_CANDIDATES = 300
"""Rows of the table of candidates; candidates.csv has all."""


def fleet_name(fleet: Fleet) -> str:
    """``2 x (4 x H100-SXM5-80GB), fp8 weights``: replicas, devices of one, formats narrower than 16 bit."""
    tp = fleet["tensor_parallel_size"]
    one = f"({tp} x {fleet['hardware']})" if tp > 1 else fleet["hardware"]
    return f"{fleet['replicas']} x {one}{formats(fleet['dtypes']['weights'], fleet['dtypes']['kv_cache'])}"


def formats(weights: str, kv_cache: str) -> str:
    """``, fp8 weights, fp8 KV``; nothing for 16 bit and for what the checkpoint has."""
    wide = ("auto", "bf16", "fp16")
    return (f", {weights} weights" if weights not in wide else "") + (
        f", {kv_cache} KV" if kv_cache not in wide else ""
    )


def fleets_table(plan: dict[str, Any]) -> Table:
    """The finalists side by side, each simulated whole."""
    heads = [
        Column("Fleet"),
        Column("Devices"),
        Column("Price", "$/h"),
        Column("Price", "$/month"),
        Column("Tokens", "$/M tokens"),
        Column("Energy", "J/token"),
        Column("Replica carries", "requests/s"),
        Column("Fleet used at peak", "%"),
        Column("p95 TTFT at peak", "ms"),
        Column("p95 TPOT at peak", "ms"),
        Column("KV cache, peak", "%"),
    ]
    return Table("The finalists, simulated as whole fleets", heads, [_fleet_row(one) for one in plan["finalists"]])


def _fleet_row(fleet: Fleet) -> list[Cell]:
    peak = fleet["at_peak"]
    return [
        fleet_name(fleet),
        fleet["devices"],
        _money(fleet["usd_per_hour"]),
        _money(fleet["usd_per_month"]),
        fleet["usd_per_million_tokens"],
        fleet["joules_per_token"],
        fleet["capacity_per_replica_per_s"],
        _percent(peak.get("share_of_capacity")),
        peak.get("p95_ttft_ms"),
        peak.get("p95_tpot_ms"),
        _percent(peak.get("kv_cache_usage_peak")),
    ]


def reasons_table(plan: dict[str, Any]) -> Table | None:
    """Why each other finalist loses; None where there is none."""
    rows: list[list[Cell]] = [[fleet_name(one), one["why_not"]] for one in plan["finalists"] if one["why_not"]]
    return Table("Why the others lose", [Column("Fleet"), Column("Reason", wraps=True)], rows) if rows else None


def utilisation_table(winner: Fleet) -> Table:
    """The winner at the peak and in the mean hour."""
    figures: dict[str, tuple[str, float]] = {
        "rate_per_s": ("Offered load (requests/s)", 1.0),
        "share_of_capacity": ("Share of the fleet's capacity (%)", 100.0),
        "median_ttft_ms": ("Median TTFT (ms)", 1.0),
        "p99_ttft_ms": ("p99 TTFT (ms)", 1.0),
        "median_tpot_ms": ("Median TPOT (ms)", 1.0),
        "p99_tpot_ms": ("p99 TPOT (ms)", 1.0),
        "output_throughput": ("Output throughput (tokens/s)", 1.0),
        "busy_share": ("Busy (%)", 100.0),
        "mfu": ("MFU (%)", 100.0),
        "mbu": ("MBU (%)", 100.0),
        "kv_cache_usage_peak": ("KV cache, peak (%)", 100.0),
        "num_preemptions": ("Preemptions", 1.0),
        "joules_per_token": ("Energy (J/token)", 1.0),
        "mean_device_power_w": ("Power of a device (W)", 1.0),
    }
    rows: list[list[Cell]] = [
        [name, *(_scaled(winner[moment].get(key), scale) for moment in ("at_peak", "at_mean"))]
        for key, (name, scale) in figures.items()
    ]
    return Table("The winner at work", [Column("Figure"), Column("At the peak"), Column("In the mean hour")], rows)


def sensitivity_table(plan: dict[str, Any]) -> Table | None:
    """How large each finalist must be, and which is best, when something changes; None where nothing was changed."""
    if not plan["sensitivity"]:
        return None
    finalists, unit = plan["finalists"], plan["unit"]
    heads = [Column("If"), Column("Best then", wraps=True), Column("Winner's replicas"), Column("Winner", unit),
             Column("Best", unit)]  # fmt: skip
    return Table("What would change the answer", heads, [_case_row(one, finalists) for one in plan["sensitivity"]])


def _case_row(case: dict[str, Any], finalists: list[Fleet]) -> list[Cell]:
    best = case["best_finalist"]
    name = "none can" if best is None else "the winner"
    if best:
        name = fleet_name(finalists[best] | {"replicas": case["replicas"][best]})
    least = None if best is None else case["objectives"][best]
    return [case["case"], name, case["replicas"][0], _money(case["objectives"][0]), _money(least)]


def growth_table(plan: dict[str, Any]) -> Table | None:
    """The winner's size over the years; None where traffic does not grow."""
    if len(plan["growth"]) < 2:
        return None
    keys = ("mean_per_s", "peak_per_s", "replicas", "devices")
    rows: list[list[Cell]] = [
        [f"{one['year']:g}", *(one[key] for key in keys), _money(one["usd_per_hour"])] for one in plan["growth"]
    ]
    heads = [Column("Years from now"), Column("Mean", "requests/s"), Column("Peak", "requests/s"), Column("Replicas"),
             Column("Devices"), Column("Price", "$/h")]  # fmt: skip
    return Table("The winner as the traffic grows", heads, rows)


def candidates_table(plan: dict[str, Any]) -> Table:
    """Every configuration, and why it was set aside."""
    candidates, unit = plan["candidates"], plan["unit"]
    heads = [
        Column("Rank"),
        Column("Device"),
        Column("TP"),
        Column("Formats"),
        Column("Verdict"),
        Column("Replicas"),
        Column("Objective", unit),
        Column("At least", unit),
        Column("Replica carries", "requests/s"),
        Column("Bound of a replica", "requests/s"),
        Column("Reason", wraps=True),
    ]
    rows = [_candidate_row(one) for one in candidates[:MOST_CANDIDATES]]
    left = f"{MOST_CANDIDATES} of {len(candidates):,} configurations. " if len(candidates) > MOST_CANDIDATES else ""
    note = f"{left}At least: no fleet of this kind can have less, by its bound. candidates.csv has more columns."
    return Table("Every configuration", heads, rows, note)


def _candidate_row(one: dict[str, Any]) -> list[Cell]:
    narrow = formats(one["weights"], one["kv_cache"]).removeprefix(", ") or "as the checkpoint"
    return [
        str(one["rank"]),
        one["hardware"],
        one["tensor_parallel_size"],
        narrow,
        one["verdict"],
        one["replicas"],
        _money(one["objective"]),
        _money(one["objective_at_least"]),
        one["capacity_per_replica_per_s"],
        one["bound_per_replica_per_s"],
        one["reason"],
    ]


def traffic_table(plan: dict[str, Any]) -> Table:
    """What the fleet has to carry."""
    traffic = plan["traffic"]
    rows: list[list[Cell]] = [
        ["Rate today", f"{number(traffic['rate_today_per_s'])} requests/s"],
        ["Growth", f"{100 * traffic['growth_per_year']:g} % a year over {traffic['horizon_years']:g} years"],
        ["Mean then", f"{number(traffic['mean_per_s'])} requests/s"],
        ["Peak hour then", f"{number(traffic['peak_per_s'])} requests/s"],
        ["Headroom above the peak", f"{100 * traffic['headroom']:g} %"],
        ["Design rate", f"{number(traffic['design_per_s'])} requests/s"],
        ["Replicas that may fail at the design rate", f"{traffic['spare_replicas']}"],
        ["Mean prompt", f"{number(traffic['mean_prompt_tokens'])} tokens"],
        ["Mean output", f"{number(traffic['mean_output_tokens'])} tokens"],
    ]
    return Table("Traffic", [Column("What"), Column("How much")], rows)


def _scaled(value: float | None, scale: float) -> Cell:
    return None if value is None else value if scale == 1.0 else scale * value


def _percent(share: float | None) -> Cell:
    return _scaled(share, 100.0)


def _money(amount: float | None) -> Cell:
    """To the cent, as prices are read."""
    return None if amount is None else Shown(f"{amount:,.2f}", amount)
