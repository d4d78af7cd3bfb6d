"""KernelFits: the fitted constants of a device's kernels, one set per kernel class and number format.

The forms they belong to are in ``simulator.cost.kernels``. Times are in microseconds, shares and exponents are pure
numbers. Every set carries its ``Origin``: how it was obtained and how wrong it was on shapes held out of the fit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from simulator.datafiles import data_dir
from simulator.hardware.profile import HardwareProfile
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


_STAND_IN = {
    "H100-PCIe-80GB": "H100-SXM5-80GB",
    "A100-SXM4-40GB": "A100-SXM4-80GB",
}
"""Device without its own timings -> the nearest one that has them."""

_DTYPE_STAND_IN = {"fp16": "bf16", "int8": "fp8", "fp32": "bf16", "fp8": "bf16"}
"""Format without its own timings -> the one whose constants serve for it."""

_TRANSFER_ERROR = 1.6
"""Factor on the errors of constants used for a sibling device (COST_MODEL section 4: H100 to A100 or L40S 1.6-2.6 in
the median, within a family about 1)."""

_FORMAT_ERROR = 1.5
"""Factor on the errors of constants used for another number format."""


def load_fits(hardware: HardwareProfile) -> KernelFits:
    """The constants for a device: its own file, or its nearest relative's with a wider band (tag ``transferred``)."""
    folder = data_dir("calibration/fits")
    own = folder / f"{hardware.name}.yaml"
    if own.is_file():
        return read_fits(own)
    relative = _STAND_IN.get(hardware.name, _nearest(hardware))
    borrowed = read_fits(folder / f"{relative}.yaml")
    return _mapped(borrowed, lambda origin: _weakened(origin, "transferred", relative, _TRANSFER_ERROR))


def _nearest(hardware: HardwareProfile) -> str:
    """The measured device that stands in for an unknown one: Hopper for anything since 2022, else Ampere."""
    return "H100-SXM5-80GB" if hardware.year >= 2022 else "A100-SXM4-80GB"


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


def _mapped(fits: KernelFits, change: Callable[[Origin], Origin]) -> KernelFits:
    def moved(value: Any) -> Any:
        if isinstance(value, Fitted):
            return replace(value, origin=change(value.origin))
        return {dtype: moved(fitted) for dtype, fitted in value.items()}

    parts = {field.name: getattr(fits, field.name) for field in fields(fits) if field.name != "device"}
    return KernelFits(device=fits.device, **{name: moved(value) for name, value in parts.items()})


def read_fits(path: Path) -> KernelFits:
    """Read a fits file; ``InputError`` names file, line and path of anything missing, unfit or unknown."""
    file = read_yaml(path)

    def by_dtype(key: str, kind: type[FitT]) -> dict[str, Fitted[FitT]]:
        return {dtype: _fitted(section, kind) for dtype, section in file.section(key).sections()}

    fits = KernelFits(
        device=file.text("device"),
        gemm=by_dtype("gemm", GemmFit),
        prefill_attention=by_dtype("prefill_attention", PrefillAttentionFit),
        decode_attention=by_dtype("decode_attention", DecodeAttentionFit),
        moe=by_dtype("moe", MoEFit),
        custom_all_reduce=_fitted(file.section("custom_all_reduce"), CustomAllReduceFit),
        nccl_all_reduce=_fitted(file.section("nccl_all_reduce"), NcclAllReduceFit),
        stream=_fitted(file.section("stream"), StreamFit),
    )
    file.finish()
    return fits


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
