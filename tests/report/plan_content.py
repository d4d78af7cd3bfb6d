"""A plan.json as `inferplan plan` lays it out, schema 1: two fleets, one of them without a price."""

from __future__ import annotations

from typing import Any

GOALS = ["ttft:p95<500ms", "tpot:p95<40ms"]


def plan_content() -> dict[str, Any]:
    """The whole file as plain data."""
    winner, other = (
        _fleet("H100-SXM5-80GB", 2, 9.832, "fp8", None),
        _fleet("L40S", 8, None, "bf16", "It needs 8 replicas"),
    )
    return {
        "schema": 1,
        "inferplan": "0.1.0",
        "title": "Cheapest: 2 replicas of H100-SXM5-80GB for llama-3.1-8b at a peak of 50 requests/s: $9.83/h",
        "explanation": [
            "Cheapest: 2 replicas of H100-SXM5-80GB.",
            "What binds one replica: memory bandwidth (decode).",
        ],
        "model": "llama-3.1-8b",
        "goals": GOALS,
        "minimize": "cost",
        "unit": "$/h",
        "traffic": {
            "rate_today_per_s": 40.0,
            "mean_per_s": 44.0,
            "peak_per_s": 50.0,
            "design_per_s": 55.0,
            "headroom": 0.1,
            "spare_replicas": 1,
            "growth_per_year": 0.2,
            "horizon_years": 0.5,
            "mean_prompt_tokens": 1138.956,
            "mean_output_tokens": 217.954,
        },
        "winner": winner,
        "runner_up": other,
        "finalists": [winner, other],
        "growth": [_year(0.0, 2), _year(1.0, 3)],
        "sensitivity": [_case("traffic -20%", 0), _case("traffic +20%", 1), _case("steps at the slow end", None)],
        "certainty": {
            "winner_best": 0.91,
            "goals_hold_at_peak": 0.99,
            "finalist_best": [0.91, 0.09],
            "goals_hold": 0.95,
            "assumption": "when step times err within their 80 % band; goals, lengths, prices and traffic as stated",
        },
        "candidates": [
            _candidate(1, winner, "winner", "best"),
            _candidate(2, other, "runner-up", "It needs 8 replicas"),
        ],
        "work": dict.fromkeys(
            ("configurations", "cannot_run", "pruned_by_bound", "decided_by_single_runs", "searched"), 2
        )
        | {"runs": 354, "requests": 426_727, "engine_steps": 1_442_220},
        "notes": ["fp8 weights change the answers of a model; that is not simulated, measure it"],
        "launch": "vllm serve meta-llama/Llama-3.1-8B-Instruct --max-num-seqs 1024",
        "plan": {"model": "llama-3.1-8b", "hardware": ["h100", "l40s"], "search": {"seed": 0}},
    }


def _fleet(device: str, replicas: int, usd_per_hour: float | None, weights: str, why_not: str | None) -> dict[str, Any]:
    moment = {
        "rate_per_s": 50.0,
        "replicas": replicas,
        "goals_met": True,
        "share_of_capacity": 0.914,
        "median_ttft_ms": 66.4,
        "p95_ttft_ms": 159.6,
        "p99_ttft_ms": 205.1,
        "median_tpot_ms": 18.5,
        "p95_tpot_ms": 25.6,
        "p99_tpot_ms": 29.8,
        "output_throughput": 10_072.2,
        "busy_share": 0.995,
        "mfu": 0.24,
        "mbu": 0.52,
        "kv_cache_usage_peak": 0.42,
        "num_preemptions": 0,
        "joules_per_token": 0.0445,
        "mean_device_power_w": 624.0,
    }
    price = {"usd_per_hour": 4.916, "terms": "capacity_block", "basis": "a price list", "as_of": "2024-12"}
    return {
        "hardware": device,
        "tensor_parallel_size": 2,
        "dtypes": {"weights": weights, "activations": weights, "kv_cache": "bf16"},
        "max_num_seqs": 1024,
        "max_num_batched_tokens": 8192,
        "replicas": replicas,
        "active_replicas": replicas,
        "devices": 2 * replicas,
        "objective": usd_per_hour or 20.0,
        "price": None if usd_per_hour is None else price,
        "usd_per_hour": usd_per_hour,
        "usd_per_month": None if usd_per_hour is None else 730.5 * usd_per_hour,
        "usd_per_million_tokens": None if usd_per_hour is None else 0.0403,
        "joules_per_token": 0.0445,
        "capacity_per_replica_per_s": 27.36,
        "capacity_interval_95_per_s": [26.2, 29.4],
        "step_band_80": [0.961, 1.06],
        "at_peak": moment,
        "at_mean": moment | {"rate_per_s": 44.0},
        "economics": {"assumptions": {}, "missing": {"cost": "no price is known"}},
        "why_not": why_not,
    }


def _year(year: float, replicas: int) -> dict[str, Any]:
    load = {"year": year, "mean_per_s": 44.0 + year, "peak_per_s": 50.0 + year}
    return load | {"replicas": replicas, "devices": 2 * replicas, "usd_per_hour": None}


def _case(name: str, best: int | None) -> dict[str, Any]:
    objectives: list[float | None] = [None, None] if best is None else [9.832, 7.5]
    return {"case": name, "replicas": [3, 6], "objectives": objectives, "best_finalist": best, "best": None}


def _candidate(rank: int, fleet: dict[str, Any], verdict: str, reason: str) -> dict[str, Any]:
    return {
        "rank": rank,
        "hardware": fleet["hardware"],
        "tensor_parallel_size": 2,
        "weights": fleet["dtypes"]["weights"],
        "kv_cache": "auto",
        "verdict": verdict,
        "replicas": fleet["replicas"],
        "objective": fleet["objective"],
        "objective_at_least": 7.0,
        "capacity_per_replica_per_s": 27.36,
        "bound_per_replica_per_s": None,
        "reason": reason,
    }
