"""A ``vllm serve`` command line as the sections of a scenario.

Every option is one of four things: translated, without effect on time and memory (ports, logging), one whose effect
is not modelled yet (said so, once), or unknown (refused with a "did you mean", because a mistyped limit would silently
change the answer).
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from simulator.errors import InputError, did_you_mean

Convert = Callable[[str], Any]


@dataclass
class ImportedScenario:
    """Sections of a scenario as plain data, and what its reader should know."""

    sections: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def put(self, dotted: str, value: Any) -> None:
        """Set ``section.key``."""
        *path, key = dotted.split(".")
        target = self.sections
        for part in path:
            target = target.setdefault(part, {})
        target[key] = value


def human_count(text: str) -> int:
    """vLLM's human-readable integers: ``16k`` = 16,000 and ``16K`` = 16,384; also m, M, g, G. Raises ``ValueError``."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([kmgKMG]?)", text.strip())
    if not found:
        raise ValueError("a whole number, or one with k, K, m, M, g or G")
    scale = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "K": 2**10, "M": 2**20, "G": 2**30}[found[2]]
    number = float(found[1]) * scale
    if number != int(number):
        raise ValueError("a whole number")
    return int(number)


def _choice(names: dict[str, str]) -> Convert:
    def convert(text: str) -> str:
        if text not in names:
            raise ValueError(f"one of {', '.join(names)}")
        return names[text]

    return convert


_WEIGHTS = {"auto": "auto", "half": "fp16", "float16": "fp16", "bfloat16": "bf16"}
_KV = {"auto": "auto", "bfloat16": "bf16", "fp8": "fp8", "fp8_e4m3": "fp8", "fp8_e5m2": "fp8"}
_QUANTIZATION = {"fp8": "fp8"}

_VALUED: dict[str, tuple[str, Convert]] = {
    "model": ("model", str),
    "tensor-parallel-size": ("parallel.tensor_parallel_size", int),
    "data-parallel-size": ("replicas", int),
    "max-num-seqs": ("engine.max_num_seqs", human_count),
    "max-num-batched-tokens": ("engine.max_num_batched_tokens", human_count),
    "max-model-len": ("engine.max_model_len", human_count),
    "block-size": ("engine.block_size", int),
    "gpu-memory-utilization": ("engine.gpu_memory_utilization", float),
    "scheduling-policy": ("engine.scheduling_policy", str),
    "long-prefill-token-threshold": ("engine.long_prefill_token_threshold", human_count),
    "num-gpu-blocks-override": ("engine.num_gpu_blocks_override", int),
    "max-loras": ("engine.max_loras", int),
    "dtype": ("dtypes.activations", _choice(_WEIGHTS)),
    "kv-cache-dtype": ("dtypes.kv_cache", _choice(_KV)),
    "quantization": ("dtypes.weights", _choice(_QUANTIZATION)),
}

_SWITCHES = {
    "enable-prefix-caching": "engine.enable_prefix_caching",
    "enable-chunked-prefill": "engine.enable_chunked_prefill",
    "async-scheduling": "engine.async_scheduling",
    "scheduler-reserve-full-isl": "engine.scheduler_reserve_full_isl",
}

_SHORT = {"tp": "tensor-parallel-size", "dp": "data-parallel-size", "pp": "pipeline-parallel-size", "q": "quantization"}

_WITHOUT_EFFECT = frozenset(
    [
        "host",
        "port",
        "api-key",
        "served-model-name",
        "trust-remote-code",
        "tokenizer",
        "tokenizer-mode",
        "chat-template",
        "revision",
        "seed",
        "download-dir",
        "load-format",
        "config-format",
        "hf-token",
        "disable-log-requests",
        "enable-log-requests",
        "disable-log-stats",
        "uvicorn-log-level",
        "allow-credentials",
        "allowed-origins",
        "ssl-keyfile",
        "ssl-certfile",
        "root-path",
        "tool-call-parser",
        "enable-auto-tool-choice",
        "reasoning-parser",
        "generation-config",
        "distributed-executor-backend",
        "tensorboard-dir",
        "max-log-len",
        "enable-server-load-tracking",
        "response-role",
        "code-revision",
        "tokenizer-revision",
    ]
)

