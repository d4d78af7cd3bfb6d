"""What synthetic prompts have in common: nothing, a system prompt, or whole prompts that come again.

A shared prefix stands *in front of* the drawn prompt length (as ``--random-prefix-len`` of vLLM's bench does), so no
draw can be too short for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from simulator.workload.checks import require_count, require_tokens
from simulator.workload.table import IntColumn, PromptSegments

SHARED_SEGMENT = 0
"""Segment id of the prefix that all prompts share."""


@dataclass(frozen=True)
class UniquePrompts:
    """No two prompts share a token."""

    kind: ClassVar[str] = "unique"

    def build(self, tokens: IntColumn) -> tuple[IntColumn, PromptSegments | None]:
        """Prompt lengths as drawn, and no segments."""
        return tokens, None


@dataclass(frozen=True)
class SharedSystemPrompt:
    """Every prompt begins with the same tokens; the rest is its own.

    Attributes
    ----------
    shared_tokens: tokens that every prompt begins with, in front of its drawn length.
    """

    kind: ClassVar[str] = "shared"
    shared_tokens: int

    def __post_init__(self) -> None:
        require_tokens("shared_tokens", self.shared_tokens)

    def build(self, tokens: IntColumn) -> tuple[IntColumn, PromptSegments | None]:
        """Prompt lengths with the system prompt, and their segments."""
        own = SHARED_SEGMENT + 1 + np.arange(len(tokens), dtype=np.int64)
        return tokens + self.shared_tokens, _prefixed(self.shared_tokens, own, tokens)


@dataclass(frozen=True)
class CycledPrompts:
    """``num_prompts`` distinct prompts, sent in turn: request ``i`` repeats request ``i - num_prompts`` to the token.

    Attributes
    ----------
    num_prompts: distinct prompts.
    shared_tokens: tokens that all of them begin with (a group prefix), in front of their drawn length.
    """

    kind: ClassVar[str] = "cycle"
    num_prompts: int
    shared_tokens: int = 0

    def __post_init__(self) -> None:
        require_count("num_prompts", self.num_prompts)
        require_tokens("shared_tokens", self.shared_tokens, least=0)

    def build(self, tokens: IntColumn) -> tuple[IntColumn, PromptSegments | None]:
        """Prompt lengths of the first ``num_prompts`` draws, repeated, and their segments."""
        prompt = np.arange(len(tokens), dtype=np.int64) % self.num_prompts
        cycled = tokens[prompt]
        return cycled + self.shared_tokens, _prefixed(self.shared_tokens, SHARED_SEGMENT + 1 + prompt, cycled)


Prefixes = UniquePrompts | SharedSystemPrompt | CycledPrompts

PREFIX_KINDS: dict[str, type[Prefixes]] = {
    scheme.kind: scheme for scheme in (UniquePrompts, SharedSystemPrompt, CycledPrompts)
}
"""Prefix scheme by the name it has in files."""


def _prefixed(shared_tokens: int, own_segment: IntColumn, own_tokens: IntColumn) -> PromptSegments:
    """One run per prompt, behind a run of ``shared_tokens`` common tokens unless that is 0."""
    n = len(own_tokens)
    if not shared_tokens:
        return PromptSegments(np.arange(n + 1, dtype=np.int64), own_segment, own_tokens)
    segment = np.column_stack((np.full(n, SHARED_SEGMENT, dtype=np.int64), own_segment)).ravel()
    tokens = np.column_stack((np.full(n, shared_tokens, dtype=np.int64), own_tokens)).ravel()
    return PromptSegments(2 * np.arange(n + 1, dtype=np.int64), segment, tokens)
