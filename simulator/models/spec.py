"""ModelSpec: a decoder as a list of typed layer blocks, with the shape facts that follow from them.

A block knows only its own shape facts: parameters and KV elements. What work a block does in a step is decided in
``simulator.operators`` by dispatch on the block's class, so a new kind of block is a new class there and here, and no
existing line changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Protocol

from simulator.models.dtypes import BYTES_PER_ELEMENT


class AttentionBlock(Protocol):
    """What every token mixer (attention, later SSM) can say about itself.

    ``sliding_window``: most tokens of context a query attends to, None = all.
    """

    @property
    def sliding_window(self) -> int | None: ...

    def matmul_parameters(self, hidden_size: int) -> int:
        """Weights of its linear layers."""

    def other_parameters(self, hidden_size: int) -> int:
        """Biases and norm weights."""

    def kv_elements_per_token(self) -> int:
        """Elements it caches per token of context, all heads."""


class FFNBlock(Protocol):
    """What every feed-forward block can say about itself."""

    def matmul_parameters(self, hidden_size: int) -> int:
        """Weights of its linear layers, all experts."""

    def active_matmul_parameters(self, hidden_size: int) -> int:
        """Weights one token multiplies with."""

    def other_parameters(self, hidden_size: int) -> int:
        """Biases."""


@dataclass(frozen=True)
class GQAAttention:
    """Multi-head attention with ``num_heads`` query heads on ``num_kv_heads`` shared key-value heads.

    ``num_kv_heads == num_heads`` is MHA, 1 is MQA. ``sliding_window``: most tokens a query sees, None = all.
    """

    num_heads: int
    num_kv_heads: int
    head_dim: int
    qkv_bias: bool = False
    qk_norm: bool = False
    sliding_window: int | None = None

    @property
    def query_size(self) -> int:
        """Width of all query heads together."""
        return self.num_heads * self.head_dim

    @property
    def kv_size(self) -> int:
        """Width of all key heads together (values the same)."""
        return self.num_kv_heads * self.head_dim

    def matmul_parameters(self, hidden_size: int) -> int:
        """Q, K, V and O projections."""
        return hidden_size * (self.query_size + 2 * self.kv_size) + self.query_size * hidden_size

    def other_parameters(self, hidden_size: int) -> int:
        """QKV biases and the two per-head norms."""
        bias = self.query_size + 2 * self.kv_size if self.qkv_bias else 0
        return bias + (2 * self.head_dim if self.qk_norm else 0)

    def kv_elements_per_token(self) -> int:
        """One key and one value per KV head (TECHNIQUES 4.1, equation 8)."""
        return 2 * self.kv_size


@dataclass(frozen=True)
class DenseFFN:
    """Feed-forward block; ``num_matrices`` is 3 for a gated one (SwiGLU, GeGLU) and 2 otherwise."""

    intermediate_size: int
    num_matrices: int = 3

    def matmul_parameters(self, hidden_size: int) -> int:
        """Gate, up and down projections."""
        return self.num_matrices * hidden_size * self.intermediate_size

    def active_matmul_parameters(self, hidden_size: int) -> int:
        """Every token uses all of them."""
        return self.matmul_parameters(hidden_size)

    def other_parameters(self, hidden_size: int) -> int:
        """None: the families read here have no FFN bias."""
        return 0


@dataclass(frozen=True)
class MoEFFN:
    """Routed experts: each token goes to ``experts_per_token`` of ``num_experts``, and to all shared ones.

    ``intermediate_size`` is that of one routed expert; ``shared_intermediate_size`` of all shared experts together,
    0 = none.
    """

    num_experts: int
    experts_per_token: int
    intermediate_size: int
    num_matrices: int = 3
    shared_intermediate_size: int = 0

    def expert_parameters(self, hidden_size: int) -> int:
        """Weights of one routed expert."""
        return self.num_matrices * hidden_size * self.intermediate_size

    def _router_and_shared(self, hidden_size: int) -> int:
        return hidden_size * self.num_experts + self.num_matrices * hidden_size * self.shared_intermediate_size

    def matmul_parameters(self, hidden_size: int) -> int:
        """All experts, shared ones and the router."""
        return self._router_and_shared(hidden_size) + self.num_experts * self.expert_parameters(hidden_size)

    def active_matmul_parameters(self, hidden_size: int) -> int:
        """Router, shared experts and the routed experts of one token."""
        return self._router_and_shared(hidden_size) + self.experts_per_token * self.expert_parameters(hidden_size)

    def other_parameters(self, hidden_size: int) -> int:
        """None."""
        return 0


@dataclass(frozen=True)
class LayerBlock:
    """One decoder layer: a token mixer and a feed-forward block, each after an RMSNorm."""

    attention: GQAAttention
    ffn: DenseFFN | MoEFFN

    def matmul_parameters(self, hidden_size: int) -> int:
        """Weights of all linear layers of this layer."""
        return self.attention.matmul_parameters(hidden_size) + self.ffn.matmul_parameters(hidden_size)

    def parameters(self, hidden_size: int) -> int:
        """All weights of this layer, its two norms included."""
        other = self.attention.other_parameters(hidden_size) + self.ffn.other_parameters(hidden_size)
        return self.matmul_parameters(hidden_size) + other + 2 * hidden_size


@dataclass(frozen=True)
class ModelSpec:
    """A decoder-only model.

    Attributes
    ----------
    name: catalog name or Hugging Face id.
    hidden_size, vocab_size: widths.
    layers: one block per layer, first to last.
    tie_word_embeddings: the LM head reuses the embedding matrix.
    max_position_embeddings: longest context in tokens.
    torch_dtype: format of the published weights (``bf16``, ``fp16``).
    source, as_of: where the numbers were read, and when (ISO date).
    """

    name: str
    hidden_size: int
    vocab_size: int
    layers: tuple[LayerBlock, ...]
    tie_word_embeddings: bool = False
    max_position_embeddings: int = 4096
    torch_dtype: str = "bf16"
    source: str = ""
    as_of: str = ""

    @property
    def num_layers(self) -> int:
        """Number of decoder layers."""
        return len(self.layers)

    @cached_property
    def layer_groups(self) -> tuple[tuple[LayerBlock, int], ...]:
        """Equal layers counted together: ``((block, count), ...)`` in order of first appearance."""
        counts: dict[LayerBlock, int] = {}
        for block, run in groupby(self.layers):
            counts[block] = counts.get(block, 0) + sum(1 for _ in run)
        return tuple(counts.items())

    @cached_property
    def layer_matmul_parameters(self) -> int:
        """Weights of the layers' linear layers; embedding and LM head excluded (TECHNIQUES 19, "matmul-only")."""
        return sum(count * block.matmul_parameters(self.hidden_size) for block, count in self.layer_groups)

    @cached_property
    def embedding_parameters(self) -> int:
        """Weights of the embedding matrix (the LM head has as many)."""
        return self.vocab_size * self.hidden_size

    @cached_property
    def parameters(self) -> int:
        """All weights: embedding, layers, final norm, LM head unless tied."""
        layers = sum(count * block.parameters(self.hidden_size) for block, count in self.layer_groups)
        heads = 1 if self.tie_word_embeddings else 2
        return layers + self.hidden_size + heads * self.embedding_parameters

    @cached_property
    def active_matmul_parameters(self) -> int:
        """Weights one token multiplies with in the layers: MoE counts the routed experts only, LM head excluded."""
        return sum(
            count
            * (
                block.attention.matmul_parameters(self.hidden_size)
                + block.ffn.active_matmul_parameters(self.hidden_size)
            )
            for block, count in self.layer_groups
        )

    def weight_bytes(self, dtypes: Mapping[str, str]) -> float:
        """Bytes of all weights for a map part -> format; part ``layers`` is the layers' linear weights, ``other`` the
        rest (embedding, LM head, norms, biases), which quantised checkpoints keep in 16 bit."""
        layers = self.layer_matmul_parameters
        rest = self.parameters - layers
        return layers * BYTES_PER_ELEMENT[dtypes["layers"]] + rest * BYTES_PER_ELEMENT[dtypes["other"]]

    def kv_bytes_per_token(self, kv_dtype: str = "bf16") -> float:
        """KV-cache bytes one token of context occupies over all layers of the whole model (equation 8)."""
        elements = sum(count * block.attention.kv_elements_per_token() for block, count in self.layer_groups)
        return elements * BYTES_PER_ELEMENT[kv_dtype]
