"""What energy, cost and carbon assume, each with its source and date."""

from __future__ import annotations

from typing import Any

from simulator.report.page.document import Column, Table


def economics_table(summary: dict[str, Any]) -> Table | None:
    """One row per assumption; None for a summary without economics."""
    if "economics" not in summary:
        return None
    assumed, missing = summary["economics"]["assumptions"], summary["economics"]["missing"]
    rows = [row for row in (_power(assumed), _host(assumed), _pue(assumed), _price(assumed), _grid(assumed)) if row]
    rows += [[f"No {name}", "", reason] for name, reason in missing.items()]
    if assumed.get("token_split"):
        rows.append(["Input and output tokens", "", assumed["token_split"]])
    heads = [Column("Assumption"), Column("Value"), Column("Source and date", wraps=True)]
    return Table("What energy, cost and carbon assume", heads, rows)


def _power(assumed: dict[str, Any]) -> list[str] | None:
    power = assumed.get("power")
    if not power:
        return None
    guessed = f"; assumed: {', '.join(power['assumed'])}" if power.get("assumed") else ""
    value = f"limit {power['limit_w']:,.0f} W, standby {power['standby_w']:,.0f} W"
    return ["Power of a device", value, f"{power['source']}{guessed}"]


def _host(assumed: dict[str, Any]) -> list[str] | None:
    host = assumed.get("host")
    return host and ["Power of the host, per device", f"{host['watts_per_device']:,.0f} W", host["source"]]


def _pue(assumed: dict[str, Any]) -> list[str] | None:
    pue = assumed.get("pue")
    return pue and ["Power usage effectiveness (PUE)", f"{pue['value']:g}", pue["source"]]


def _price(assumed: dict[str, Any]) -> list[str] | None:
    price = assumed.get("price")
    if not price:
        return None
    value = f"${price['usd_per_device_hour']:,.2f}/h, {price['terms'].replace('_', ' ')}"
    return ["Price of a device", value, f"{price['as_of']}: {price['basis']}"]


def _grid(assumed: dict[str, Any]) -> list[str] | None:
    grid = assumed.get("grid")
    if not grid:
        return None
    intensity = grid["kg_per_kwh"]
    text = f"{min(intensity):g} to {max(intensity):g}" if isinstance(intensity, list) else f"{intensity:g}"
    return ["Carbon of the grid", f"{text} kg/kWh", grid["source"]]
