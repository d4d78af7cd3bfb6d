"""ModelSpec: a model as a list of typed layer blocks, with the shape facts that follow from them.

A block knows only its own shape facts: parameters, KV and state elements. What work a block does in a step is decided
in ``simulator.operators`` by dispatch on the block's class, so a new kind of block is a new class there and here, and
no existing line changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from simulator.models.attention import CrossAttention, GQAAttention, MLAAttention, TokenMixer
from simulator.models.dtypes import BYTES_PER_ELEMENT
from simulator.models.ffn import DenseFFN, FFNBlock, MoEFFN
from simulator.models.quantization import Quantization, bytes_per_weight

__all__ = [
    "CrossAttention",
    "DenseFFN",
    "Encoder",
    "FFNBlock",
    "GQAAttention",
    "LayerBlock",
    "MLAAttention",
    "MoEFFN",
    "ModelSpec",
    "TokenMixer",
]


@dataclass(frozen=True)
class LayerBlock:
    """One layer: a token mixer, in decoders of encoder-decoders a cross attention, and a feed-forward block.

    ``norms``: norms over the hidden size (1 when mixer and feed-forward block run in parallel, 4 in Gemma 2);
    ``norm_bias``: LayerNorm with a bias instead of RMSNorm.
    """

    attention: TokenMixer
    ffn: FFNBlock
    cross_attention: CrossAttention | None = None
    norms: int = 2
    norm_bias: bool = False

    @property
    def mixers(self) -> tuple[TokenMixer, ...]:
        """Every token mixer of the layer, in order."""
        return (self.attention,) if self.cross_attention is None else (self.attention, self.cross_attention)

    def matmul_parameters(self, hidden_size: int) -> int:
        """Weights of all linear layers of this layer."""
        mixers = sum(mixer.matmul_parameters(hidden_size) for mixer in self.mixers)
        return mixers + self.ffn.matmul_parameters(hidden_size)

    def active_matmul_parameters(self, hidden_size: int) -> int:
        """Weights one token multiplies with."""
        mixers = sum(mixer.matmul_parameters(hidden_size) for mixer in self.mixers)
        return mixers + self.ffn.active_matmul_parameters(hidden_size)

    def parameters(self, hidden_size: int) -> int:
        """All weights of this layer, its norms included."""
        other = sum(mixer.other_parameters(hidden_size) for mixer in self.mixers)
        norms = self.norms * hidden_size * (2 if self.norm_bias else 1)
        return self.matmul_parameters(hidden_size) + other + self.ffn.other_parameters(hidden_size) + norms


@dataclass(frozen=True)
class Encoder:
    """The encoder of an encoder-decoder: ``layers`` run once per request over ``tokens`` positions.

    ``other_parameters``: stem, positions and final norm.
    """

    hidden_size: int
    layers: tuple[LayerBlock, ...]
    tokens: int
    other_parameters: int = 0

    @property
    def matmul_parameters(self) -> int:
        """Weights of its linear layers."""
        return sum(block.matmul_parameters(self.hidden_size) for block in self.layers)

    @property
    def parameters(self) -> int:
        """All its weights."""
        return sum(block.parameters(self.hidden_size) for block in self.layers) + self.other_parameters


@dataclass(frozen=True)
class ModelSpec:
    """A language model.

    Attributes
    ----------
    name: catalog name or Hugging Face id.
    hidden_size, vocab_size: widths.
    layers: one block per (decoder) layer, first to last.
    tie_word_embeddings: the LM head reuses the embedding matrix.
    max_position_embeddings: longest context in tokens.
    torch_dtype: format of the published weights (``bf16``, ``fp16``, ``fp32``).
    source, as_of: where the numbers were read, and when (ISO date).
    extra_parameters: weights outside the layers that a text step does not touch or only looks up: vision tower,
        learned positions, norms of the embedding, biases of final norm and LM head.
    encoder: of an encoder-decoder.
    quantization: how the checkpoint stores its linear layers, None = in ``torch_dtype``.
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
    extra_parameters: int = 0
    encoder: Encoder | None = None
    quantization: Quantization | None = None

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
        """Weights of the layers' linear layers, an encoder's included; embedding and LM head excluded (TECHNIQUES 19,
        "matmul-only")."""
        layers = sum(count * block.matmul_parameters(self.hidden_size) for block, count in self.layer_groups)
        return layers + (self.encoder.matmul_parameters if self.encoder else 0)

    @cached_property
    def embedding_parameters(self) -> int:
        """Weights of the embedding matrix (the LM head has as many)."""
        return self.vocab_size * self.hidden_size

    @cached_property
    def parameters(self) -> int:
        """All weights: embedding, layers, final norm, LM head unless tied, encoder, everything else."""
        layers = sum(count * block.parameters(self.hidden_size) for block, count in self.layer_groups)
        heads = 1 if self.tie_word_embeddings else 2
        encoder = self.encoder.parameters if self.encoder else 0
        return layers + self.hidden_size + heads * self.embedding_parameters + encoder + self.extra_parameters

    @cached_property
    def active_matmul_parameters(self) -> int:
        """Weights one token multiplies with in the layers: MoE counts the routed experts only, LM head excluded."""
        return sum(count * block.active_matmul_parameters(self.hidden_size) for block, count in self.layer_groups)

    def weight_bytes(self, dtypes: Mapping[str, str]) -> float:
        """Bytes of all weights for a map part -> format; part ``layers`` is the layers' linear weights, ``other`` the
        rest (embedding, LM head, norms, biases), which quantised checkpoints keep in 16 bit."""
        layers = self.layer_matmul_parameters
        rest = self.parameters - layers
        return layers * bytes_per_weight(dtypes["layers"]) + rest * BYTES_PER_ELEMENT[dtypes["other"]]

    def kv_bytes_per_token(self, kv_dtype: str = "bf16") -> float:
        """KV-cache bytes one token of context occupies over all layers of the whole model (equation 8)."""
        elements = sum(count * block.attention.kv_elements_per_token() for block, count in self.layer_groups)
        return elements * BYTES_PER_ELEMENT[kv_dtype]

    def kv_bytes(self, context_tokens: int, kv_dtype: str = "bf16") -> float:
        """KV-cache bytes of a sequence of that length when blocks behind a window are freed (TECHNIQUES 4.4)."""
        elements = 0
        for block, count in self.layer_groups:
            window = block.attention.sliding_window
            kept = context_tokens if window is None else min(context_tokens, window)
            elements += count * block.attention.kv_elements_per_token() * kept
        return elements * BYTES_PER_ELEMENT[kv_dtype]

    def state_bytes_per_sequence(self, dtype: str = "bf16") -> float:
        """Bytes one sequence occupies whatever its length: recurrent states, cross keys and values."""
        elements = sum(
            count * mixer.state_elements_per_sequence() for block, count in self.layer_groups for mixer in block.mixers
        )
        return elements * BYTES_PER_ELEMENT[dtype]
