"""KernelFits: the fitted constants of a device's kernels, one set per kernel class and number format.

The forms they belong to are in ``simulator.cost.kernels``. Times are in microseconds, shares and exponents are pure
numbers. Every set carries its ``Origin``: how it was obtained and how wrong it was on shapes held out of the fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from simulator.datafiles import data_dir
from simulator.hardware.profile import HardwareProfile
from simulator.hardware.stand_ins import StandIn, stand_in_for
from simulator.yaml_section import Section, read_yaml

PROVENANCES = ("measured", "fitted", "transferred", "nominal")
"""From most to least trusted: timed on the device, fitted to timings of it, fitted to another one, data sheet only."""


@dataclass(frozen=True)
class Origin:
    """Where a set of constants comes from.

    ``median_error`` and ``p90_error`` are absolute relative errors of single kernels: on held-out shapes for fitted
    sets, the stated uncertainty otherwise. ``rows``: timings used, 0 = none.
    """

    provenance: str
    source: str
    rows: int
    median_error: float
    p90_error: float


@dataclass(frozen=True)
class GemmFit:
    """Matrix multiply (``kernels.gemm_seconds``).

    ``math_share``/``memory_share``: reachable share of peak math and bandwidth. ``sharpness``: exponent of the p-norm
    that joins them. ``wave_exponent``: weight of the last partial wave. ``half_depth``: k at which the prologue halves
    efficiency. ``saturating_share``: share of the SMs that saturates memory. ``split_k``: CTAs a small grid is
    multiplied by. ``throttle_share``: slow-down of kernels far above 1 ms. ``quantise_passes``: activation
    quantisation, in units of 3 m k bytes. ``unaligned_loss``: extra time share when m is no multiple of 16.
    """

    math_share: float
    memory_share: float
    latency_us: float
    sharpness: float
    wave_exponent: float
    half_depth: float
    saturating_share: float
    split_k: float
    throttle_share: float
    quantise_passes: float
    unaligned_loss: float


@dataclass(frozen=True)
class PrefillAttentionFit:
    """Prefill attention (``attention_forms.PrefillAttentionForm``): as above; ``unit_us`` is the time of one wave of
    (sequence, head, 128-query) units, ``head_dim_exponent`` the effect of head sizes other than 128,
    ``kv_row_ns`` the time to gather one paged KV row of one head in one unit's 128-row tile."""

    math_share: float
    memory_share: float
    latency_us: float
    sharpness: float
    wave_exponent: float
    unit_us: float
    head_dim_exponent: float
    kv_row_ns: float


@dataclass(frozen=True)
class DecodeAttentionFit:
    """Decode attention (``attention_forms.DecodeAttentionForm``).

    ``unit_us``: time of a wave of (sequence, KV head) units, which bounds short contexts. ``ramp_us`` and
    ``ramp_exponent``: start-up and combination that long contexts pay on top of their memory time, growing with a power
    of the waves. ``serial_block_us``: per 128-token KV block a unit walks through alone. ``head_dim_exponent``: effect
    of head sizes other than 128.
    """

    memory_share: float
    latency_us: float
    unit_us: float
    head_dim_exponent: float
    serial_block_us: float
    ramp_us: float
    ramp_exponent: float


@dataclass(frozen=True)
class MoEFit:
    """Grouped GEMMs of routed experts (``kernels.moe_seconds``): ``padding_rows`` is the mean padding per touched
    expert, ``half_depth`` the inner width at which the prologue halves efficiency."""

    math_share: float
    memory_share: float
    latency_us: float
    sharpness: float
    padding_rows: float
    half_depth: float


@dataclass(frozen=True)
class CustomAllReduceFit:
    """One-shot or two-shot all-reduce over a switch; latency grows as ``world_size ** world_exponent``."""

    latency_us: float
    world_exponent: float
    one_shot_share: float
    two_shot_us: float
    two_shot_share: float


