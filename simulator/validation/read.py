"""Read a case file (``.jsonl``, one case a line; every key present, unknown = null)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from simulator.errors import InputError
from simulator.validation.case import (
    QUALITIES,
    WORKLOAD_KINDS,
    Case,
    EngineFacts,
    LengthFacts,
    PrefixFacts,
    Stage,
    WorkloadFacts,
)
from simulator.validation.fields import Fields

LATENCIES = ("ttft", "tpot", "e2e", "prompt_time")
STATISTICS = ("mean", "p50", "p90", "p99")
_LEVELS = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}
"""Quantiles of token counts."""

THROUGHPUTS = ("output_tok_s", "total_tok_s", "req_s")


def read_cases(path: Path) -> list[Case]:
    """All cases of a file, in order. Raises ``InputError`` with file, line and dotted path of anything unusable."""
    cases: list[Case] = []
    seen: dict[str, int] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise InputError("is not a UTF-8 text file; a case file holds one JSON object a line", file=path) from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        case = read_case(_object(line, path, number))
        if case.id in seen:
            raise InputError(
                f"is already the id of line {seen[case.id]}", file=path, line=number, path="id", value=case.id
            )
        seen[case.id] = number
        cases.append(case)
    if not cases:
        raise InputError("holds no case", file=path)
    return cases


def _object(line: str, path: Path, number: int) -> Fields:
    try:
        content = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"is not JSON: {error}", file=path, line=number) from None
    if not isinstance(content, dict):
        raise InputError("must be a JSON object, one case a line", file=path, line=number)
    return Fields(content, path, number)


def read_case(fields: Fields) -> Case:
    """One case from its JSON object."""
    parallel = fields.section("parallel")
    return Case(
        id=fields.text("id"),
        group=fields.text("group"),
        quality=fields.text("quality", allowed=QUALITIES),
        model=fields.text("model"),
        weight_dtype=fields.optional_text("weight_dtype"),
        act_dtype=fields.optional_text("act_dtype"),
        kv_dtype=fields.optional_text("kv_dtype"),
        hardware=fields.optional_text("hardware") or "not recorded",
        replicas=fields.optional_whole("replicas") or 1,
        tensor_parallel_size=parallel.optional_whole("tp_chips") or parallel.optional_whole("tp") or 1,
        engine=_engine(fields.section("engine")),
        workload=_workload(fields.section("workload")),
        top_p_sampling=bool(fields.section("sampling").optional_flag("top_p")),
        client_ttft=fields.optional_text("ttft_point") != "engine",
        score_metrics=fields.texts("score_metrics"),
        measured=_measured(fields.section("measured")),
        stage_measured=tuple(_measured(stage) for stage in fields.section("measured").sections("stages")),
        not_modelled=tuple(_not_modelled(fields, parallel)),
        source=fields.optional_text("source") or "",
        peer_access=parallel.optional_flag("peer_access"),
        data_parallel_size=parallel.optional_whole("dp") or 1,
        expert_parallel_size=parallel.optional_whole("ep") or 1,
    )


def _engine(fields: Fields) -> EngineFacts:
    return EngineFacts(
        name=fields.optional_text("name") or "not recorded",
        version=fields.optional_text("version"),
        max_num_seqs=fields.optional_whole("max_num_seqs"),
        max_num_batched_tokens=fields.optional_whole("max_num_batched_tokens"),
        max_model_len=fields.optional_whole("max_model_len"),
        block_size=fields.optional_whole("block_size"),
        num_kv_blocks=fields.optional_whole("num_kv_blocks"),
        gpu_memory_utilization=fields.optional_number("gpu_memory_utilization"),
        enable_prefix_caching=fields.optional_flag("enable_prefix_caching"),
        enable_chunked_prefill=fields.optional_flag("enable_chunked_prefill"),
        enforce_eager=fields.optional_flag("enforce_eager"),
        async_scheduling=fields.optional_flag("async_scheduling"),
        kv_cache_free_gpu_mem_fraction=fields.optional_number("kv_cache_free_gpu_mem_fraction"),
    )


def _workload(fields: Fields) -> WorkloadFacts:
    requests = fields.optional_text("requests_file")
    window = fields.section("score_only")
    return WorkloadFacts(
        kind=fields.text("kind", allowed=WORKLOAD_KINDS),
        requests_file=None if requests is None else fields.file.parent / requests,
        qps=fields.optional_number("qps"),
        concurrency=fields.optional_whole("concurrency"),
        batch=fields.optional_whole("batch"),
        num_requests=fields.optional_whole("num_requests"),
        prompt_tokens=_lengths(fields.section("prompt_tokens")),
        output_tokens=_lengths(fields.section("output_tokens")),
        prefix=_prefix(fields.section("prefix_sharing")),
        stages=tuple(Stage(stage.number("qps"), stage.number("duration_s")) for stage in fields.sections("stages")),
        first_scored=window.optional_whole("skip_first_n", at_least=0) or 0,
        end_scored=window.optional_whole("first_n"),
        arrival=fields.optional_text("arrival"),
    )


def _lengths(fields: Fields) -> LengthFacts:
    bounds = fields.content.get("uniform")
    if bounds is None:
        return LengthFacts(
            fields.optional_whole("fixed"), None, fields.optional_number("mean"), tuple(_quantiles(fields))
        )
    whole = isinstance(bounds, list) and len(bounds) == 2 and all(type(bound) is int for bound in bounds)
    if not whole or not 1 <= bounds[0] <= bounds[1]:
        raise fields.error("uniform", "must be [low, high] with whole numbers 1 <= low <= high")
    return LengthFacts(None, (bounds[0], bounds[1]), fields.optional_number("mean"))


def _quantiles(fields: Fields) -> Iterator[tuple[float, float]]:
    """``(cumulative probability, tokens)`` of the quantiles that are there, rising."""
    last = 0.0
    for name, level in _LEVELS.items():
        tokens = fields.optional_number(name)
        if tokens is None:
            continue
        if tokens < last:
            raise fields.error(name, "must not be less than a lower quantile")
        last = tokens
        yield level, tokens


def _prefix(fields: Fields) -> PrefixFacts:
    nominal = fields.optional_whole("group_prefix_tokens_nominal", at_least=0) or 0
    known = fields.optional_whole("group_prefix_tokens", at_least=0)
    return PrefixFacts(
        scheme=fields.optional_text("scheme") or "none",
        num_prompts=fields.optional_whole("num_prompts"),
        prompts_per_group=fields.optional_whole("prompts_per_group"),
        group_prefix_tokens=nominal if known is None else known,
        group_prefix_tokens_nominal=nominal,
    )


def _measured(fields: Fields) -> dict[str, float]:
    """Flat: ``ttft_ms: {mean: 3}`` becomes ``ttft_mean_ms``; ``prompt_time_ms`` keeps its name (mean, else median)."""
    found: dict[str, float] = {}
    for latency in LATENCIES:
        values = fields.section(f"{latency}_ms")
        for statistic in STATISTICS:
            value = values.optional_number(statistic)
            if value is None:
                continue
            if latency == "prompt_time":
                found.setdefault("prompt_time_ms", value)
            else:
                found[f"{latency}_{statistic}_ms"] = value
    for name in THROUGHPUTS:
        value = fields.optional_number(name)
        if value is not None:
            found[name] = value
    return found


def _not_modelled(fields: Fields, parallel: Fields) -> list[str]:
    """Why the simulator cannot run this record, as far as the record itself tells."""
    stages = parallel.optional_whole("pp") or 1
    reasons = [f"pp = {stages} is not modelled"] if stages > 1 else []
    if fields.has("disaggregation"):
        reasons.append("prefill/decode disaggregation is not modelled")
    if fields.has("speculative"):
        reasons.append("speculation is recorded as a mean acceptance length, not per position")
    return reasons
