"""EngineProfile: what a serving engine adds to its kernels - host time, padding, sampler, delivery - per version."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from pathlib import Path

from simulator.datafiles import data_dir
from simulator.errors import InputError, did_you_mean
from simulator.yaml_section import Section, read_yaml

DEFAULT_ENGINE = "vllm-0.15"

_US, _MS, _GIB = 1e-6, 1e-3, 2**30


@dataclass(frozen=True)
class EngineProfile:
    """Terms of one engine version; seconds and bytes.

    Attributes
    ----------
    async_scheduling: default of that version.
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

    def padded_tokens(self, tokens: int) -> int:
        """Rows the linear layers run for a step of ``tokens`` scheduled tokens."""
        index = bisect_left(self.cuda_graph_sizes, tokens)
        return self.cuda_graph_sizes[index] if index < len(self.cuda_graph_sizes) else tokens


def load_engine(name_or_path: str | Path = DEFAULT_ENGINE) -> EngineProfile:
    """The engine profile of that name (``vllm-0.15``), alias (``vllm``) or path.

    Raises ``InputError`` with the known names when there is none.
    """
    name = str(name_or_path)
    path = Path(name).expanduser()
    if path.suffix in (".yaml", ".yml"):
        return read_engine(path)
    known: dict[str, Path] = {}
    for file in engine_files():
        known[file.stem.lower()] = file
        for alias in read_yaml(file).texts("aliases"):
            known[alias.lower()] = file
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
    """Read one engine profile; ``InputError`` names file, line and path of anything missing, unfit or unknown."""
    file = read_yaml(path)
    file.texts("aliases")
    file.text("engine")
    file.text("version")
    sizes = file.wholes("cuda_graph_sizes")
    if sizes != sorted(set(sizes)):
        raise file.error("cuda_graph_sizes", "must ascend without repeats", value=sizes)

    def term(key: str, unit: float = 1.0, *, above_zero: bool = False) -> float:
        return _term(file.section(key), above_zero) * unit

    profile = EngineProfile(
        name=path.stem,
        async_scheduling=file.flag("async_scheduling"),
        reserved_bytes=term("reserved_gib", _GIB),
        api_delivery_s=term("api_delivery_ms", _MS),
        per_step_s=term("per_step_us", _US),
        per_layer_s=term("per_layer_us", _US),
        per_layer_prefill_s=term("per_layer_prefill_us", _US),
        per_admitted_s=term("per_admitted_us", _US),
        sampler_step_s=term("sampler_step_us", _US),
        sampler_row_s_per_word=term("sampler_row_us_per_100k", _US / 1e5),
        gemm_multiplier=term("gemm_multiplier", above_zero=True),
        prefill_attention_multiplier=term("prefill_attention_multiplier", above_zero=True),
        decode_attention_multiplier=term("decode_attention_multiplier", above_zero=True),
        all_reduce_multiplier=term("all_reduce_multiplier", above_zero=True),
        all_reduce_extra_s=term("all_reduce_extra_us", _US),
        moe_multiplier=term("moe_multiplier", above_zero=True),
        expert_coverage=term("expert_coverage", above_zero=True),
        cuda_graph_sizes=tuple(sizes),
        source=file.text("source"),
    )
    file.finish()
    return profile


def _term(section: Section, above_zero: bool) -> float:
    """The value of a term whose range and source stand beside it."""
    value = section.number("value") if above_zero else section.number("value", at_least=0.0)
    low, high = section.number("low", at_least=0.0), section.number("high", at_least=0.0)
    if not low <= value <= high:
        raise section.error("value", f"must lie in its own range {low:g}..{high:g}", value=value)
    section.text("source")
    section.finish()
    return value
