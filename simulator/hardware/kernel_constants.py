"""Constants of the closed forms, one class of them per kernel class. Units are in the names.

Where they come from and how wrong they are stands beside them (``simulator.hardware.fits.Fitted``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class GemmFit:
    """Matrix multiply (``kernels.gemm_seconds``) and the activation quantisation before it (``quantise_seconds``).

    ``math_share``/``memory_share``: reachable share of peak math and bandwidth. ``sharpness``: exponent of the p-norm
    that joins them. ``wave_exponent``: weight of the last partial wave. ``half_depth``: depth along k whose time a tile
    takes to start. ``saturating_share``: share of the SMs that saturates memory. ``split_us``: what splitting k over
    idle SMs adds. ``lone_speed``: speed of thread blocks on a nearly idle device over that in a full wave.
    ``throttle_share``: slow-down of kernels far above 1 ms. ``edge_rows``: tile edge at which loading operands halves
    efficiency. ``step_ns``: least time of one 128-deep step along k. ``cached_share``: share of the traffic that the
    last-level cache saves while it holds all of it, as in tables that repeat a call. ``quantise_us``,
    ``quantise_row_ns`` and ``quantise_passes``: launch, time per row, and bytes in units of 3 m k, of a quantisation
    kernel that runs by itself. ``tiles``: rule by which the library picks tile shapes, one of ``TILE_RULES``.
    """

    math_share: float
    memory_share: float
    latency_us: float
    sharpness: float
    wave_exponent: float
    half_depth: float
    saturating_share: float
    split_us: float
    lone_speed: float
    throttle_share: float
    edge_rows: float
    step_ns: float
    cached_share: float
    quantise_us: float
    quantise_row_ns: float
    quantise_passes: float
    tiles: str


TILE_RULES = ("best", "cutlass-sm90", "cutlass-sm100", "cutlass-sm89")
"""How libraries pick tile shapes; the shapes are in ``simulator.cost.tiles``."""

ATTENTION_TILES = ("packed-128", "plain-64", "plain-256")
"""How libraries cut prefill attention into units; the shapes are in ``simulator.cost.attention_tiles``."""


@dataclass(frozen=True)
class PrefillAttentionFit:
    """Prefill attention (``attention_forms.PrefillAttentionForm``).

    ``math_share``, ``memory_share``, ``latency_us``: as above. ``balance_sharpness``: exponent of the p-norm of mean
    load and longest unit; ``sharpness``: of that and memory. ``unit_us`` and ``row_ns``: time of a (sequence, head,
    query tile) unit beside its math, and per query row in it. ``head_dim_exponent``: effect of head sizes other than
    128. ``lone_speed``: speed of the longest unit, once others are done, over that in a full wave. ``cached_share``:
    share of the traffic that the last-level cache saves where all of it fits. ``write_block_us``: time a thread block
    takes to write one token's keys and values to the paged cache; ``write_passes``: bytes that moves, over those
    written. ``tiles``: the units of work, one of ``ATTENTION_TILES``.
    """

    math_share: float
    memory_share: float
    latency_us: float
    sharpness: float
    balance_sharpness: float
    unit_us: float
    row_ns: float
    head_dim_exponent: float
    lone_speed: float
    cached_share: float
    write_block_us: float
    write_passes: float
    tiles: str


@dataclass(frozen=True)
class DecodeAttentionFit:
    """Decode attention (``attention_forms.DecodeAttentionForm``).

    ``unit_us``: time of a wave of (sequence, KV head) units, which bounds short contexts. ``head_dim_exponent``: effect
    of head sizes other than 128 on it. ``block_us``: a unit's walk through one KV block (32 KiB of keys). ``ramp_us``
    and ``ramp_exponent``: start-up that long contexts pay on top of their memory time, growing with a power of the
    waves. ``split_us`` and ``merge_us``: the kernel that joins the parts of a split context, and its time per part.
    ``query_passes``: bytes moved for queries and outputs, over the queries' size. ``regroup_us`` and
    ``regroup_passes``: copies that put the query heads of a KV head together, and back.
    """

    memory_share: float
    latency_us: float
    unit_us: float
    head_dim_exponent: float
    block_us: float
    ramp_us: float
    ramp_exponent: float
    split_us: float
    merge_us: float
    query_passes: float
    regroup_us: float
    regroup_passes: float


@dataclass(frozen=True)
class MixedAttentionFit:
    """Decoding sequences in an attention call that holds longer queries too (``mixed_attention.MixedAttentionForm``).

    ``unit_us``: time of one (sequence, query head) unit beside its KV. ``fetch_ns``: its time to fetch K and V of one
    token (head size 128, 16 bit), beside its math. ``share_gain``: share of bandwidth over that of decode attention.
    ``empty_us``: of a thread block of a decode beyond its one tile, of which the call launches as many as its longest
    query has tiles.
    """

    unit_us: float
    fetch_ns: float
    share_gain: float
    empty_us: float

    latency_us: ClassVar[float] = 0.0
    """The launch is that of the longer queries."""


@dataclass(frozen=True)
class MoEFit:
    """Grouped GEMMs of routed experts (``experts_form.moe_seconds``).

    ``sort_us``: kernels that sort rows by expert. ``step_ns``: latency of a 128-deep step along hidden and inner size.
    ``edge_rows``: tile edge at which loading operands halves efficiency. ``tile_ns``: time of a tile on its SM beside
    its math. ``row_passes`` and ``token_passes``: gathering, activating and summing in kernels of their own, in passes
    over the rows (one for each token and expert) and over the tokens. ``cached_share``: as above. ``default_loss``:
    time of shapes without a tuned configuration over that of tuned ones in the same tile; ``gather_loss``: what more
    they lose once the rows they gather exceed the last-level cache. ``unaligned_loss``: extra time share of the second
    multiply where the inner width is no multiple of 16. ``spill_loss``: extra time share where the weights of one
    expert exceed the cache and several tiles of its rows read them. ``tiles``: rule by which the library picks tile
    shapes, one of ``EXPERT_TILES``.
    """

    math_share: float
    memory_share: float
    latency_us: float
    sort_us: float
    sharpness: float
    step_ns: float
    edge_rows: float
    tile_ns: float
    row_passes: float
    token_passes: float
    cached_share: float
    default_loss: float
    gather_loss: float
    unaligned_loss: float
    spill_loss: float
    tiles: str


EXPERT_TILES = ("best", "vllm-0.14", "vllm-0.16", "vllm-block", "trtllm-gen")
"""How libraries pick tile shapes of experts; the shapes are in ``simulator.cost.expert_tiles``."""

CUSTOM_ALL_REDUCE_BYTES = 8 * 2**20
"""Buffers of this size and more go to the library: ``max_size`` of vLLM's and SGLang's ``CustomAllreduce``."""


LARGE_REDUCTIONS = ("two_shot", "symmetric_memory")
"""What vLLM hands the larger of its own all-reduces to; the sizes are in ``simulator.links.all_reduce``."""


@dataclass(frozen=True)
class CustomAllReduceFit:
    """One-shot or two-shot all-reduce over a switch; latency grows as ``world_size ** world_exponent``.

    ``two_shot_us``, ``symmetric_us``: latency of two shots and of the kernel on symmetric memory beside that.
    ``*_share``: of the link's rate. ``large``: one of ``LARGE_REDUCTIONS``.
    """

    latency_us: float
    world_exponent: float
    one_shot_share: float
    two_shot_us: float
    two_shot_share: float
    symmetric_us: float
    symmetric_share: float
    large: str


@dataclass(frozen=True)
class NcclAllReduceFit:
    """Library all-reduce: p-norm of latency and wire time. ``wire_share`` is what two ranks reach of the link;
    ``crowd_exponent``: n ranks get ``(2/n)`` to this power of it, 0 over a switch, 1 and more on a shared bus."""

    latency_us: float
    world_exponent: float
    wire_share: float
    sharpness: float
    crowd_exponent: float


@dataclass(frozen=True)
class SustainedMathFit:
    """What a device keeps up through a step of many multiplies: its power limit lowers clocks that one call at a time,
    as tables are timed, never pulls down. ``peak_share``: of the data sheet's math rate."""

    peak_share: float

    latency_us: ClassVar[float] = 0.0


@dataclass(frozen=True)
class StreamFit:
    """Element-wise kernels: latency plus bytes over bandwidth."""

    memory_share: float
    latency_us: float
