"""Work: what one operator asks of the device in one step. Counts and shapes, no seconds.

The sizes that depend on the step (rows, context) are floats or numpy arrays, so that one call describes one step or a
whole table of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Sizes = Any
"""A float, or an array with one entry per step of a table."""


@dataclass(frozen=True)
class Gemm:
    """(m x k) by (k x n). ``math_dtype`` is the format multiplied in; weights and activations are stored at the given
    bytes per element. ``weights``: format the weights are stored in, "" = that of the multiply."""

    m: Sizes
    n: int
    k: int
    math_dtype: str
    bytes_per_weight: float
    bytes_per_activation: float
    bytes_per_output: float = 2.0
    weights: str = ""


@dataclass(frozen=True)
class PrefillAttention:
    """One attention call over the prefill chunks of a step; sums as in ``StepFeatures``."""

    heads: int
    kv_heads: int
    head_dim: float
    sequences: Sizes
    tokens: Sizes
    pairs: Sizes
    kv_tokens: Sizes
    tiles: Sizes
    math_dtype: str
    kv_dtype: str
    bytes_per_kv: float


@dataclass(frozen=True)
class LatentPrefill(PrefillAttention):
    """Prefill attention over keys and values that were expanded from latents: as many KV heads as query heads,
    ``head_dim`` the mean of the sizes of a key and a value."""


@dataclass(frozen=True)
class DecodeAttention:
    """One attention call over the decoding sequences of a step."""

    heads: int
    kv_heads: int
    head_dim: int
    sequences: Sizes
    queries: Sizes
    kv_tokens: Sizes
    math_dtype: str
    kv_dtype: str
    bytes_per_kv: float


@dataclass(frozen=True)
class LatentDecode:
    """One absorbed latent-attention call over the decoding sequences of a step; all ``heads`` share one latent of
    ``latent_dim`` and one rotary key of ``rope_dim`` elements."""

    heads: int
    latent_dim: int
    rope_dim: int
    sequences: Sizes
    queries: Sizes
    kv_tokens: Sizes
    math_dtype: str
    kv_dtype: str
    bytes_per_kv: float

    @property
    def flops_per_pair(self) -> float:
        """FLOPs of one query on one cached token, all heads: scores over latent and rotary key, values over latent."""
        return 2.0 * self.heads * (2 * self.latent_dim + self.rope_dim)


@dataclass(frozen=True)
class HeadMatmul:
    """``heads`` multiplies (m x k) by (k x n), each by its own matrix, in one 16-bit call."""

    m: Sizes
    n: int
    k: int
    heads: int
    math_dtype: str
    bytes_per_element: float


@dataclass(frozen=True)
class Experts:
    """The routed experts of one layer on one rank. ``weights``: as in ``Gemm``."""

    tokens: Sizes
    hidden_size: int
    intermediate_size: int
    num_matrices: int
    num_experts: int
    experts_per_token: int
    touched_experts: Sizes
    math_dtype: str
    bytes_per_weight: float
    bytes_per_activation: float
    weights: str = ""


@dataclass(frozen=True)
class Stream:
    """An element-wise kernel: time follows the bytes it moves."""


@dataclass(frozen=True)
class AllReduce:
    """Sum of a buffer of ``nbytes`` over ``world_size`` ranks, result on each."""

    nbytes: Sizes
    world_size: int


@dataclass(frozen=True)
class AllGather:
    """Shares of a buffer of ``nbytes`` put together on each of ``world_size`` ranks."""

    nbytes: Sizes
    world_size: int


Shape = (
    Gemm
    | HeadMatmul
    | PrefillAttention
    | LatentPrefill
    | DecodeAttention
    | LatentDecode
    | Experts
    | Stream
    | AllReduce
    | AllGather
)


@dataclass(frozen=True)
class Work:
    """One operator of a step on one rank.

    Attributes
    ----------
    name: operator (``qkv``, ``decode_attention``, ...).
    shape: its kernel class with its sizes.
    count: how many times it runs in the step (equal layers).
    flops, bytes_read, bytes_written: of one run.
    launches: kernels of one run.
    collective_bytes: size of the buffer of one collective, 0 = none.
    """

    name: str
    shape: Shape
    count: int
    flops: Sizes
    bytes_read: Sizes
    bytes_written: Sizes
    launches: int = 1
    collective_bytes: Sizes = 0.0


def gemm_work(name: str, shape: Gemm, count: int) -> Work:
    """A matrix multiply with its FLOPs and minimal traffic (TECHNIQUES equation 2)."""
    return Work(
        name,
        shape,
        count,
        flops=2.0 * shape.m * shape.n * shape.k,
        bytes_read=shape.bytes_per_activation * shape.m * shape.k + shape.bytes_per_weight * shape.n * shape.k,
        bytes_written=shape.bytes_per_output * shape.m * shape.n,
    )


def stream_work(name: str, count: int, *, flops: Sizes, bytes_read: Sizes, bytes_written: Sizes) -> Work:
    """An element-wise kernel."""
    return Work(name, Stream(), count, flops, bytes_read, bytes_written)


def all_reduce_work(name: str, nbytes: Sizes, world_size: int, count: int) -> Work:
    """An all-reduce; device memory is read and written once on each rank."""
    shape = AllReduce(nbytes, world_size)
    return Work(name, shape, count, 0.0, nbytes, nbytes, collective_bytes=nbytes)


def all_gather_work(name: str, nbytes: Sizes, world_size: int, count: int) -> Work:
    """An all-gather to a buffer of ``nbytes``; each rank reads its share and writes the whole."""
    shape = AllGather(nbytes, world_size)
    return Work(name, shape, count, 0.0, nbytes / world_size, nbytes, collective_bytes=nbytes)
