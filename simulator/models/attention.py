"""Token mixers with a key-value cache: grouped-query, multi-head latent and cross attention."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class TokenMixer(Protocol):
    """What every token mixer (attention, state space, RWKV) can say about itself.

    ``sliding_window``: most tokens of context a query attends to, None = all.
    """

    @property
    def sliding_window(self) -> int | None: ...

    def matmul_parameters(self, hidden_size: int) -> int:
        """Weights of its linear layers."""

    def other_parameters(self, hidden_size: int) -> int:
        """Every other weight: biases, its own norms, convolutions, decays."""

    def kv_elements_per_token(self) -> int:
        """Elements it caches per token of context."""

    def state_elements_per_sequence(self) -> int:
        """Elements it keeps per sequence, whatever the length of its context."""


@dataclass(frozen=True)
class GQAAttention:
    """Multi-head attention with ``num_heads`` query heads on ``num_kv_heads`` shared key-value heads.

    ``num_kv_heads == num_heads`` is MHA, 1 is MQA. ``sliding_window``: most tokens a query sees, None = all; chunked
    local attention (Llama 4) counts as a window of its chunk, the most a query of it can see. ``kv_shared``: keys and
    values are those of an earlier layer, so that this one neither projects nor caches any. ``sinks``: one learned
    logit per head.
    """

    num_heads: int
    num_kv_heads: int
    head_dim: int
    qkv_bias: bool = False
    qk_norm: bool = False
    sliding_window: int | None = None
    o_bias: bool = False
    kv_shared: bool = False
    sinks: bool = False

    @property
    def query_size(self) -> int:
        """Width of all query heads together."""
        return self.num_heads * self.head_dim

    @property
    def kv_size(self) -> int:
        """Width of all key heads together (values the same)."""
        return self.num_kv_heads * self.head_dim

    @property
    def qkv_size(self) -> int:
        """Columns of the fused Q, K and V projection; Q alone when keys and values are another layer's."""
        return self.query_size + (0 if self.kv_shared else 2 * self.kv_size)

    def matmul_parameters(self, hidden_size: int) -> int:
        """Q, K, V and O projections."""
        return hidden_size * self.qkv_size + self.query_size * hidden_size

    def other_parameters(self, hidden_size: int) -> int:
        """Biases, the two per-head norms, sinks."""
        bias = (self.qkv_size if self.qkv_bias else 0) + (hidden_size if self.o_bias else 0)
        return bias + (2 * self.head_dim if self.qk_norm else 0) + (self.num_heads if self.sinks else 0)

    def kv_elements_per_token(self) -> int:
        """One key and one value per KV head (TECHNIQUES 4.1, equation 8)."""
        return 0 if self.kv_shared else 2 * self.kv_size

    def state_elements_per_sequence(self) -> int:
        """None."""
        return 0


@dataclass(frozen=True)
class MLAAttention:
    """Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434): keys and values are kept as one latent vector.

    ``q_lora_rank``: width of the query bottleneck, None = queries are projected directly. ``kv_lora_rank`` (d_c) and
    ``qk_rope_head_dim`` (d_r) make up the cached latent; ``qk_nope_head_dim`` and ``v_head_dim`` are those of one head
    after expansion.
    """

    num_heads: int
    q_lora_rank: int | None
    kv_lora_rank: int
    qk_nope_head_dim: int
    qk_rope_head_dim: int
    v_head_dim: int

    @property
    def sliding_window(self) -> None:
        """None: every query sees all of its context."""
        return

    @property
    def latent_size(self) -> int:
        """Elements cached per token: latent and rotary key."""
        return self.kv_lora_rank + self.qk_rope_head_dim

    @property
    def qk_head_dim(self) -> int:
        """Width of one query head."""
        return self.qk_nope_head_dim + self.qk_rope_head_dim

    def down_parameters(self, hidden_size: int) -> int:
        """Projections into the bottlenecks, whole on every tensor-parallel rank."""
        return hidden_size * (self.latent_size + (self.q_lora_rank or 0))

    def head_parameters(self, hidden_size: int) -> int:
        """Projections from the bottlenecks to the heads and from them to the output, split by head."""
        query_rows = self.q_lora_rank or hidden_size
        per_head = query_rows * self.qk_head_dim + self.kv_lora_rank * (self.qk_nope_head_dim + self.v_head_dim)
        return self.num_heads * (per_head + self.v_head_dim * hidden_size)

    def matmul_parameters(self, hidden_size: int) -> int:
        """q_a, q_b, kv_a, kv_b and O projections (TECHNIQUES 4.3)."""
        return self.down_parameters(hidden_size) + self.head_parameters(hidden_size)

    def other_parameters(self, hidden_size: int) -> int:
        """Norms of the two bottlenecks."""
        return self.kv_lora_rank + (self.q_lora_rank or 0)

    def kv_elements_per_token(self) -> int:
        """The latent, once for all heads."""
        return self.latent_size

    def state_elements_per_sequence(self) -> int:
        """None."""
        return 0


@dataclass(frozen=True)
class CrossAttention:
    """Attention of a decoder layer to ``encoder_tokens`` positions, whose keys and values are computed once."""

    num_heads: int
    num_kv_heads: int
    head_dim: int
    encoder_tokens: int
    bias: bool = False

    @property
    def sliding_window(self) -> None:
        """None: the length attended to is fixed."""
        return

    def matmul_parameters(self, hidden_size: int) -> int:
        """Q and O over the decoder's rows, K and V over the encoder's."""
        return 2 * hidden_size * self.head_dim * (self.num_heads + self.num_kv_heads)

    def other_parameters(self, hidden_size: int) -> int:
        """Biases of Q, V and O (keys have none: Whisper)."""
        return self.head_dim * (self.num_heads + self.num_kv_heads) + hidden_size if self.bias else 0

    def kv_elements_per_token(self) -> int:
        """None: nothing grows with the decoder's context."""
        return 0

    def state_elements_per_sequence(self) -> int:
        """Keys and values of every encoder position (TECHNIQUES 4.7)."""
        return 2 * self.num_kv_heads * self.head_dim * self.encoder_tokens
