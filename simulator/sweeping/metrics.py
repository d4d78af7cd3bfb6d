"""The metrics of a point: the numbers of a run's summary, and those people compare deployments by.

=================== =============== ====== ==========================================================================
``tok_s_user``      tokens/s        high   1000 / mean TPOT in ms: the speed at which one user sees tokens come
``tok_s_gpu``       tokens/s/device high   output tokens per second and device
``total_tok_s_gpu`` tokens/s/device high   prompt and output tokens per second and device
``devices``         devices         low    accelerators of all replicas
=================== =============== ====== ==========================================================================
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from simulator.errors import InputError, did_you_mean
from simulator.metrics.summary import Summary

Better = Literal["low", "high"] | None
Metrics = dict[str, float | None]


@dataclass(frozen=True)
class Metric:
    """``unit`` as printed beside the name; ``better``: which direction is, None where that is a matter of taste."""

    name: str
    unit: str
    better: Better

    def content(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


DERIVED = (
    Metric("tok_s_user", "tokens/s/user", "high"),
    Metric("tok_s_gpu", "tokens/s/device", "high"),
    Metric("total_tok_s_gpu", "tokens/s/device", "high"),
    Metric("devices", "devices", "low"),
)

_HIGH = {
    "request_throughput": "requests/s",
    "request_goodput": "requests/s",
    "goodput_share": "share",
    "output_throughput": "tokens/s",
    "total_token_throughput": "tokens/s",
    "completed": "requests",
    "prefix_cache_hit_rate": "share",
    "mfu": "share",
    "mbu": "share",
}
_LOW = {
    "duration": "s",
    "failed": "requests",
    "unfinished": "requests",
    "num_preemptions": "",
    "kv_blocked_step_share": "share",
    "mean_num_requests_waiting": "requests",
    "peak_num_requests_waiting": "requests",
    "device_joules_per_output_token": "J/token",
    "joules_per_output_token": "J/token",
    "joules_per_token": "J/token",
    "cost_usd": "$",
    "usd_per_million_input_tokens": "$/M tokens",
    "usd_per_million_output_tokens": "$/M tokens",
    "usd_per_million_tokens": "$/M tokens",
    "gco2e_per_request": "g",
}
_NEITHER = {
    "num_prompts": "requests",
    "request_rate": "requests/s",
    "max_concurrency": "requests",
    "total_input_tokens": "tokens",
    "total_output_tokens": "tokens",
    "num_replicas": "replicas",
    "kv_cache_usage_mean": "share",
    "kv_cache_usage_peak": "share",
    "mean_num_requests_running": "requests",
    "peak_num_requests_running": "requests",
    "mean_batch_tokens": "tokens",
    "mean_batch_seqs": "requests",
    "busy_share": "share",
    "mean_device_power_w": "W",
    "input_time_share": "share",
}
_ENDINGS = {"_ms": "ms", "_j": "J", "_kg": "kg", "_w": "W", "_s": "s", "_share": "share"}
"""Last part of a name -> unit, for the many that carry it there; of all of them less is better."""


def metric(name: str) -> Metric:
    """What is known of a metric by its name."""
    for known in DERIVED:
        if known.name == name:
            return known
    tables: tuple[tuple[dict[str, str], Better], ...] = ((_HIGH, "high"), (_LOW, "low"), (_NEITHER, None))
    for table, better in tables:
        if name in table:
            return Metric(name, table[name], better)
    unit = next((unit for ending, unit in _ENDINGS.items() if name.endswith(ending)), "")
    return Metric(name, unit, "low" if unit in ("ms", "J", "kg") else None)


def metrics_of(summary: Summary, devices_per_replica: int) -> Metrics:
    """Every number of a summary, None for what has no value, and the derived ones."""
    numbers: Metrics = {name: _number(value) for name, value in summary.items() if _is_figure(name, value)}
    devices = summary["num_replicas"] * devices_per_replica
    tpot_ms = summary["mean_tpot_ms"]
    derived: Metrics = {
        "tok_s_user": 1e3 / tpot_ms if tpot_ms else None,
        "tok_s_gpu": _per(summary["output_throughput"], devices),
        "total_tok_s_gpu": _per(summary["total_token_throughput"], devices),
        "devices": devices,
    }
    return derived | numbers


def columns_of(rows: Iterable[Metrics]) -> list[Metric]:
    """The metrics that occur in some rows, derived ones first, in the order of the summary."""
    names = dict.fromkeys(name for row in rows for name in row)
    return [metric(name) for name in names]


def ranking(text: str) -> Metric:
    """The metric points are ranked by: a name, or ``NAME:low``, ``NAME:high``. Raises ``InputError``."""
    name, _, direction = text.partition(":")
    found = known_metric(name)
    better: Better = found.better if not direction else "low" if direction == "low" else "high"
    if direction not in ("", "low", "high") or better is None:
        rule = f"needs a direction: {name}:low or {name}:high"
        raise InputError(rule, path="best", value=text)
    return Metric(found.name, found.unit, better)


def known_metric(name: str, path: str = "best") -> Metric:
    """The metric of that name. Raises ``InputError`` with near names for one no run has."""
    known = known_names()
    if name not in known:
        hint = did_you_mean(name, known) or "tok_s_gpu, tok_s_user, p99_ttft_ms, usd_per_million_output_tokens, ..."
        raise InputError("is not a metric of a run", path=path, value=name, hint=hint)
    return metric(name)


def known_names() -> list[str]:
    """Names of all metrics."""
    statistics = ("mean", "median", "std", "p90", "p95", "p99")
    latencies = [f"{one}_{of}_ms" for of in ("ttft", "tpot", "itl", "e2el", "queue_time") for one in statistics]
    energies = [f"device_energy{part}_j" for part in ("", "_busy", "_standby", "_idle")]
    rest = ["host_energy_j", "facility_energy_j", "carbon_operational_kg", "carbon_embodied_kg"]
    return [*(one.name for one in DERIVED), *_HIGH, *_LOW, *_NEITHER, *latencies, *energies, *rest]


def _is_figure(name: str, value: Any) -> bool:
    """Numbers and their absence; not texts, lists or mappings. ``inf`` stands for no rate."""
    return name == "request_rate" or (not isinstance(value, bool | str | list | dict))


def _number(value: Any) -> float | None:
    if not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value


def _per(amount: float | None, count: float) -> float | None:
    return None if amount is None or not count else amount / count
