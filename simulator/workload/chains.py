"""Conversations written down request by request: each prompt is the one before it, the answer, and something new."""

from __future__ import annotations

from array import array
from typing import Any

import numpy as np

from simulator.workload.table import PromptSegments

NOBODY = -1
"""``after`` of a request that waits for no other."""

Run = tuple[int, int]
"""(segment id, tokens)"""


class ChainRows:
    """Collects requests; ``columns`` are arguments of ``RequestTable.from_columns`` and of ``TraceColumns``."""

    def __init__(self) -> None:
        self._arrival_s, self._think_s = array("d"), array("d")
        self._prompt, self._output = array("q"), array("q")
        self._session, self._answer, self._after = array("q"), array("q"), array("q")
        self._counts, self._segment, self._tokens = array("q"), array("q"), array("q")
        self._next_segment = 0

    def __len__(self) -> int:
        return len(self._arrival_s)

    def fresh_segment(self) -> int:
        """A segment id nobody else has."""
        self._next_segment += 1
        return self._next_segment - 1

    def add(
        self,
        arrival_s: float,
        prompt: list[Run],
        output_tokens: int,
        *,
        session: int,
        answer: int = -1,
        after: int = NOBODY,
        think_s: float = 0.0,
    ) -> int:
        """Write a request; returns its row. ``answer`` is the segment id of its output, -1 = never named again."""
        self._arrival_s.append(arrival_s)
        self._think_s.append(think_s)
        self._prompt.append(sum(tokens for _, tokens in prompt))
        self._output.append(output_tokens)
        self._session.append(session)
        self._answer.append(answer)
        self._after.append(after)
        self._counts.append(len(prompt))
        self._segment.extend(segment for segment, _ in prompt)
        self._tokens.extend(tokens for _, tokens in prompt)
        return len(self) - 1

    def columns(self) -> dict[str, Any]:
        """What was written, as columns."""
        offsets = np.concatenate(([0], np.cumsum(self._counts))).astype(np.int64)
        return {
            "arrival_s": np.asarray(self._arrival_s),
            "prompt_tokens": np.asarray(self._prompt),
            "output_tokens": np.asarray(self._output),
            "session": np.asarray(self._session),
            "segments": PromptSegments(offsets, np.asarray(self._segment), np.asarray(self._tokens)),
            "output_segment": np.asarray(self._answer),
            "after_row": np.asarray(self._after),
            "think_s": np.asarray(self._think_s),
        }
