"""From the engine a case names to the profile of its host terms and the policy it schedules by."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.cost.engine_profile import EngineProfile, read_engine
from simulator.engine.config import PolicyName
from simulator.errors import InputError
from simulator.validation.case import Case
from simulator.validation.engine_versions import EAGER, profile_path, recorded_version
from simulator.validation.hardware_names import recorded_hardware
from simulator.validation.unsupported import Unsupported


@dataclass(frozen=True)
class EngineRules:
    """What validation takes from an engine's documentation where a case leaves it open.

    ``engine``: whose profiles hold its terms. ``policy``: how it schedules. ``prefix_caching``, ``chunked_prefill``:
    its defaults.
    ``kv_share``: share of memory that weights and reserve leave free given to the KV cache (TensorRT-LLM's rule), None
    = vLLM's share of all memory. ``batched_tokens``, ``num_seqs``: default limits, None = vLLM's for the device.
    ``version``: stands for a record that names none; None = the newest.
    """

    engine: str
    policy: PolicyName
    prefix_caching: bool
    chunked_prefill: bool = False
    kv_share: float | None = None
    batched_tokens: int | None = None
    num_seqs: int | None = None
    version: str | None = None


ENGINES: dict[str, EngineRules] = {
    "vllm": EngineRules("vllm", "vllm_v1", prefix_caching=True, chunked_prefill=True),
    "vllm-tpu": EngineRules("vllm-tpu", "vllm_v1", prefix_caching=True, chunked_prefill=True),
    "unknown (2023 stack, probably vLLM 0.2-class)": EngineRules("vllm", "static", prefix_caching=False, version="0.2"),
    "transformers-neuronx": EngineRules("transformers-neuronx", "static", prefix_caching=False),
    "tensorrt-llm": EngineRules(
        "tensorrt-llm", "guaranteed_no_evict", prefix_caching=False, kv_share=0.9, batched_tokens=8192, num_seqs=2048
    ),
}
"""Engines a case may name."""

_VLLM_V0 = EngineRules("vllm", "vllm_v1", prefix_caching=False, num_seqs=256)
"""vLLM before 0.8, whose V0 engine had both switches off; a step's budget was the longest request."""

_FIRST_V1 = (0, 8)

_OTHER_NAMES = {
    "trtllm": "tensorrt-llm",
    "trt-llm": "tensorrt-llm",
    "tensorrt_llm": "tensorrt-llm",
    "vllm-rocm": "vllm",
    "tpu-inference": "vllm-tpu",
    "neuronx": "transformers-neuronx",
    "neuronx-distributed-inference": "transformers-neuronx",
    "nxd-inference": "transformers-neuronx",
}
"""What else records call them; NxD Inference runs the same compiled executables as transformers-neuronx did."""


def rules_of(case: Case) -> EngineRules:
    """The rules of a case's engine; raises ``Unsupported`` for one nobody has described here."""
    name = _described(case)
    if name == "vllm" and (recorded_version(case.engine.version) or _FIRST_V1) < _FIRST_V1:
        return _VLLM_V0
    return ENGINES[name]


def profile_of(case: Case) -> EngineProfile:
    """The profile that stands for the engine and version a case names, eager where the run was.

    A version nobody recorded gets the newest profile. Raises ``Unsupported`` when the engine has none.
    """
    rules, eager = rules_of(case), bool(case.engine.enforce_eager)
    path = profile_path(rules.engine, case.engine.version or rules.version, eager=eager)
    if path is None:
        raise Unsupported(f"engine '{rules.engine}{EAGER if eager else ''}' has no profile")
    return read_engine(path)


def _described(case: Case) -> str:
    """The engine's name in ``ENGINES``; vLLM on a TPU is its TPU backend."""
    recorded = case.engine.name.strip()
    if "2023" in recorded:
        return "unknown (2023 stack, probably vLLM 0.2-class)"
    name = recorded.lower().replace(" ", "-")
    name = _OTHER_NAMES.get(name, name)
    if name not in ENGINES:
        raise Unsupported(f"engine {case.engine.name!r} has no profile")
    return "vllm-tpu" if name == "vllm" and _on_tpu(case) else name


def _on_tpu(case: Case) -> bool:
    try:
        return recorded_hardware(case.hardware).kind == "tpu"
    except InputError:
        return False  # said when the device is needed
