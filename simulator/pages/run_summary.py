"""The executive summary of a run: the answer, how sure it is, the key figures."""

from __future__ import annotations

from typing import Any

from simulator.pages.trust import shares_text, step_band_text
from simulator.report.economics import figure
from simulator.report.figures import mean_range, milliseconds, percent
from simulator.report.page.document import KeyFigure

LATENCIES = {
    "mean_ttft_ms": "Mean TTFT",
    "p99_ttft_ms": "p99 TTFT",
    "mean_tpot_ms": "Mean TPOT",
    "p99_tpot_ms": "p99 TPOT",
}
"""Summary key of the latencies among the key figures -> label."""


def figures_sentence(summary: dict[str, Any]) -> str:
    """The latencies, the rates, and the share of requests that meet their objectives."""
    if summary["mean_ttft_ms"] is None:
        return "No request finished."
    good = "" if summary["goodput_share"] is None else f"; {percent(summary['goodput_share'], 1)} meet the SLO"
    tpot = "" if summary["mean_tpot_ms"] is None else f" and TPOT {_latency(summary, 'tpot')}"
    requests, tokens = (figure(summary[name]) for name in ("request_throughput", "output_throughput"))
    rate = f"{requests} requests/s ({tokens} output tokens/s)"
    return f"TTFT is {_latency(summary, 'ttft')}{tpot} at {rate}{good}."


def first_sentence(text: str) -> str:
    """Up to the first full stop that a blank follows."""
    end = text.find(". ")
    return text if end < 0 else text[: end + 1]


def confidence(summary: dict[str, Any], provenance: dict[str, Any]) -> str:
    """The band of the step times, what it rests on, and what queues make of it."""
    if not provenance["time_share_by_provenance"]:
        return "No step was run, so no step time can be off."
    known = f"{step_band_text(provenance)[:-1]} (80 % band; {shares_text(provenance)})."
    if "mean_ttft_ms_low" not in summary:
        return f"{known} Queues amplify that; this run was made without bands of its latencies (--bands)."
    metrics = {"mean_ttft_ms": "mean TTFT", "mean_tpot_ms": "mean TPOT"}
    ranges = [f"{name} {mean_range(summary, key)} ms" for key, name in metrics.items() if f"{key}_low" in summary]
    return f"{known} With queues simulated at both ends: {', '.join(ranges)}."


def key_figures(summary: dict[str, Any]) -> list[KeyFigure]:
    """Latencies, throughput, goodput, memory and cost, as far as there are any."""
    found = [
        KeyFigure(name, milliseconds(summary[key]), "ms", _band(summary, key))
        for key, name in LATENCIES.items()
        if summary[key] is not None
    ]
    output = "output_throughput"
    found.append(KeyFigure("Output throughput", figure(summary[output]), "tokens/s", _band(summary, output)))
    if summary["request_goodput"] is not None:
        share = f"{percent(summary['goodput_share'], 1)} meet the SLO"
        found.append(KeyFigure("Goodput", figure(summary["request_goodput"]), "requests/s", share))
    peak, mean = (percent(summary[f"kv_cache_usage_{when}"]) for when in ("peak", "mean"))
    found.append(KeyFigure("KV cache, peak", peak, "", f"{mean} on average"))
    money = summary.get("usd_per_million_output_tokens")
    if money is not None:
        found.append(KeyFigure("Cost of output", f"${figure(money)}", "per million tokens"))
    return found


def _latency(summary: dict[str, Any], key: str) -> str:
    mean, p99 = (milliseconds(summary[f"{statistic}_{key}_ms"]) for statistic in ("mean", "p99"))
    return f"{mean} ms on average (p99 {p99} ms)"


def _band(summary: dict[str, Any], key: str) -> str:
    text = mean_range(summary, key)
    return "" if text == "-" else f"80 % band {text}"
