"""The figures of a summary as people read them; the terminal and the notebook show the same ones."""

from __future__ import annotations

from typing import Any

from simulator.cost.band_text import span

LATENCIES = {"ttft": "TTFT", "tpot": "TPOT", "itl": "ITL", "e2el": "E2EL", "queue_time": "queue"}
"""Summary key of each latency -> its label."""

FORMULAS = {
    "ttft": "first token - arrival",
    "tpot": "(E2EL - TTFT) / (output tokens - 1), per request",
    "itl": "every gap between two deliveries, pooled",
    "e2el": "last token - arrival",
    "queue_time": "first scheduled - arrival",
}
"""Summary key of each latency -> how it is measured."""

LATENCY_COLUMNS = {"mean": "mean", "p50": "median", "p90": "p90", "p95": "p95", "p99": "p99"}
"""Column heading -> statistic in the summary's keys."""


def milliseconds(value: float | None) -> str:
    """Three or four significant digits, thousands separated; ``-`` for no sample."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def mean_range(summary: dict[str, Any], key: str) -> str:
    """The 80 % band of a metric, ``22.6-25.7``; ``-`` for none."""
    low, high = summary.get(f"{key}_low"), summary.get(f"{key}_high")
    return "-" if low is None or high is None else span(low, high)


def percent(share: float | None, digits: int = 0) -> str:
    """A share 0..1 in per cent; ``-`` for none. A little is ``<1 %`` rather than 0, almost all ``>99 %``."""
    if share is None:
        return "-"
    least = 0.01 * 10**-digits
    if 0 < share < least:
        return f"<{100 * least:.{digits}f} %"
    if 1 - least < share < 1:
        return f">{100 * (1 - least):.{digits}f} %"
    return f"{100 * share:.{digits}f} %"


def throughput_lines(summary: dict[str, Any]) -> list[tuple[str, str]]:
    """``(name, text)`` lines below the latency table."""
    lines = [
        ("throughput", _throughput(summary)),
        ("batch", _batch(summary)),
        ("KV cache", _memory(summary)),
        ("utilisation", _utilisation(summary)),
    ]
    if summary["request_goodput"] is not None:
        good = f"{_rate(summary['request_goodput'])} requests/s meet the SLO ({percent(summary['goodput_share'], 1)})"
        lines.insert(1, ("goodput", good))
    return lines


def load_line(summary: dict[str, Any]) -> str:
    """Requests served and how they were offered."""
    inside = "" if summary["window"]["whole_run"] else " finish in the measured window"
    served = f"{summary['completed']:,.0f} of {summary['num_prompts']:,.0f} requests{inside}"
    refused = f", {summary['failed']:,.0f} refused" if summary["failed"] else ""
    rate = summary["request_rate"]
    if summary["max_concurrency"] is not None:
        offered = f"at most {summary['max_concurrency']:,} in flight"
    else:
        offered = "all queued at once" if rate == "inf" else f"{_rate(rate)} requests/s offered"
    measured = "simulated" if summary["window"]["whole_run"] else "measured"
    return f"{served}{refused}, {offered}, {summary['duration']:,.1f} s {measured}"


def _throughput(summary: dict[str, Any]) -> str:
    requests, output = summary["request_throughput"], summary["output_throughput"]
    return (
        f"{_rate(requests)} requests/s, {_rate(output)} output tokens/s"
        f"{_range(summary, 'output_throughput')}, {_rate(summary['total_token_throughput'])} total tokens/s"
    )


def _range(summary: dict[str, Any], key: str) -> str:
    return f" ({mean_range(summary, key)})" if f"{key}_low" in summary else ""


def _batch(summary: dict[str, Any]) -> str:
    return (
        f"{_rate(summary['mean_batch_seqs'])} running per step (peak {summary['peak_num_requests_running']:,.0f}), "
        f"{_rate(summary['mean_batch_tokens'])} tokens per step, "
        f"{_rate(summary['mean_num_requests_waiting'])} waiting (peak {summary['peak_num_requests_waiting']:,.0f})"
    )


def _memory(summary: dict[str, Any]) -> str:
    hits = summary["prefix_cache_hit_rate"]
    cached = "" if hits is None else f", prefix cache hits {percent(hits, 1)}"
    return (
        f"{percent(summary['kv_cache_usage_mean'])} used on average (peak {percent(summary['kv_cache_usage_peak'])}), "
        f"{summary['num_preemptions']:,.0f} preemptions{cached}"
    )


def _utilisation(summary: dict[str, Any]) -> str:
    return f"busy {percent(summary['busy_share'])}, MFU {percent(summary['mfu'], 1)}, MBU {percent(summary['mbu'], 1)}"


def _rate(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}" if value >= 0.1 else f"{value:.2f}"
