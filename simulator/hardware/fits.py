"""KernelFits: the fitted constants of a device's kernels, one set per kernel class and number format.

The forms are in ``simulator.cost``, the classes of constants in ``kernel_constants`` and ``latent_fits``:
times in microseconds, shares and exponents as pure numbers. Every set carries its ``Origin``: how it was obtained and
how wrong it was on shapes held out of the fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from simulator.datafiles import data_dir
from simulator.hardware.exact_rows import ExactRows
from simulator.hardware.kernel_constants import (
    ATTENTION_TILES,
    EXPERT_TILES,
    LARGE_REDUCTIONS,
    TILE_RULES,
    CustomAllReduceFit,
    DecodeAttentionFit,
    GemmFit,
    MixedAttentionFit,
    MoEFit,
    NcclAllReduceFit,
    PrefillAttentionFit,
    StreamFit,
    SustainedMathFit,
)
from simulator.hardware.latent_fits import AbsorbedFit, LatentDecodeFit
from simulator.hardware.origin import PROVENANCES as PROVENANCES
from simulator.hardware.origin import Origin as Origin
from simulator.hardware.origin import read_origin
from simulator.hardware.profile import HardwareProfile
from simulator.hardware.residuals import Residual, read_residuals
from simulator.hardware.stand_ins import StandIn, stand_in_for
from simulator.yaml_section import Section, read_yaml

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
