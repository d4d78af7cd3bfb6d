"""The shape of one engine step: the sufficient statistics from which its work, and so its seconds, follow.

The engine keeps these counters with O(1) updates; the cost model reads nothing else. A technique that needs another
statistic adds a field here, its update in the engine and its use in ``simulator.operators``.
"""

from __future__ import annotations

from collections.abc import Mapping

QUERY_TILE = 128
"""Query rows one attention work unit covers (COST_MODEL: a unit is one sequence, KV head and 128-query tile)."""

SHORT_CHUNK = 16
"""New tokens up to which a chunk runs like a decode: with the (up to 8) query heads of a KV head packed into the tile,
its rows fit the one tile of 128 that a decoding sequence occupies anyway, in the same variable-length kernel. Prompts
found in the prefix cache but for their last tokens are the common case."""

FEATURE_NAMES = (
    "tokens",
    "sampled",
    "decode_seqs",
    "decode_queries",
    "decode_kv",
    "prefill_seqs",
    "prefill_tokens",
    "prefill_pairs",
    "prefill_kv",
    "prefill_tiles",
    "admitted",
    "adapters",
)


class StepFeatures:
    """Counters of one step; all are plain integers.

    ==================  ===============================================================================================
    ``tokens``          scheduled tokens: rows of every linear layer (before CUDA-graph padding)
    ``sampled``         rows of the LM head: one per request that samples, ``1 + drafts`` for one that verifies
    ``decode_seqs``     sequences in the decode attention kernel (one-token steps, verifications, short chunks)
    ``decode_queries``  their query rows (equal to ``decode_seqs`` without speculation)
    ``decode_kv``       sum over them of the KV tokens attended, the new ones included
    ``prefill_seqs``    prefill chunks in the prefill attention kernel
    ``prefill_tokens``  their query rows, sum of n
    ``prefill_pairs``   causal query-key pairs, sum of n*c + n*(n+1)/2 for n new tokens on top of c cached ones
    ``prefill_kv``      KV tokens those chunks read, sum of c + n
    ``prefill_tiles``   query tiles of 128 rows, sum of ceil(n/128)
    ``admitted``        requests that entered ``running`` in this step (host work of input preparation)
    ``adapters``        distinct LoRA adapters in the step
    ==================  ===============================================================================================
    """

    __slots__ = FEATURE_NAMES

    tokens: int
    sampled: int
    decode_seqs: int
    decode_queries: int
    decode_kv: int
    prefill_seqs: int
    prefill_tokens: int
    prefill_pairs: int
    prefill_kv: int
    prefill_tiles: int
    admitted: int
    adapters: int

    def __init__(
        self,
        tokens: int = 0,
        sampled: int = 0,
        decode_seqs: int = 0,
        decode_queries: int = 0,
        decode_kv: int = 0,
        prefill_seqs: int = 0,
        prefill_tokens: int = 0,
        prefill_pairs: int = 0,
        prefill_kv: int = 0,
        prefill_tiles: int = 0,
        admitted: int = 0,
        adapters: int = 0,
    ) -> None:
        self.tokens = tokens
        self.sampled = sampled
        self.decode_seqs = decode_seqs
        self.decode_queries = decode_queries
        self.decode_kv = decode_kv
        self.prefill_seqs = prefill_seqs
        self.prefill_tokens = prefill_tokens
        self.prefill_pairs = prefill_pairs
        self.prefill_kv = prefill_kv
        self.prefill_tiles = prefill_tiles
        self.admitted = admitted
        self.adapters = adapters

    @classmethod
    def of_sums(cls, sums: Mapping[str, int]) -> StepFeatures:
        """Counters by name; 0 where one is not given."""
        return cls(**{name: int(sums.get(name, 0)) for name in FEATURE_NAMES})

    def add_chunk(self, new: int, cached: int) -> None:
        """Count a chunk of ``new`` tokens on top of ``cached`` computed ones (``tokens`` are counted apart)."""
        if new <= SHORT_CHUNK:
            self.decode_seqs += 1
            self.decode_queries += new
            self.decode_kv += cached + new
            return
        self.prefill_seqs += 1
        self.prefill_tokens += new
        self.prefill_pairs += new * cached + new * (new + 1) // 2
        self.prefill_kv += cached + new
        self.prefill_tiles += -(-new // QUERY_TILE)

    def as_dict(self) -> dict[str, int]:
        """Every counter by name."""
        return {name: getattr(self, name) for name in FEATURE_NAMES}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StepFeatures) and self.as_dict() == other.as_dict()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value}" for name, value in self.as_dict().items() if value)
        return f"StepFeatures({shown})"
