"""Vidur's iteration time, rebuilt from its profiles: what one step takes, part by part.

The rules are those of its predictor (microsoft/vidur, read November 2026): token counts rounded up to 8, contexts to
64; decode attention from (batch, mean context) and 10 % more for more than one sequence; prefill attention of several
chunks as one chunk of their root sum of squares on the sum of their contexts, again with 10 %; every all-reduce costs
20 us of launch time on the host; embedding, LM head, sampling and the scheduler's own time are free.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from calibration.vidur.forest import BaggedNearest
from calibration.vidur.profiles import TOKEN_PARTS, Profiles, column

CONTEXT_GRAIN = 64
COMMUNICATION = "tp_comm"
PARTS = (*TOKEN_PARTS, "attn_decode", "attn_prefill", COMMUNICATION)
"""Parts of a layer; both all-reduces of a layer are one part."""


@dataclass(frozen=True)
class Batch:
    """One iteration. ``decode_contexts``: KV tokens of each decoding sequence, the new one included; ``chunks``:
    (cached tokens, new tokens) of each prompt chunk."""

    decode_contexts: Sequence[int]
    chunks: Sequence[tuple[int, int]]

    @property
    def tokens(self) -> int:
        """Tokens computed."""
        return len(self.decode_contexts) + sum(new for _, new in self.chunks)


@dataclass(frozen=True)
class Rules:
    """What Vidur adds to its profiles. ``token_grain``: token counts are rounded up to it; ``batching_overhead``:
    factor on attention over more than one sequence; ``launch_us``: host time of each all-reduce."""

    token_grain: int = 8
    batching_overhead: float = 1.10
    launch_us: float = 20.0


class VidurIteration:
    """Times of one model's iterations, microseconds per layer by part, seconds in all.

    ``row_bytes``: bytes of one token's hidden state, which the all-reduce carries.
    """

    def __init__(self, profiles: Profiles, *, num_layers: int, row_bytes: int, rules: Rules | None = None) -> None:
        self._num_layers = num_layers
        self._rules = rules or Rules()
        by_operator = {str(op): rows for op, rows in profiles.compute.groupby("op")}
        self._token_forests = {
            part: BaggedNearest(column(by_operator[op], "num_tokens"), column(by_operator[op], "time_us_median"))
            for part, op in TOKEN_PARTS.items()
        }
        reduced = profiles.all_reduce
        self._all_reduce = BaggedNearest(column(reduced, "bytes") / row_bytes, column(reduced, "time_us_median"))
        self._decode = {
            int(rows["batch_size"].iloc[0]): (column(rows, "kv_len"), column(rows, "time_us_median"))
            for _, rows in profiles.decode.sort_values("kv_len").groupby("batch_size")
        }
        self._prefill = {
            int(rows["kv_len"].iloc[0]): BaggedNearest(
                column(rows, "prefill_chunk") ** 2, column(rows, "time_us_median")
            )
            for _, rows in profiles.prefill.groupby("kv_len")
        }
        self._prefill_contexts = np.array(sorted(self._prefill))
        self.token_parts = cache(self._token_parts)
        self._decode_once = cache(self._decode_lookup)

    def seconds(self, batch: Batch) -> float:
        """Seconds of an iteration."""
        return self._num_layers * sum(self.parts(batch).values()) * 1e-6

    def parts(self, batch: Batch) -> dict[str, float]:
        """Microseconds per layer of every part in ``PARTS``."""
        return {
            **self.token_parts(_rounded(batch.tokens, self._rules.token_grain)),
            "attn_decode": self._decode_us(batch.decode_contexts),
            "attn_prefill": self._prefill_us(batch.chunks),
        }

    def _token_parts(self, tokens: int) -> dict[str, float]:
        parts = {name: forest(tokens) for name, forest in self._token_forests.items()}
        return {**parts, COMMUNICATION: 2 * (self._all_reduce(tokens) + self._rules.launch_us)}

    def _decode_us(self, contexts: Sequence[int]) -> float:
        if not contexts:
            return 0.0
        once = self._decode_once(len(contexts), _rounded(int(sum(contexts) / len(contexts)), CONTEXT_GRAIN))
        return once * self._rules.batching_overhead if len(contexts) > 1 else once

    def _decode_lookup(self, sequences: int, mean_context: int) -> float:
        """Profiled at every batch size and every 32 or 64 tokens; batches beyond the profile take its largest."""
        kv_tokens, times_us = self._decode[min(sequences, max(self._decode))]
        return float(np.interp(mean_context, kv_tokens, times_us))

    def _prefill_us(self, chunks: Sequence[tuple[int, int]]) -> float:
        if not chunks:
            return 0.0
        cached = sum(_rounded(before, CONTEXT_GRAIN) for before, _ in chunks)
        new = round(sum(tokens**2 for _, tokens in chunks) ** 0.5)
        nearest = int(self._prefill_contexts[np.argmin(np.abs(self._prefill_contexts - cached))])
        once = self._prefill[nearest](new**2)
        return once * self._rules.batching_overhead if len(chunks) > 1 else once


def _rounded(value: int, grain: int) -> int:
    return -(-value // grain) * grain