@dataclass(frozen=True)
class NcclAllReduceFit:
    """Library all-reduce: p-norm of latency and wire time."""

    latency_us: float
    world_exponent: float
    wire_share: float
    sharpness: float


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
    """Every kernel class of one device; maps are number format -> constants (attention: format of the KV cache)."""

    device: str
    gemm: Mapping[str, Fitted[GemmFit]]
    prefill_attention: Mapping[str, Fitted[PrefillAttentionFit]]
    decode_attention: Mapping[str, Fitted[DecodeAttentionFit]]
    moe: Mapping[str, Fitted[MoEFit]]
    custom_all_reduce: Fitted[CustomAllReduceFit]
    nccl_all_reduce: Fitted[NcclAllReduceFit]
    stream: Fitted[StreamFit]

    __hash__ = object.__hash__


_DTYPE_STAND_IN = {
    "fp16": "bf16",
    "fp32": "bf16",
    "tf32": "bf16",
    "fp8": "bf16",
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
    if own.is_file():
        return read_fits(own)
    stand_in = stand_in_for(hardware)
    parts = _borrowed(folder, stand_in.constants, stand_in)
    for part, file in stand_in.instead.items():
        parts[part] = _borrowed(folder, file, stand_in)[part]
    return KernelFits(device=hardware.name, **parts)


def _borrowed(folder: Path, file: str, stand_in: StandIn) -> dict[str, Any]:
    """The kernel classes of a file, their origins weakened by what the transfer costs."""
    _, parts = _read_parts(folder / f"{file}.yaml", complete=False)
    factor = stand_in.factor_of(file)

    def moved(value: Any) -> Any:
        if isinstance(value, Fitted):
            return replace(value, origin=_weakened(value.origin, "transferred", file, factor))
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
    return replace(found, origin=_weakened(found.origin, "transferred", name, factor))


def _weakened(origin: Origin, provenance: str, taken_from: str, factor: float) -> Origin:
    rank = max(PROVENANCES.index(origin.provenance), PROVENANCES.index(provenance))
    return Origin(
        PROVENANCES[rank],
        f"{origin.source}; taken from {taken_from}",
        origin.rows,
        origin.median_error * factor,
        origin.p90_error * factor,
    )


_PER_FORMAT: dict[str, type[Any]] = {
    "gemm": GemmFit,
    "prefill_attention": PrefillAttentionFit,
    "decode_attention": DecodeAttentionFit,
    "moe": MoEFit,
}
_SINGLE: dict[str, type[Any]] = {
    "custom_all_reduce": CustomAllReduceFit,
    "nccl_all_reduce": NcclAllReduceFit,
    "stream": StreamFit,
}


def read_fits(path: Path) -> KernelFits:
    """Read a fits file; ``InputError`` names file, line and path of anything missing, unfit or unknown."""
    device, parts = _read_parts(path, complete=True)
    return KernelFits(device=device, **parts)


def _read_parts(path: Path, *, complete: bool) -> tuple[str, dict[str, Any]]:
    """Device (or family) name and kernel classes of a file; all of them are demanded when ``complete``."""
    file = read_yaml(path)
    device = file.text("device")
    parts: dict[str, Any] = {}
    for key, kind in _PER_FORMAT.items():
        if complete or file.has(key):
            parts[key] = {dtype: _fitted(section, kind) for dtype, section in file.section(key).sections()}
    for key, kind in _SINGLE.items():
        if complete or file.has(key):
            parts[key] = _fitted(file.section(key), kind)
    file.finish()
    return device, parts


def _fitted(section: Section, kind: type[FitT]) -> Fitted[FitT]:
    origin = Origin(
        provenance=section.text("provenance", allowed=PROVENANCES),
        source=section.text("source"),
        rows=section.whole("rows", at_least=0),
        median_error=section.number("median_error"),
        p90_error=section.number("p90_error"),
    )
    constants = section.section("constants")
    values = {field.name: constants.number(field.name, at_least=0.0) for field in fields(kind)}  # type: ignore[arg-type]
    constants.finish()
    section.finish()
    return Fitted(kind(**values), origin)
