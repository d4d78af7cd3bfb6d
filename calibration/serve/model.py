"""The served Llama: random weights, one forward pass over the tokens of a step, attention left to a KV cache.

QKV and gate/up are one multiply each, as in serving engines; embedding, norms, rotary embedding and activation are the
kernels the harness times.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from calibration.measure.kernels.elementwise import rotate
from calibration.serve.shape import LlamaShape

_EPSILON = 1e-5
_ROPE_BASE = 10000.0


class Attention(Protocol):
    """A KV cache and the attention over it, prepared for one step before the layers run."""

    def attend(self, layer: int, queries: Any, keys: Any, values: Any) -> Any:
        """Store ``keys`` and ``values`` (tokens, KV heads, head size) of a layer; return the attended queries as
        (tokens, heads * head size)."""


@dataclass(frozen=True)
class _Layer:
    """Weights of one layer, stored (out, in)."""

    attention_norm: Any
    qkv: Any
    out: Any
    ffn_norm: Any
    gate_up: Any
    down: Any


class Llama:
    """See module. ``torch``: the module, ``device``: its device."""

    def __init__(self, shape: LlamaShape, torch: Any, device: Any) -> None:
        self.shape, self._torch = shape, torch
        self._functional = torch.nn.functional
        generator = torch.Generator().manual_seed(0)

        def weight(*sizes: int) -> Any:
            drawn = torch.empty(sizes, dtype=torch.float32).normal_(generator=generator).mul_(sizes[-1] ** -0.5)
            return drawn.to(torch.bfloat16).to(device)

        def ones() -> Any:
            return torch.ones(shape.hidden_size, dtype=torch.bfloat16, device=device)

        hidden, inner = shape.hidden_size, shape.intermediate_size
        self._embedding = weight(shape.vocab_size, hidden)
        self._layers = [
            _Layer(
                ones(),
                weight(shape.query_size + 2 * shape.kv_size, hidden),
                weight(hidden, shape.query_size),
                ones(),
                weight(2 * inner, hidden),
                weight(hidden, inner),
            )
            for _ in range(shape.num_hidden_layers)
        ]
        self._last_norm, self._head = ones(), weight(shape.vocab_size, hidden)
        half = shape.head_dim // 2
        rates = _ROPE_BASE ** (-torch.arange(half, dtype=torch.float32) / half)
        angles = torch.arange(shape.max_position_embeddings, dtype=torch.float32)[:, None] * rates
        self._cos = angles.cos()[:, None].to(torch.bfloat16).to(device)
        self._sin = angles.sin()[:, None].to(torch.bfloat16).to(device)

    def next_tokens(self, tokens: Any, positions: Any, sampled: Any, attention: Attention) -> Any:
        """Greedy next token after each of the ``sampled`` positions of the step.

        ``tokens``, ``positions``: (t,) ids and places in their sequences; ``sampled``: (s,) indices into them.
        """
        functional, shape = self._functional, self.shape
        stream = functional.embedding(tokens, self._embedding)
        cos, sin = self._cos[positions], self._sin[positions]
        for index, layer in enumerate(self._layers):
            stream = stream + self._attention_block(index, layer, stream, cos, sin, attention)
            normed = functional.rms_norm(stream, (shape.hidden_size,), layer.ffn_norm, _EPSILON)
            gate, up = functional.linear(normed, layer.gate_up).chunk(2, dim=-1)
            stream = stream + functional.linear(functional.silu(gate) * up, layer.down)
        last = functional.rms_norm(stream[sampled], (shape.hidden_size,), self._last_norm, _EPSILON)
        return functional.linear(last, self._head).argmax(dim=-1)

    def _attention_block(self, index: int, layer: _Layer, stream: Any, cos: Any, sin: Any, attention: Attention) -> Any:
        functional, torch, shape = self._functional, self._torch, self.shape
        normed = functional.rms_norm(stream, (shape.hidden_size,), layer.attention_norm, _EPSILON)
        sizes = (shape.query_size, shape.kv_size, shape.kv_size)
        queries, keys, values = functional.linear(normed, layer.qkv).split(sizes, dim=-1)
        queries = rotate(torch, queries.unflatten(-1, (-1, shape.head_dim)), cos, sin)
        keys = rotate(torch, keys.unflatten(-1, (-1, shape.head_dim)), cos, sin)
        attended = attention.attend(index, queries, keys, values.unflatten(-1, (-1, shape.head_dim)))
        return functional.linear(attended, layer.out)
