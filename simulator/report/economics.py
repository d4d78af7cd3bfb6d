"""Energy, cost and carbon of a summary as people read them, each line with what it assumes."""

from __future__ import annotations

from typing import Any


def economics_lines(summary: dict[str, Any]) -> list[tuple[str, str]]:
    """``(name, text)``: energy, cost, carbon; the reason instead of a missing figure; none for older summaries."""
    if "economics" not in summary:
        return []
    return [("energy", _energy(summary)), ("cost", _cost(summary)), ("carbon", _carbon(summary))]


def _energy(summary: dict[str, Any]) -> str:
    assumed, missing = summary["economics"]["assumptions"], summary["economics"]["missing"]
    if "energy" in missing:
        return f"not known: {missing['energy']}"
    device = f"{figure(summary['device_joules_per_output_token'])} J of the devices"
    power = assumed["power"]
    limit = f"limit {power['limit_w']:,.0f} W, standby {power['standby_w']:,.0f} W"
    mean = f"{figure(summary['mean_device_power_w'])} W per device on average ({limit})"
    if "facility" in missing:
        return f"{device} per output token, {mean}; whole facility not known: {missing['facility']}"
    around = f"host {assumed['host']['watts_per_device']:,.0f} W per device, PUE {assumed['pue']['value']:g}"
    return f"{figure(summary['joules_per_output_token'])} J per output token ({device}; {around}), {mean}"


def _cost(summary: dict[str, Any]) -> str:
    if "cost" in summary["economics"]["missing"]:
        return f"not known: {summary['economics']['missing']['cost']}"
    price = summary["economics"]["assumptions"]["price"]
    terms = price["terms"].replace("_", " ")
    return (
        f"${figure(summary['usd_per_million_input_tokens'])} in, "
        f"${figure(summary['usd_per_million_output_tokens'])} out per million tokens "
        f"(${figure(price['usd_per_device_hour'])} per device hour, {terms}, {price['as_of']})"
    )


def _carbon(summary: dict[str, Any]) -> str:
    if "carbon" in summary["economics"]["missing"]:
        return f"not known: {summary['economics']['missing']['carbon']}"
    grid, embodied = (summary["economics"]["assumptions"][key] for key in ("grid", "embodied"))
    intensity = grid["kg_per_kwh"]
    curve = isinstance(intensity, list)
    text = f"{min(intensity):g} to {max(intensity):g}, by the hour" if curve else f"{intensity:g}"
    made = "without embodied carbon" if embodied is None else "with embodied carbon"
    return f"{figure(summary['gco2e_per_request'])} gCO2e per request ({text} kg/kWh: {grid['source']}; {made})"


def figure(value: float | None) -> str:
    """Three significant digits, thousands separated; ``-`` for none."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