_NOT_MODELLED = frozenset(
    [
        "pipeline-parallel-size",
        "enable-expert-parallel",
        "cpu-offload-gb",
        "swap-space",
        "kv-transfer-config",
        "enable-lora",
        "max-lora-rank",
        "lora-modules",
        "enforce-eager",
        "compilation-config",
        "disable-custom-all-reduce",
        "rope-scaling",
        "decode-context-parallel-size",
        "data-parallel-backend",
        "max-cpu-loras",
        "kv-offloading-size",
        "limit-mm-per-prompt",
        "disable-sliding-window",
        "num-scheduler-steps",
        "preemption-mode",
    ]
)
_SWITCH_LIKE = frozenset(
    [
        "trust-remote-code",
        "disable-log-requests",
        "enable-log-requests",
        "disable-log-stats",
        "allow-credentials",
        "enable-auto-tool-choice",
        "enable-server-load-tracking",
        "enable-expert-parallel",
        "enable-lora",
        "enforce-eager",
        "disable-custom-all-reduce",
        "disable-sliding-window",
    ]
)


def import_command(command: str) -> ImportedScenario:
    """Translate a command line. Raises ``InputError`` for anything that is not understood."""
    try:
        words = shlex.split(command.replace("\\\n", " "))
    except ValueError as error:
        raise InputError(f"is not a shell command: {error}", path="command", value=command) from None
    imported = ImportedScenario()
    for name, value in _options(_arguments(words)):
        _translate(imported, name, value)
    if "model" not in imported.sections:
        raise InputError("names no model", path="command", value=command, hint="vllm serve MODEL [options]")
    return imported


def _arguments(words: list[str]) -> list[str]:
    """The words behind ``vllm serve`` or ``python -m vllm.entrypoints.openai.api_server``."""
    for index, word in enumerate(words):
        if word == "serve" and index and words[index - 1].rsplit("/", 1)[-1] == "vllm":
            return words[index + 1 :]
        if word.startswith("vllm.entrypoints"):
            return words[index + 1 :]
    raise InputError(
        "must be a `vllm serve ...` command line",
        path="command",
        value=" ".join(words)[:200],
        hint="quote it as one word",
    )


def _options(words: list[str]) -> Iterator[tuple[str, str | None]]:
    """Pairs of option and value; the positional word is the model."""
    index = 0
    while index < len(words):
        word = words[index]
        index += 1
        if not word.startswith("-"):
            yield "model", word
            continue
        name, equals, value = word.lstrip("-").partition("=")
        name = name.replace("_", "-")
        name = _SHORT.get(name, name) if not word.startswith("--") else name
        if equals:
            yield name, value
        elif _takes_value(name) and index < len(words) and not _is_option(words[index]):
            yield name, words[index]
            index += 1
        else:
            yield name, None


def _takes_value(name: str) -> bool:
    return not (name in _SWITCH_LIKE or name in _SWITCHES or name.startswith("no-"))


def _is_option(word: str) -> bool:
    return re.match(r"--?[A-Za-z]", word) is not None


def _translate(imported: ImportedScenario, name: str, value: str | None) -> None:
    positive = name.removeprefix("no-")
    if name in _VALUED:
        dotted, convert = _VALUED[name]
        imported.put(dotted, _converted(name, value, convert))
    elif positive in _SWITCHES:
        imported.put(_SWITCHES[positive], name == positive)
    elif name == "speculative-config":
        _speculation(imported, value)
    elif positive in _NOT_MODELLED:
        shown = f"--{name}" + (f" {value}" if value is not None else "")
        imported.notes.append(f"{shown} is not modelled yet and left out")
    elif positive not in _WITHOUT_EFFECT:
        known = [*_VALUED, *_SWITCHES, "speculative-config", *_WITHOUT_EFFECT, *_NOT_MODELLED]
        near = did_you_mean(positive, known)
        raise InputError(
            "is not an option of vllm serve that inferplan knows", path=f"--{name}", value=value, hint=near
        )


def _converted(name: str, value: str | None, convert: Convert) -> Any:
    if value is None:
        raise InputError("needs a value", path=f"--{name}")
    try:
        return convert(value)
    except ValueError as error:
        allowed = "a number" if convert in (int, float) else str(error)
        raise InputError(f"must be {allowed}", path=f"--{name}", value=value) from None


def _speculation(imported: ImportedScenario, value: str | None) -> None:
    try:
        settings = json.loads(value or "")
        drafts = int(settings["num_speculative_tokens"])
    except (ValueError, TypeError, KeyError):
        raise InputError(
            "must be a JSON object with num_speculative_tokens", path="--speculative-config", value=value
        ) from None
    imported.put("engine.speculative_config.num_speculative_tokens", drafts)
    imported.put("engine.speculative_config.acceptance", 0.7)
    imported.notes.append(
        "speculation: the command does not say how many drafts are accepted; 0.7 per draft is assumed, replace it by "
        "your measured rates"
    )
