"""What vLLM's start-up log says about a server: facts that settle what a memory model would have to estimate."""

from __future__ import annotations

import re
from dataclasses import dataclass

from simulator.errors import InputError

_PATTERNS = {
    "kv_tokens": r"GPU KV cache size: ([\d,]+) tokens",
    "gpu_blocks": r"# GPU blocks: ([\d,]+)",
    "max_model_len": r"(?:max_seq_len|max_model_len)[=:]\s*([\d,]+)",
    "block_size": r"block_size[=:]\s*(\d+)",
}


@dataclass(frozen=True)
class StartupFacts:
    """Numbers found in a log; None where it is silent. ``kv_tokens``: tokens the KV cache of one replica holds."""

    kv_tokens: int | None
    gpu_blocks: int | None
    max_model_len: int | None
    block_size: int | None
    version: str | None

    def num_gpu_blocks(self, block_size: int) -> int | None:
        """KV blocks of one replica, from the count itself or from the tokens."""
        if self.gpu_blocks is not None:
            return self.gpu_blocks
        return None if self.kv_tokens is None else self.kv_tokens // (self.block_size or block_size)


def read_startup_log(text: str) -> StartupFacts:
    """Find the facts; the last mention counts, as a restarted server writes them again.

    Raises ``InputError`` when the text says nothing about the KV cache or the model length.
    """
    found = {name: _last_number(pattern, text) for name, pattern in _PATTERNS.items()}
    version = re.findall(r"vLLM (?:API server )?(?:version|engine \(v)\s*v?(\d+\.\d+(?:\.\d+)?)", text)
    if all(value is None for value in found.values()):
        raise InputError(
            "holds no line of vLLM's start-up log that says something about memory",
            hint="expected for example `GPU KV cache size: 452,464 tokens`",
        )
    return StartupFacts(version=version[-1] if version else None, **found)


def _last_number(pattern: str, text: str) -> int | None:
    matches = re.findall(pattern, text)
    return int(matches[-1].replace(",", "")) if matches else None
