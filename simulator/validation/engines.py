"""From the engine a case names to the profile of its host terms and the policy it schedules by."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from simulator.cost.engine_profile import EngineProfile, engine_files, read_engine
from simulator.engine.config import PolicyName
from simulator.validation.case import Case, EngineFacts
from simulator.validation.unsupported import Unsupported

_EAGER = "-eager"
_STEM = re.compile(r"(?P<name>.+)-(?P<major>\d+)\.(?P<minor>\d+)(?P<eager>-eager)?")
_VERSION = re.compile(r"(\d+)\.(\d+)")


@dataclass(frozen=True)
class EngineRules:
    """What validation takes from an engine's documentation where a case leaves it open.

    ``policy``: how it schedules. ``prefix_caching``: its default. ``kv_share``: share of memory that weights and
    reserve leave free given to the KV cache (TensorRT-LLM's rule), None = vLLM's share of all memory.
    ``batched_tokens``, ``num_seqs``: default limits, None = vLLM's for the device. ``stands_for``: engine and version
    whose profile serves a record that names none.
    """

    policy: PolicyName
    prefix_caching: bool
    kv_share: float | None = None
    batched_tokens: int | None = None
    num_seqs: int | None = None
    stands_for: tuple[str, str] | None = None


ENGINES: dict[str, EngineRules] = {
    "vllm": EngineRules("vllm_v1", prefix_caching=True),
    "vllm-tpu": EngineRules("vllm_v1", prefix_caching=True),
    "unknown (2023 stack, probably vLLM 0.2-class)": EngineRules(
        "static", prefix_caching=False, stands_for=("vllm", "0.2")
    ),
    "transformers-neuronx": EngineRules("static", prefix_caching=False),
    "tensorrt-llm": EngineRules(
        "guaranteed_no_evict", prefix_caching=False, kv_share=0.9, batched_tokens=8192, num_seqs=2048
    ),
}
"""Engines a case may name."""


def rules_of(case: Case) -> EngineRules:
    """The rules of a case's engine; raises ``Unsupported`` for one nobody has described here."""
    if case.engine.name not in ENGINES:
        raise Unsupported(f"engine {case.engine.name!r} has no profile")
    return ENGINES[case.engine.name]


def profile_of(engine: EngineFacts) -> EngineProfile:
    """The profile of the nearest version of that engine, of its eager variant when the run was eager.

    A version nobody recorded gets the newest profile. Raises ``Unsupported`` when the engine has none.
    """
    rules = ENGINES.get(engine.name)
    name, recorded = rules.stands_for if rules and rules.stands_for else (engine.name, engine.version)
    eager = bool(engine.enforce_eager)
    found = {(int(m["major"]), int(m["minor"])): path for m, path in _profiles(name) if bool(m["eager"]) is eager}
    if not found:
        variant = f"{name}{_EAGER if eager else ''}"
        raise Unsupported(f"engine {variant!r} has no profile")
    wanted = _VERSION.search(recorded or "")
    version = (int(wanted[1]), int(wanted[2])) if wanted else max(found)
    nearest = min(found, key=lambda known: (abs(known[0] - version[0]), abs(known[1] - version[1]), known))
    return read_engine(found[nearest])


def _profiles(name: str) -> list[tuple[re.Match[str], Path]]:
    matches = ((_STEM.fullmatch(path.stem), path) for path in engine_files())
    return [(match, path) for match, path in matches if match and match["name"] == name]
