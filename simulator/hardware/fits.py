"""KernelFits: the fitted constants of a device's kernels, one set per kernel class and number format.

The forms they belong to are in ``simulator.cost.kernels``. Times are in microseconds, shares and exponents are pure
numbers. Every set carries its ``Origin``: how it was obtained and how wrong it was on shapes held out of the fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from simulator.datafiles import data_dir
from simulator.hardware.exact_rows import ExactRows
from simulator.hardware.latent_fits import AbsorbedFit, LatentDecodeFit
from simulator.hardware.origin import PROVENANCES as PROVENANCES
from simulator.hardware.origin import Origin as Origin
from simulator.hardware.origin import read_origin
from simulator.hardware.profile import HardwareProfile
from simulator.hardware.residuals import Residual, read_residuals
from simulator.hardware.stand_ins import StandIn, stand_in_for
from simulator.yaml_section import Section, read_yaml


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


FitT = TypeVar("FitT")


@dataclass(frozen=True)
class Fitted(Generic[FitT]):
    """A set of constants and its origin."""

    constants: FitT
    origin: Origin


@dataclass(frozen=True)
class KernelFits:
    """Every kernel class of one device; maps are number format -> constants (attention: format of the KV cache).

    ``mixed_attention``: only of devices whose attention library runs prompts and decodes of a step as one call without
    sharing KV between query heads; absent: two calls. ``sustained_math``: bounds ``gemm`` where it is known.
    ``latent_decode``, ``latent_prefill``, ``absorbed_matmul``: kernels of latent attention (by format of the KV cache,
    of the multiply); ``weight_only_gemm``, ``weight_only_moe``: 16-bit multiplies by narrower weights, by format of
    these (``simulator.cost.weight_formats``). Without them the plain classes serve, with wider errors.
    ``custom_all_reduce`` and ``nccl_all_reduce``: None where they were timed neither on the device nor on a relative;
    the time then follows from the topology (``simulator.links``).
    ``residuals``: corrections of the closed forms, ``(kernel class, number format or "")`` -> ``Residual``. ``exact``:
    measured rows that are taken as they are.
    """

    device: str
    gemm: Mapping[str, Fitted[GemmFit]]
    prefill_attention: Mapping[str, Fitted[PrefillAttentionFit]]
    decode_attention: Mapping[str, Fitted[DecodeAttentionFit]]
    moe: Mapping[str, Fitted[MoEFit]]
    custom_all_reduce: Fitted[CustomAllReduceFit] | None = field(default=None, kw_only=True)
    nccl_all_reduce: Fitted[NcclAllReduceFit] | None = field(default=None, kw_only=True)
    stream: Fitted[StreamFit]
    mixed_attention: Mapping[str, Fitted[MixedAttentionFit]] = field(default_factory=dict)
    latent_decode: Mapping[str, Fitted[LatentDecodeFit]] = field(default_factory=dict)
    latent_prefill: Mapping[str, Fitted[PrefillAttentionFit]] = field(default_factory=dict)
    absorbed_matmul: Mapping[str, Fitted[AbsorbedFit]] = field(default_factory=dict)
    weight_only_gemm: Mapping[str, Fitted[GemmFit]] = field(default_factory=dict)
    weight_only_moe: Mapping[str, Fitted[MoEFit]] = field(default_factory=dict)
    sustained_math: Fitted[SustainedMathFit] | None = None
    residuals: Mapping[tuple[str, str], Residual] = field(default_factory=dict)
    exact: ExactRows | None = None

    __hash__ = object.__hash__


_DTYPE_STAND_IN = {
    "fp16": "bf16",
    "fp32": "bf16",
    "tf32": "bf16",
    "fp8": "bf16",
    "fp8_block": "fp8",
    "int8": "fp8",
    "fp4": "fp8",
    "int4": "int8",
}
"""Format without its own timings -> the one whose constants serve for it."""

_FORMAT_ERROR = 1.5
"""Factor on the errors of constants used for another number format."""


def load_fits(hardware: HardwareProfile) -> KernelFits:
    """The constants for a device: its own file, else its stand-in's, tagged ``transferred`` or ``nominal``."""
    folder = data_dir("calibration/fits")
    own = folder / f"{hardware.name}.yaml"
    return _bundled_fits(own, own.stat().st_mtime_ns) if own.is_file() else borrowed_fits(hardware)


@cache
def _bundled_fits(path: Path, _written: int) -> KernelFits:
    """A file of our own, read once as long as it stays as it is: plans and sweeps ask for the same few devices again
    and again."""
    return read_fits(path)


