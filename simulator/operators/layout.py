"""How a model is laid out for execution: number formats and tensor parallelism."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.errors import InputError
from simulator.models.dtypes import BYTES_PER_ELEMENT, parse_dtype
from simulator.models.spec import GQAAttention

_EIGHT_BIT = ("fp8", "int8")


@dataclass(frozen=True)
class Dtypes:
    """Number formats of a deployment.

    ``weights``: the layers' linear weights. ``activations``: what the multipliers of those layers take; differs from
    the weights for weight-only quantisation, whose weights are widened on the fly. ``kv``: the KV cache. ``other``: the
    residual stream, norms, embedding, LM head, attention math: 16 bit.
    """

    weights: str = "bf16"
    activations: str = "bf16"
    kv: str = "bf16"
    other: str = "bf16"

    @classmethod
    def of(cls, weights: str = "bf16", *, activations: str | None = None, kv: str | None = None) -> Dtypes:
        """The map users mean by a weight format: 8-bit weights with 8-bit activations unless said otherwise, everything
        else 16 bit. Raises ``InputError`` for unknown formats and for activations narrower than weights."""
        weights = parse_dtype(weights, path="dtypes.weights")
        other = "fp16" if weights == "fp16" else "bf16"
        activations = parse_dtype(activations or weights, path="dtypes.activations")
        kv_dtype = other if kv is None or kv == "auto" else parse_dtype(kv, path="dtypes.kv")
        if activations != weights and not (weights in _EIGHT_BIT and activations in ("bf16", "fp16")):
            raise InputError(
                f"{weights} weights run with {weights} activations"
                + (" or 16-bit ones (weight-only quantisation)" if weights in _EIGHT_BIT else ""),
                path="dtypes.activations",
                value=activations,
            )
        return cls(weights, activations, kv_dtype, other)

    def width(self, part: str) -> float:
        """Bytes per element of ``weights``, ``activations``, ``kv`` or ``other``."""
        return BYTES_PER_ELEMENT[getattr(self, part)]


@dataclass(frozen=True)
class Layout:
    """Formats plus the tensor-parallel degree; sizes are those of one rank.

    ``expert_coverage`` is the exponent of the distinct-experts formula (kappa; 1 = independent uniform routing).
    """

    dtypes: Dtypes
    tensor_parallel_size: int = 1
    expert_coverage: float = 1.0

    def heads(self, attention: GQAAttention) -> tuple[int, int]:
        """Query heads and KV heads of one rank; KV heads are replicated when ranks outnumber them."""
        tp = self.tensor_parallel_size
        return attention.num_heads // tp, max(1, -(-attention.num_kv_heads // tp))

    def shard(self, width: int) -> int:
        """A dimension split over the ranks."""
        return -(-width // self.tensor_parallel_size)
