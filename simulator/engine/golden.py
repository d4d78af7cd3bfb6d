"""Golden schedules: recorded step-by-step decisions of a real scheduler, read from gzip JSON lines.

The format is described where the files are kept; unknown keys are refused, so that a new kind of file is noticed
instead of half understood.
"""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulator.engine.config import EngineConfig
from simulator.errors import InputError


@dataclass(frozen=True)
class GoldenRequest:
    """An arrival: ``segments`` are ``(segment, tokens)`` runs, ``accepted`` its recorded verifications."""

    id: int
    arrival_step: int
    segments: list[tuple[int, int]]
    output_tokens: int
    priority: int = 0
    adapter: int = 0
    accepted: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class GoldenStep:
    """The scheduler's state right after it planned step ``step``. ``scheduled``: ``(id, new, computed before)``."""

    step: int
    scheduled: list[tuple[int, int, int]]
    preempted: list[int]
    running: list[int]
    waiting: list[int]
    used_blocks: int
    drafts: dict[int, int] | None = None


@dataclass(frozen=True)
class GoldenSchedule:
    """One file: a configuration, its requests and the recorded steps."""

    config: EngineConfig
    requests: list[GoldenRequest]
    steps: list[GoldenStep]


def read_golden(path: Path) -> GoldenSchedule:
    """Read one file. Raises ``InputError`` with file and line when it is not a golden schedule."""
    try:
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rt", encoding="utf-8") as file:
            lines = [(number, line) for number, line in enumerate(file, 1) if line.strip()]
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise InputError(f"cannot be read: {error}", file=path) from error
    config: EngineConfig | None = None
    requests: list[GoldenRequest] = []
    steps: list[GoldenStep] = []
    for number, line in lines:
        record = _record(line, path, number)
        kind = record.pop("kind", None)
        try:
            if kind == "config":
                config = _config(record)
            elif kind == "request":
                requests.append(_request(record))
            elif kind == "step":
                steps.append(_step(record))
            else:
                raise InputError("must be config, request or step", file=path, line=number, path="kind", value=kind)
        except KeyError as error:
            raise InputError(f"is missing in this {kind} line", file=path, line=number, path=error.args[0]) from error
        except InputError as error:
            raise InputError(error.problem, file=path, line=number, path=error.path, value=error.value) from error
        except (ValueError, TypeError, AttributeError) as error:
            problem = f"a value of this {kind} line has not the shape it has in a recorded schedule"
            raise InputError(problem, file=path, line=number, value=line.strip()) from error
    if config is None or not steps:
        raise InputError("has no config line or no step lines", file=path)
    return GoldenSchedule(config, requests, steps)


def _record(line: str, path: Path, number: int) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        raise InputError(
            "is not a recorded schedule: each line of one is a JSON object with a `kind`",
            file=path,
            line=number,
            value=line.strip(),
            hint="`inferplan conform` reads .jsonl or .jsonl.gz files of scheduler decisions",
        )
    return record


def _config(record: dict[str, Any]) -> EngineConfig:
    record.pop("engine", None)
    config = EngineConfig(
        policy="vllm_v1",
        num_blocks=record.pop("num_blocks") - 1,  # vLLM counts its null block
        block_size=record.pop("block_size"),
        max_num_seqs=record.pop("max_num_seqs"),
        max_num_batched_tokens=record.pop("max_num_batched_tokens"),
        max_model_len=record.pop("max_model_len"),
        enable_prefix_caching=record.pop("prefix_caching"),
        enable_chunked_prefill=record.pop("chunked"),
        scheduling_policy=record.pop("policy"),
        long_prefill_token_threshold=record.pop("long_prefill_token_threshold"),
        async_scheduling=record.pop("async_scheduling", False),
        scheduler_reserve_full_isl=record.pop("scheduler_reserve_full_isl", False),
        num_speculative_tokens=record.pop("num_speculative_tokens", 0),
        max_loras=record.pop("max_loras", 0),
    )
    _nothing_left(record)
    return config


def _request(record: dict[str, Any]) -> GoldenRequest:
    request = GoldenRequest(
        id=record.pop("id"),
        arrival_step=record.pop("arrival_step"),
        segments=[(segment, tokens) for segment, tokens in record.pop("prompt_segments")],
        output_tokens=record.pop("output_len"),
        priority=record.pop("priority"),
        adapter=record.pop("lora", 0) or 0,
        accepted=record.pop("accepted", None) or [],
    )
    _nothing_left(record)
    return request


def _step(record: dict[str, Any]) -> GoldenStep:
    drafts = record.pop("drafts", None)
    step = GoldenStep(
        step=record.pop("step"),
        scheduled=[(row, new, before) for row, new, before in record.pop("scheduled")],
        preempted=record.pop("preempted"),
        running=record.pop("running"),
        waiting=record.pop("waiting"),
        used_blocks=record.pop("used_blocks"),
        drafts=None if drafts is None else {int(row): count for row, count in drafts.items()},
    )
    _nothing_left(record)
    return step


def _nothing_left(record: dict[str, Any]) -> None:
    if record:
        raise InputError(f"has unknown keys: {', '.join(sorted(record))}")