def borrowed_fits(hardware: HardwareProfile) -> KernelFits:
    """The constants a device borrows, whether or not it has some of its own."""
    folder = data_dir("calibration/fits")
    stand_in = stand_in_for(hardware)
    parts = _borrowed(folder, stand_in.constants, stand_in)
    for part, file in stand_in.instead.items():
        parts[part] = _borrowed(folder, file, stand_in)[part]
    for part in stand_in.without:
        parts.pop(part, None)
    return KernelFits(device=hardware.name, **parts)


def _borrowed(folder: Path, file: str, stand_in: StandIn) -> dict[str, Any]:
    """The kernel classes of a file, their origins weakened by what the transfer costs."""
    _, parts = _read_parts(folder / f"{file}.yaml", complete=False)
    factor = stand_in.factor_of(file)

    def moved(value: Any) -> Any:
        if isinstance(value, Fitted):
            return replace(value, origin=value.origin.weakened("transferred", file, factor))
        return {dtype: moved(fitted) for dtype, fitted in value.items()}

    return {name: moved(value) for name, value in parts.items()}


def fit_for(fits: Mapping[str, Fitted[FitT]], dtype: str) -> Fitted[FitT]:
    """The constants for a number format, or those of its stand-in with a wider band."""
    name, factor = dtype, 1.0
    while name not in fits:
        name, factor = _DTYPE_STAND_IN[name], factor * _FORMAT_ERROR
    found = fits[name]
    if name == dtype or {name, dtype} == {"bf16", "fp16"}:
        return found
    return replace(found, origin=found.origin.weakened("transferred", name, factor))


_PER_FORMAT: dict[str, type[Any]] = {
    "gemm": GemmFit,
    "prefill_attention": PrefillAttentionFit,
    "decode_attention": DecodeAttentionFit,
    "moe": MoEFit,
}
_OPTIONAL: dict[str, type[Any]] = {
    "mixed_attention": MixedAttentionFit,
    "latent_decode": LatentDecodeFit,
    "latent_prefill": PrefillAttentionFit,
    "absorbed_matmul": AbsorbedFit,
    "weight_only_gemm": GemmFit,
    "weight_only_moe": MoEFit,
}
"""Kernel classes per number format that a device may do without."""
_SINGLE: dict[str, type[Any]] = {"stream": StreamFit}
_OPTIONAL_SINGLE: dict[str, type[Any]] = {
    "custom_all_reduce": CustomAllReduceFit,
    "nccl_all_reduce": NcclAllReduceFit,
    "sustained_math": SustainedMathFit,
}
"""Kernel classes without number format that a device may do without."""


def read_fits(path: Path) -> KernelFits:
    """Read a fits file and the ``.residuals.json`` beside it, where there is one.

    ``InputError`` names file, line and path of anything missing, unfit or unknown.
    """
    device, parts = _read_parts(path, complete=True)
    return KernelFits(device=device, **parts, residuals=read_residuals(path.with_suffix(".residuals.json")))


def _read_parts(path: Path, *, complete: bool) -> tuple[str, dict[str, Any]]:
    """Device (or family) name and kernel classes of a file; all of them are demanded when ``complete``."""
    file = read_yaml(path)
    device = file.text("device")
    parts: dict[str, Any] = {}
    for key, kind in (_PER_FORMAT | _OPTIONAL).items():
        if (complete and key not in _OPTIONAL) or file.has(key):
            parts[key] = {dtype: _fitted(section, kind) for dtype, section in file.section(key).sections()}
    for key, kind in (_SINGLE | _OPTIONAL_SINGLE).items():
        if (complete and key not in _OPTIONAL_SINGLE) or file.has(key):
            parts[key] = _fitted(file.section(key), kind)
    file.finish()
    return device, parts


def _fitted(section: Section, kind: type[FitT]) -> Fitted[FitT]:
    origin = read_origin(section)
    constants = section.section("constants")
    words = _WORDS.get(kind, {})
    values = {field.name: _constant(constants, field.name, words) for field in fields(kind)}  # type: ignore[arg-type]
    constants.finish()
    section.finish()
    return Fitted(kind(**values), origin)


_WORDS: Mapping[type[Any], Mapping[str, tuple[str, ...]]] = {
    GemmFit: {"tiles": TILE_RULES},
    PrefillAttentionFit: {"tiles": ATTENTION_TILES},
    MoEFit: {"tiles": EXPERT_TILES},
    CustomAllReduceFit: {"large": LARGE_REDUCTIONS},
}
"""Constants that are words, and which: by class of constants and name."""


def _constant(constants: Section, name: str, words: Mapping[str, tuple[str, ...]]) -> float | str:
    return constants.text(name, allowed=words[name]) if name in words else constants.number(name, at_least=0.0)
