"""EngineProfile: what a serving engine adds to its kernels - host time, padding, sampler, delivery - per version."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from simulator.datafiles import data_dir
from simulator.errors import InputError, did_you_mean
from simulator.operators.layout import QUANTIZED_INPUTS
from simulator.yaml_section import Section, read_yaml

DEFAULT_ENGINE = "vllm-0.15"

_US, _MS, _GIB = 1e-6, 1e-3, 2**30

PROFILE_TERMS = {
    "reserved_bytes": ("reserved_gib", _GIB),
    "api_delivery_s": ("api_delivery_ms", _MS),
    "per_step_s": ("per_step_us", _US),
    "per_layer_s": ("per_layer_us", _US),
    "per_layer_prefill_s": ("per_layer_prefill_us", _US),
    "per_admitted_s": ("per_admitted_us", _US),
    "sampler_step_s": ("sampler_step_us", _US),
    "sampler_row_s_per_word": ("sampler_row_us_per_100k", _US / 1e5),
    "gemm_multiplier": ("gemm_multiplier", 1.0),
    "prefill_attention_multiplier": ("prefill_attention_multiplier", 1.0),
    "decode_attention_multiplier": ("decode_attention_multiplier", 1.0),
    "all_reduce_multiplier": ("all_reduce_multiplier", 1.0),
    "all_reduce_extra_s": ("all_reduce_extra_us", _US),
    "moe_multiplier": ("moe_multiplier", 1.0),
    "expert_coverage": ("expert_coverage", 1.0),
}
"""Term -> its key in a profile file, and the unit it is written in there."""

OPTIONAL_TERMS = {
    "per_sequence_s": ("per_sequence_us", _US),
    "layer_floor_s": ("layer_floor_us", _US),
    "decode_overlap": ("decode_overlap", 1.0),
}
"""Terms that most engines do not have: 0 when a file leaves them out."""

_ERA = ("from_version", "from_month")
"""Keys that say which recorded versions a profile stands for; ``simulator.validation`` reads them."""

_POSITIVE = ("_multiplier", "_coverage")
"""Endings of keys whose value must be above 0, not just at least 0."""

_SHARES = ("decode_overlap",)
"""Keys whose value is a share: 1 at most."""


@dataclass(frozen=True)
class EngineProfile:
    """Terms of one engine version; seconds and bytes.

    Attributes
    ----------
    async_scheduling, reserve_full_isl: defaults of that version (``EngineConfig``).
    reserved_bytes: memory per GPU that is neither weights nor KV (activations, graphs, buffers).
    api_delivery_s: tokenisation, HTTP and delivery of the first token, seen in TTFT only.
    per_step_s, per_layer_s: host time of every step, and per layer.
    per_layer_prefill_s: extra per layer when a prefill chunk is in the step.
    per_admitted_s: input preparation per newly admitted request, in the step that admits it.
    sampler_step_s, sampler_row_s_per_word: top-p sampling, per step and per (sampled row x vocabulary word).
    *_multiplier: engine's kernels against the fitted kernel classes; ``all_reduce_extra_s`` per call.
    expert_coverage: exponent of the distinct-experts formula.
    cuda_graph_sizes: captured token counts, ascending; a step is padded to the next one, larger steps are not padded.
    source: where the terms come from.
    per_sequence_s: host time of every step per sequence in it (bookkeeping that does not overlap the device).
    layer_floor_s: time the host takes to launch one layer; a step's device part is at least that times the layers.
    decode_overlap: share of the start-ups of decode attention that hides in a running batch (``cost.decode_overlap``).
    fused_quantization: after which producers (``QUANTIZED_INPUTS``) activations are quantised inside the producer's
        kernel; after the others an 8-bit linear layer is preceded by a pass of its own.
    ranks_per_device: tensor-parallel ranks of one device (two NeuronCores of a Trainium chip); KV heads are replicated
        for ranks.
    pads_heads: attention heads that the ranks do not divide are padded to a multiple of them, not refused.
    static_context: executables are compiled for a context length, which decode attention reads whole.
    custom_all_reduce: the engine has an all-reduce kernel of its own beside the library's.
    lone_multipliers: multipliers that bring kernels timed alone to those of a running engine; kernels timed inside one
        need none (``cost.engine_multiplier``).
    separate_decode_calls: prompts and decodes of a step are two attention calls, whatever the device's library can do.
    bounds: ``(term, low, high)``: how far the fit leaves each term open, in the term's own unit.
    """

    name: str
    async_scheduling: bool
    reserved_bytes: float
    api_delivery_s: float
    per_step_s: float
    per_layer_s: float
    per_layer_prefill_s: float
    per_admitted_s: float
    sampler_step_s: float
    sampler_row_s_per_word: float
    gemm_multiplier: float
    prefill_attention_multiplier: float
    decode_attention_multiplier: float
    all_reduce_multiplier: float
    all_reduce_extra_s: float
    moe_multiplier: float
    expert_coverage: float
    cuda_graph_sizes: tuple[int, ...]
    source: str
    bounds: tuple[tuple[str, float, float], ...] = ()
    per_sequence_s: float = 0.0
    layer_floor_s: float = 0.0
    decode_overlap: float = 0.0
    fused_quantization: tuple[str, ...] = QUANTIZED_INPUTS
    ranks_per_device: int = 1
    pads_heads: bool = False
    static_context: bool = False
    custom_all_reduce: bool = True
    separate_decode_calls: bool = False
    lone_multipliers: tuple[str, ...] = ()
    reserve_full_isl: bool = False

    def bound(self, term: str) -> tuple[float, float]:
        """``(low, high)`` of a term; its value twice when no range is stated."""
        value: float = getattr(self, term)
        return next(((low, high) for name, low, high in self.bounds if name == term), (value, value))

    def padded_tokens(self, tokens: int) -> int:
        """Rows the linear layers run for a step of ``tokens`` scheduled tokens."""
        index = bisect_left(self.cuda_graph_sizes, tokens)
        return self.cuda_graph_sizes[index] if index < len(self.cuda_graph_sizes) else tokens


def bounded(engine: EngineProfile, side: Literal["low", "high"] | None) -> EngineProfile:
    """The profile with every term at the low or high end of its range; itself without a side."""
    if side is None:
        return engine
    ends: dict[str, Any] = {name: low if side == "low" else high for name, low, high in engine.bounds}
    return replace(engine, **ends)


def load_engine(name_or_path: str | Path = DEFAULT_ENGINE) -> EngineProfile:
    """The engine profile of that name (``vllm-0.15``), alias (``vllm``) or path.

    Raises ``InputError`` with the known names when there is none.
    """
    name = str(name_or_path)
    path = Path(name).expanduser()
    if path.suffix in (".yaml", ".yml"):
        return read_engine(path)
    known = {file.stem.lower(): file for file in engine_files()}
    if name.lower() not in known:  # only then is it worth reading every file for its aliases
        known |= {alias.lower(): file for file in engine_files() for alias in read_yaml(file).texts("aliases")}
    if name.lower() not in known:
        raise InputError(
            f"no such engine profile; known: {', '.join(sorted(known))}",
            path="engine.profile",
            value=name,
            hint=did_you_mean(name, known),
        )
    return read_engine(known[name.lower()])


def engine_files() -> list[Path]:
    """Paths of the bundled engine profiles."""
    return sorted(data_dir("calibration/engines").glob("*.yaml"))


def read_engine(path: Path) -> EngineProfile:
    """Read one engine profile; ``InputError`` names file, line and path of anything missing, unfit or unknown.

    A file that is ``based_on`` a bundled profile states only what differs from it.
    """
    file = read_yaml(path)
    file.texts("aliases")
    file.text("engine")
    file.text("version")
    for key in _ERA:
        file.has(key)
    base = _base(file)
    found = {name: _own_term(file, key, unit, base) for name, (key, unit) in (PROFILE_TERMS | OPTIONAL_TERMS).items()}
    if base is not None:
        found = {name: term or (getattr(base, name), *base.bound(name)) for name, term in found.items()}
    terms = {name: term for name, term in found.items() if term is not None}
    profile = EngineProfile(
        name=path.stem,
        async_scheduling=file.flag("async_scheduling", base.async_scheduling if base else False),
        cuda_graph_sizes=_sizes(file, base),
        source=file.text("source"),
        fused_quantization=_fused(file, base),
        ranks_per_device=file.whole("ranks_per_device", base.ranks_per_device if base else 1),
        pads_heads=file.flag("pads_heads", base.pads_heads if base else False),
        static_context=file.flag("static_context", base.static_context if base else False),
        custom_all_reduce=file.flag("custom_all_reduce", base.custom_all_reduce if base else True),
        separate_decode_calls=file.flag("separate_decode_calls", base.separate_decode_calls if base else False),
        lone_multipliers=_lone(file, base),
        reserve_full_isl=file.flag("scheduler_reserve_full_isl", base.reserve_full_isl if base else False),
        bounds=tuple((name, low, high) for name, (_, low, high) in terms.items()),
        **{name: value for name, (value, _, _) in terms.items()},
    )
    file.finish()
    return profile


def _base(file: Section) -> EngineProfile | None:
    """The bundled profile a file builds on; it must not build on another one itself."""
    if not file.has("based_on"):
        return None
    name = file.text("based_on", allowed=[path.stem for path in engine_files()])
    path = next(path for path in engine_files() if path.stem == name)
    if read_yaml(path).has("based_on"):
        raise file.error("based_on", "must name a profile that states all its terms itself", value=name)
    return read_engine(path)


def _own_term(file: Section, key: str, unit: float, base: EngineProfile | None) -> tuple[float, float, float] | None:
    """Value, low and high of a term in SI units; None when the file leaves it to its base or to its default."""
    may_be_absent = base is not None or any(key == optional for optional, _ in OPTIONAL_TERMS.values())
    if may_be_absent and not file.has(key):
        return None
    value, low, high = _term(file.section(key), key.endswith(_POSITIVE), 1.0 if key in _SHARES else None)
    return value * unit, low * unit, high * unit


def _sizes(file: Section, base: EngineProfile | None) -> tuple[int, ...]:
    """Captured token counts."""
    if base is not None and not file.has("cuda_graph_sizes"):
        return base.cuda_graph_sizes
    sizes = file.wholes("cuda_graph_sizes")
    if sizes != sorted(set(sizes)):
        raise file.error("cuda_graph_sizes", "must ascend without repeats", value=sizes)
    return tuple(sizes)


def _fused(file: Section, base: EngineProfile | None) -> tuple[str, ...]:
    """Producers that quantise their own output; all of them when neither the file nor its base says anything."""
    if not file.has("fused_quantization"):
        return base.fused_quantization if base else QUANTIZED_INPUTS
    fused = file.texts("fused_quantization")
    for name in fused:
        if name not in QUANTIZED_INPUTS:
            problem = f"must name some of {', '.join(QUANTIZED_INPUTS)}"
            raise file.error("fused_quantization", problem, value=name, hint=did_you_mean(name, QUANTIZED_INPUTS))
    return tuple(fused)


def _lone(file: Section, base: EngineProfile | None) -> tuple[str, ...]:
    """Multipliers against kernels timed alone: those the file names, else its base's that it does not state anew."""
    if not file.has("lone_multipliers"):
        return tuple(name for name in base.lone_multipliers if not file.has(name)) if base else ()
    named = file.texts("lone_multipliers")
    known = [name for name in PROFILE_TERMS if name.endswith("_multiplier")]
    for name in named:
        if name not in known:
            problem = f"must name some of {', '.join(known)}"
            raise file.error("lone_multipliers", problem, value=name, hint=did_you_mean(name, known))
    return tuple(named)


def _term(section: Section, above_zero: bool, most: float | None) -> tuple[float, float, float]:
    """Value, low and high of a term; its source stands beside them."""
    value = section.number("value") if above_zero else section.number("value", at_least=0.0)
    low, high = section.number("low", at_least=0.0), section.number("high", at_least=0.0)
    if not low <= value <= high:
        raise section.error("value", f"must lie in its own range {low:g}..{high:g}", value=value)
    if most is not None and high > most:
        raise section.error("high", f"must be {most:g} at most", value=high)
    section.text("source")
    section.finish()
    return value, low, high
