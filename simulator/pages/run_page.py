"""The report of one run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from simulator.pages.assumed import economics_table
from simulator.pages.origin import origin_table, settings_table
from simulator.pages.run_charts import charts
from simulator.pages.run_folder import RunFolder
from simulator.pages.run_tables import latency_table, refusals_table, result_table, slowest_table
from simulator.pages.run_timeline import timeline
from simulator.pages.trust import shares_text, step_band_text, trust_blocks
from simulator.report.economics import figure
from simulator.report.figures import load_line, mean_range, milliseconds, percent
from simulator.report.page.document import Block, Bullets, KeyFigure, Listing, Page, Paragraph, Section


def run_page(folder: Path) -> Page:
    """The page of a folder written by ``inferplan run --out``. Raises ``InputError``."""
    run = RunFolder.read(folder)
    summary, provenance = run.summary, run.provenance
    return Page(
        "run",
        run.title,
        asked=f"What are latency, throughput and cost of this deployment: {run.title}? {load_line(summary)}.",
        answer=f"{_figures_sentence(summary)} {_first_sentence(summary['diagnosis']['text'])}",
        confidence=_confidence(summary, provenance),
        figures=_key_figures(summary),
        sections=[
            Section("Evidence", _evidence(run)),
            Section("Assumptions", _present(settings_table(run.scenario), economics_table(summary))),
            Section("Calibration error", trust_blocks(provenance)),
            Section("Provenance", _origin(run)),
        ],
    )


def _evidence(run: RunFolder) -> list[Block]:
    summary = run.summary
    return _present(
        Paragraph(summary["diagnosis"]["text"]),
        latency_table(summary),
        result_table(summary),
        Bullets(summary["notes"]) if summary["notes"] else None,
        *charts(run, timeline(run)),
        slowest_table(run),
        refusals_table(run),
    )


def _origin(run: RunFolder) -> list[Block]:
    seeds = ", ".join(str(seed) for seed in run.summary["seeds"])
    several = "; tables and charts: the first one only" if len(run.summary["seeds"]) > 1 else ""
    return [
        origin_table(run.provenance, {"Seeds": f"{seeds}{several}"}),
        Listing(
            "To run it again", f"inferplan run scenario.resolved.yaml --seeds {len(run.summary['seeds'])} --out DIR"
        ),
        Listing("scenario.resolved.yaml", run.text, folded=True),
    ]


def _present(*blocks: Block | None) -> list[Block]:
    return [block for block in blocks if block is not None]


def _figures_sentence(summary: dict[str, Any]) -> str:
    """The latencies, the rates, and the share of requests that meet their objectives."""
    if summary["mean_ttft_ms"] is None:
        return "No request finished."
    good = "" if summary["goodput_share"] is None else f"; {percent(summary['goodput_share'], 1)} meet the SLO"
    tpot = "" if summary["mean_tpot_ms"] is None else f" and TPOT {_latency(summary, 'tpot')}"
    rate = (
        f"{figure(summary['request_throughput'])} requests/s ({figure(summary['output_throughput'])} output tokens/s)"
    )
    return f"TTFT is {_latency(summary, 'ttft')}{tpot} at {rate}{good}."


def _latency(summary: dict[str, Any], key: str) -> str:
    mean, p99 = (milliseconds(summary[f"{statistic}_{key}_ms"]) for statistic in ("mean", "p99"))
    return f"{mean} ms on average (p99 {p99} ms)"


def _first_sentence(text: str) -> str:
    end = text.find(". ")
    return text if end < 0 else text[: end + 1]


def _confidence(summary: dict[str, Any], provenance: dict[str, Any]) -> str:
    known = f"{step_band_text(provenance)[:-1]} (80 % band; {shares_text(provenance)})."
    if "mean_ttft_ms_low" not in summary:
        return f"{known} Queues amplify that; this run was made without bands of its latencies (--bands)."
    ranges = [
        f"mean {name} {mean_range(summary, f'mean_{key}_ms')} ms" for key, name in (("ttft", "TTFT"), ("tpot", "TPOT"))
    ]
    return f"{known} With queues simulated at both ends: {', '.join(ranges)}."


def _key_figures(summary: dict[str, Any]) -> list[KeyFigure]:
    latencies = [
        KeyFigure(name, milliseconds(summary[f"{key}_ms"]), "ms", _band(summary, f"{key}_ms"))
        for name, key in (
            ("Mean TTFT", "mean_ttft"),
            ("p99 TTFT", "p99_ttft"),
            ("Mean TPOT", "mean_tpot"),
            ("p99 TPOT", "p99_tpot"),
        )
    ]
    rates = [
        KeyFigure(
            "Output throughput", figure(summary["output_throughput"]), "tokens/s", _band(summary, "output_throughput")
        )
    ]
    if summary["request_goodput"] is not None:
        share = f"{percent(summary['goodput_share'], 1)} meet the SLO"
        rates.append(KeyFigure("Goodput", figure(summary["request_goodput"]), "requests/s", share))
    peak = KeyFigure(
        "KV cache, peak",
        percent(summary["kv_cache_usage_peak"]),
        "",
        f"{percent(summary['kv_cache_usage_mean'])} on average",
    )
    money = summary.get("usd_per_million_output_tokens")
    cost = [] if money is None else [KeyFigure("Cost of output", f"${figure(money)}", "per million tokens")]
    return [*latencies, *rates, peak, *cost]


def _band(summary: dict[str, Any], key: str) -> str:
    text = mean_range(summary, key)
    return "" if text == "-" else f"80 % band {text}"
