"""The fleet as commands: one ``vllm serve`` per replica, every setting that the simulation used written out.

``inferplan import vllm`` reads the command back into the same engine settings.
"""

from __future__ import annotations

import json
import shlex

from simulator.models.catalog import hugging_face_id, own_model_folder
from simulator.planning.fleets import Fleet
from simulator.scenario.schema import Scenario

_KV = {"bf16": "bfloat16", "fp16": "auto", "fp8": "fp8"}
"""Our number formats in vLLM's ``--kv-cache-dtype`` (fp16 can only be the model's own)."""


def serves_with_vllm(scenario: Scenario) -> bool:
    """Whether the engine is vLLM, in its profile and its policy; for others there is no command to print."""
    return scenario.engine.profile.startswith("vllm") and scenario.engine.policy == "vllm_v1"


def served_model(scenario: Scenario) -> str:
    """The name vLLM loads: the Hugging Face id of a catalog model, the folder of a ``config.json``."""
    folder = own_model_folder(scenario.model)
    return str(folder) if folder is not None else hugging_face_id(scenario.model) or scenario.model


def vllm_arguments(fleet: Fleet) -> list[tuple[str, str | None]]:
    """``(option, value)`` of one replica; the value is None for switches."""
    scenario, wanted = fleet.scenario, fleet.configuration
    engine, formats = scenario.engine, scenario.dtypes
    found: list[tuple[str, str | None]] = [
        ("--tensor-parallel-size", str(scenario.parallel.tensor_parallel_size)),
        ("--max-model-len", str(engine.max_model_len)),
        ("--max-num-seqs", str(engine.max_num_seqs)),
        ("--max-num-batched-tokens", str(engine.max_num_batched_tokens)),
        ("--gpu-memory-utilization", f"{engine.gpu_memory_utilization:g}"),
        ("--block-size", str(engine.block_size)),
    ]
    if wanted.weights == "fp8":
        found.append(("--quantization", "fp8"))
    if wanted.kv_cache != "auto":
        found.append(("--kv-cache-dtype", _KV.get(formats.kv_cache, formats.kv_cache)))
    if engine.scheduling_policy != "fcfs":
        found.append(("--scheduling-policy", engine.scheduling_policy))
    if engine.long_prefill_token_threshold:
        found.append(("--long-prefill-token-threshold", str(engine.long_prefill_token_threshold)))
    if engine.num_gpu_blocks_override is not None:
        found.append(("--num-gpu-blocks-override", str(engine.num_gpu_blocks_override)))
    if engine.max_loras:
        found.append(("--max-loras", str(engine.max_loras)))
    if engine.speculative_config is not None:
        found.append(("--speculative-config", _speculation(engine.speculative_config.num_speculative_tokens)))
    switches = {
        "enable-prefix-caching": engine.enable_prefix_caching,
        "enable-chunked-prefill": engine.enable_chunked_prefill,
        "async-scheduling": bool(engine.async_scheduling),
    }
    return found + [(f"--{name}" if on else f"--no-{name}", None) for name, on in switches.items()]


def _speculation(drafts: int) -> str:
    """Drafts by prompt look-up: those cost next to nothing, which is what the simulation takes drafts to cost."""
    return json.dumps({"method": "ngram", "num_speculative_tokens": drafts, "prompt_lookup_max": drafts})


def vllm_command(fleet: Fleet) -> str:
    """``vllm serve ...`` on one line."""
    words = [word for pair in vllm_arguments(fleet) for word in pair if word is not None]
    return shlex.join(["vllm", "serve", served_model(fleet.scenario), *words])


def launch_script(fleet: Fleet) -> str:
    """A shell script that starts one replica; its head says how many are needed, on what."""
    device, parallel = fleet.row.prospect.device, fleet.configuration.tensor_parallel_size
    options = [name if value is None else f"{name} {shlex.quote(value)}" for name, value in vllm_arguments(fleet)]
    lines = [
        "#!/bin/sh",
        f"# {'The only replica; it' if fleet.replicas == 1 else f'One of {fleet.replicas} replicas; each'} takes "
        f"{parallel} x {device}.",
        f"# {fleet.active} carry the design rate of {fleet.brief.rates.design:.4g} requests/s, sent to them in turn.",
        f"exec vllm serve {shlex.quote(served_model(fleet.scenario))} \\",
        *(f"  {option} \\" for option in options),
        '  "$@"',
    ]
    return "\n".join(lines) + "\n"
