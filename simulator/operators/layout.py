"""How a model is laid out for execution: number formats and tensor parallelism."""

from __future__ import annotations

from dataclasses import dataclass, replace

from simulator.errors import InputError
from simulator.models.attention import CrossAttention, GQAAttention
from simulator.models.dtypes import BYTES_PER_ELEMENT, parse_dtype
from simulator.models.quantization import LAYER_PARTS, bits_per_weight, bytes_per_weight, parse_weight_format
from simulator.models.spec import ModelSpec

_SIXTEEN_BIT = ("bf16", "fp16")
_FOUR_BIT_FLOATS = ("nvfp4", "mxfp4")

QUANTIZED_INPUTS = ("norm", "activation", "attention")
"""What may produce the input of a linear layer: a norm (QKV, gate/up), the gated activation (down), attention (O)."""


@dataclass(frozen=True)
class Dtypes:
    """Number formats of a deployment.

    ``weights``: the layers' linear weights (``models.quantization`` lists the formats). ``activations``: what the
    multipliers of those layers take; differs from the weights for weight-only quantisation, whose weights are widened
    on the fly. ``kv``: the KV cache. ``other``: the residual stream, norms, embedding, LM head, attention math: 16 bit.
    ``unquantised``: the groups of linear layers (``LAYER_PARTS``) that a quantised checkpoint keeps in ``other``.
    """

    weights: str = "bf16"
    activations: str = "bf16"
    kv: str = "bf16"
    other: str = "bf16"
    unquantised: tuple[str, ...] = ()

    @classmethod
    def of(cls, weights: str = "bf16", *, activations: str | None = None, kv: str | None = None) -> Dtypes:
        """The map users mean by a weight format: 8-bit weights with 8-bit activations and narrower ones with 16-bit
        activations unless said otherwise, everything else 16 bit. Raises ``InputError`` for unknown formats and for
        activations the weights do not go with."""
        weights = parse_weight_format(weights)
        other = "fp16" if "fp16" in (weights, activations) else "fp32" if weights == "fp32" else "bf16"
        activations = parse_dtype(activations, path="dtypes.activations") if activations else _own_math(weights, other)
        kv_dtype = other if kv is None or kv == "auto" else parse_dtype(kv, path="dtypes.kv")
        allowed = _math_formats(weights)
        if activations not in allowed:
            raise InputError(
                f"{weights} weights run with {allowed[0]} activations"
                + (" or 16-bit ones (weight-only quantisation)" if len(allowed) > 1 else ""),
                path="dtypes.activations",
                value=activations,
            )
        return cls(weights, activations, kv_dtype, other)

    @classmethod
    def for_model(
        cls,
        model: ModelSpec,
        weights: str | None = None,
        *,
        activations: str | None = None,
        kv: str | None = None,
    ) -> Dtypes:
        """Those of a model's checkpoint, where nothing else is asked for. Raises ``InputError`` as ``of`` does."""
        stored = model.quantization
        if stored is None or (weights is not None and parse_weight_format(weights) != stored.weights):
            return cls.of(weights or model.torch_dtype, activations=activations, kv=kv)
        dtypes = cls.of(stored.weights, activations=activations or stored.activations or "bf16", kv=kv)
        return replace(dtypes, unquantised=tuple(part for part in LAYER_PARTS if part not in stored.parts))

    def width(self, part: str) -> float:
        """Bytes per element of ``weights``, ``activations``, ``kv`` or ``other``."""
        return bytes_per_weight(self.weights) if part == "weights" else BYTES_PER_ELEMENT[getattr(self, part)]

    def layer_weights(self, part: str) -> float:
        """Bytes per weight of a group of linear layers (``attention``, ``ffn``, ``experts``)."""
        return self.width("other" if part in self.unquantised else "weights")

    def layer_format(self, part: str) -> str:
        """Format the weights of a group of linear layers are stored in."""
        return self.other if part in self.unquantised else self.weights

    def layer_math(self, part: str) -> str:
        """Format a group of linear layers multiplies in."""
        return self.other if part in self.unquantised else self.activations


def _own_math(weights: str, other: str) -> str:
    """Format that weights of this format are multiplied in when nothing is said."""
    return _math_formats(weights)[0] if bits_per_weight(weights) >= 8 else other


def _math_formats(weights: str) -> tuple[str, ...]:
    """Formats that weights may be multiplied in, the native one first."""
    if weights in (*_SIXTEEN_BIT, "fp32"):
        return (weights,)
    if weights in _FOUR_BIT_FLOATS:
        return ("fp4", "fp8", *_SIXTEEN_BIT)
    eight_bit = "int8" if weights.startswith("int") else "fp8"
    return (eight_bit, *_SIXTEEN_BIT)


@dataclass(frozen=True)
class Layout:
    """Formats plus the tensor-parallel degree; sizes are those of one rank.

    ``expert_coverage`` is the exponent of the distinct-experts formula (kappa; 1 = independent uniform routing).
    ``separate_quantization``: after which of ``QUANTIZED_INPUTS`` the input of an 8-bit linear layer is quantised by a
    pass of its own. ``ranks_per_device``: ranks that one device consists of; 2 where a chip has two cores.
    """

    dtypes: Dtypes
    tensor_parallel_size: int = 1
    expert_coverage: float = 1.0
    separate_quantization: tuple[str, ...] = ()
    ranks_per_device: int = 1

    def heads(self, attention: GQAAttention | CrossAttention) -> tuple[int, int]:
        """Query heads and KV heads of one device; KV heads are replicated when ranks outnumber them.

        Heads that the ranks do not divide are padded, where the engine pads: every rank holds as many as the fullest.
        """
        ranks = self.tensor_parallel_size * self.ranks_per_device
        heads, kv_heads = -(-attention.num_heads // ranks), max(1, -(-attention.num_kv_heads // ranks))
        return self.ranks_per_device * heads, self.ranks_per_device * kv_heads

    def shard(self, width: int) -> int:
        """A dimension split over the ranks."""
        return -(-width // self.tensor_parallel_size)
