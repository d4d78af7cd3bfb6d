"""Multi-turn sessions: chats whose prompt grows turn by turn, agents that call tools, models that reason.

A session is a chain of requests. The prompt of each is the one before it, the answer to that, and something new (what
the user writes, what a tool returns), so that a prefix cache finds everything but the news. Each is sent when the one
before it is answered and a pause has passed: how fast a session goes depends on the system that serves it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.workload.arrivals import OfflineArrivals, RatedArrivals
from simulator.workload.checks import require_count, require_not_negative, require_tokens
from simulator.workload.lengths import Lengths
from simulator.workload.table import FloatColumn


@dataclass(frozen=True)
class Pause:
    """Time between an answer and the next request, lognormal.

    Attributes
    ----------
    mean_s: mean (s).
    cv: coefficient of variation.
    """

    mean_s: float
    cv: float = 0.0

    def __post_init__(self) -> None:
        require_not_negative("mean_s", self.mean_s, "seconds")
        require_not_negative("cv", self.cv)

    def draw(self, n: int, rng: np.random.Generator) -> FloatColumn:
        """(n,) seconds."""
        log_variance = np.log1p(self.cv**2)
        return self.mean_s * np.exp(np.sqrt(log_variance) * rng.standard_normal(n) - log_variance / 2)


@dataclass(frozen=True)
class ToolCalls:
    """An agent's loop within a turn.

    Attributes
    ----------
    calls: tool calls of a turn; each is a request of its own that ends in the call, before the one that answers.
    result_tokens: what a tool returns, appended to the prompt.
    gap: how long a tool takes.
    """

    calls: Lengths
    result_tokens: Lengths
    gap: Pause


@dataclass(frozen=True)
class SessionSpec:
    """Sessions drawn from distributions.

    Attributes
    ----------
    num_sessions: how many; they have several requests each.
    arrival: when sessions begin.
    turns: turns of a session.
    user_tokens: what the user writes in a turn.
    output_tokens: what the model answers, in a tool call as in the answer at the end of a turn.
    think: what the user needs to read and write between turns.
    system_prompt_tokens: the beginning that all sessions share.
    reasoning_tokens: thinking in front of each answer; it is generated and paid for, but chat templates drop it from
        the next prompt (as those of DeepSeek-R1 and Qwen3 do), so later turns share only what was before it.
    tools: what an agent does within a turn; None = a plain chat.
    max_context_tokens: a session ends before a request that would need more; None = never.
    """

    num_sessions: int
    arrival: RatedArrivals | OfflineArrivals
    turns: Lengths
    user_tokens: Lengths
    output_tokens: Lengths
    think: Pause = Pause(10.0, 1.0)
    system_prompt_tokens: int = 0
    reasoning_tokens: Lengths | None = None
    tools: ToolCalls | None = None
    max_context_tokens: int | None = None

    def __post_init__(self) -> None:
        require_count("num_sessions", self.num_sessions)
        require_tokens("system_prompt_tokens", self.system_prompt_tokens, least=0)
        if self.max_context_tokens is not None:
            require_tokens("max_context_tokens", self.max_context_tokens, least=2)
