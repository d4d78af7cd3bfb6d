"""Bad scenario files: ``name -> (YAML text or bytes, what the message must say)``."""

from __future__ import annotations

HEAD = "model: llama-3.1-8b\nhardware: h100\n"
LOAD = "workload:\n  profile: {name: chat-short, num_requests: 5}\n"
GOOD = HEAD + LOAD

Case = tuple[str | bytes, tuple[str, ...]]


def engine(line: str) -> str:
    """A scenario whose engine section is one line (line 6 of the file)."""
    return GOOD + "engine:\n  " + line + "\n"


def synthetic(**changed: str) -> str:
    """A synthetic workload with some lines changed; a line set to an empty text is left out."""
    lines = {
        "num_requests": "10",
        "arrival": "{kind: poisson, rate_per_s: 5}",
        "prompt_tokens": "{kind: fixed, tokens: 100}",
        "output_tokens": "{kind: fixed, tokens: 10}",
    } | changed
    body = "".join(f"    {key}: {value}\n" for key, value in lines.items() if value)
    return HEAD + "workload:\n  synthetic:\n" + body


SCENARIOS: dict[str, Case] = {
    # -- the file itself
    "empty file": ("", ("nothing",)),
    "only a comment": ("# a comment\n", ("nothing",)),
    "a list": ("- 1\n- 2\n", ("mapping",)),
    "a word": ("hello", ("mapping",)),
    "binary": (b"\x00\x01\x02\xff\xfe", ("UTF-8",)),
    "latin-1": ("model: é".encode("latin-1"), ("UTF-8",)),
    "tab indentation": ("model:\n\tname: x\n", (":2",)),
    "unclosed bracket": ("model: [1, 2\nhardware: h100\n", ("YAML",)),
    "unclosed quote": ('model: "llama\n', ("YAML",)),
    "duplicate key": ("model: a\nmodel: b\n" + LOAD, (":2", "model")),
    "duplicate nested key": (GOOD + "engine:\n  block_size: 16\n  block_size: 32\n", (":7", "block_size")),
    "alias": (GOOD + "engine: &a {}\nslo: *a\n", ("alias",)),
    "python tag": ("model: !!python/object/apply:os.system [ls]\n", ("tag",)),
    "too deep": ("model: " + "[" * 200 + "]" * 200, ("deep",)),
    "two documents": (GOOD + "---\n" + GOOD, ("document",)),
    "too large": ("# " + "x" * (2 << 20), ("large",)),
    "key not text": ("1: 2\n" + GOOD, ("1",)),
    # -- top level
    "no model": ("hardware: h100\n" + LOAD, ("model",)),
    "no hardware": ("model: llama-3.1-8b\n" + LOAD, ("hardware",)),
    "no workload": (HEAD, ("workload",)),
    "misspelt model key": ("modle: llama-3.1-8b\nhardware: h100\n" + LOAD, ("modle", "did you mean 'model'")),
    "misspelt hardware key": ("model: llama-3.1-8b\nhardwear: h100\n" + LOAD, ("did you mean 'hardware'",)),
    "unknown section": (GOOD + "colour: blue\n", (":5", "colour")),
    "model is a number": ("model: 8\nhardware: h100\n" + LOAD, (":1", "model")),
    "model is a list": ("model: [a]\nhardware: h100\n" + LOAD, (":1", "model")),
    "model empty": ("model: ''\nhardware: h100\n" + LOAD, (":1", "model")),
    "model unknown": ("model: lama-3.1-8b\nhardware: h100\n" + LOAD, ("did you mean", "lama-3.1-8b")),
    "model file missing": ("model: ./nowhere/config.json\nhardware: h100\n" + LOAD, ("nowhere",)),
    "hardware unknown": ("model: llama-3.1-8b\nhardware: h1000\n" + LOAD, ("h1000", "did you mean")),
    "hardware null": ("model: llama-3.1-8b\nhardware: null\n" + LOAD, (":2", "hardware")),
    "hardware file missing": ("model: llama-3.1-8b\nhardware: ./x.yaml\n" + LOAD, ("x.yaml",)),
    "replicas zero": (GOOD + "replicas: 0\n", (":5", "replicas")),
    "replicas negative": (GOOD + "replicas: -2\n", (":5", "replicas", "-2")),
    "replicas fraction": (GOOD + "replicas: 1.5\n", (":5", "replicas", "1.5")),
    "replicas text": (GOOD + "replicas: many\n", (":5", "replicas", "many")),
    "replicas bool": (GOOD + "replicas: true\n", (":5", "replicas")),
    # -- parallel, dtypes
    "tp zero": (GOOD + "parallel: {tensor_parallel_size: 0}\n", (":5", "parallel.tensor_parallel_size")),
    "tp not dividing heads": (GOOD + "parallel: {tensor_parallel_size: 3}\n", ("3", "tensor_parallel_size")),
    "tp huge": (GOOD + "parallel: {tensor_parallel_size: 4096}\n", ("4096", "tensor_parallel_size")),
    "tp misspelt": (GOOD + "parallel: {tensor_parallel: 2}\n", ("did you mean 'tensor_parallel_size'",)),
    "parallel a number": (GOOD + "parallel: 2\n", (":5", "parallel")),
    "dtype unknown": (GOOD + "dtypes: {weights: fp12}\n", (":5", "dtypes.weights", "fp12")),
    "dtype near miss": (GOOD + "dtypes: {weights: bf61}\n", ("did you mean 'bf16'",)),
    "dtype the device lacks": (
        "model: llama-3.1-8b\nhardware: a100\ndtypes: {weights: fp8, activations: fp8}\n" + LOAD,
        ("fp8", "A100"),
    ),
    "kv dtype unknown": (GOOD + "dtypes: {kv_cache: int3}\n", ("dtypes.kv_cache", "int3")),
    # -- engine
    "engine a list": (GOOD + "engine: [1]\n", (":5", "engine")),
    "engine misspelt key": (engine("max_num_seq: 3"), (":6", "did you mean 'max_num_seqs'")),
    "profile unknown": (engine("profile: vllm-9"), ("vllm-9",)),
    "policy unknown": (engine("policy: vllm"), (":6", "engine.policy", "vllm_v1")),
    "seqs zero": (engine("max_num_seqs: 0"), (":6", "engine.max_num_seqs", "0")),
    "seqs negative": (engine("max_num_seqs: -1"), (":6", "engine.max_num_seqs")),
    "seqs NaN": (engine("max_num_seqs: .nan"), (":6", "engine.max_num_seqs")),
    "seqs infinite": (engine("max_num_seqs: .inf"), (":6", "engine.max_num_seqs")),
    "seqs text": (engine("max_num_seqs: lots"), (":6", "engine.max_num_seqs", "lots")),
    "seqs a list": (engine("max_num_seqs: [1, 2]"), (":6", "engine.max_num_seqs")),
    "batched tokens zero": (engine("max_num_batched_tokens: 0"), (":6", "engine.max_num_batched_tokens")),
    "model len zero": (engine("max_model_len: 0"), (":6", "engine.max_model_len")),
    "block size zero": (engine("block_size: 0"), (":6", "engine.block_size")),
    "block size fraction": (engine("block_size: 16.5"), (":6", "engine.block_size")),
    "utilization zero": (engine("gpu_memory_utilization: 0"), (":6", "engine.gpu_memory_utilization")),
    "utilization percent": (engine("gpu_memory_utilization: 90"), (":6", "engine.gpu_memory_utilization", "90")),
    "utilization too small": (engine("gpu_memory_utilization: 0.1"), ("GiB",)),
    "caching not a switch": (engine("enable_prefix_caching: maybe"), (":6", "engine.enable_prefix_caching")),
    "chunked not a switch": (engine("enable_chunked_prefill: 3"), (":6", "engine.enable_chunked_prefill")),
    "order unknown": (engine("scheduling_policy: lifo"), (":6", "engine.scheduling_policy", "fcfs")),
    "threshold negative": (engine("long_prefill_token_threshold: -1"), (":6", "long_prefill_token_threshold")),
    "blocks zero": (engine("num_gpu_blocks_override: 0"), (":6", "engine.num_gpu_blocks_override")),
    "loras negative": (engine("max_loras: -1"), (":6", "engine.max_loras")),
    "window negative": (engine("batch_window_s: -0.1"), (":6", "engine.batch_window_s")),
    "async with speculation": (
        engine("{async_scheduling: true, speculative_config: {num_speculative_tokens: 1, acceptance: 0.5}}").replace(
            "engine:\n  {", "engine: {"
        ),
        ("async_scheduling",),
    ),
    "speculation without acceptance": (engine("speculative_config: {num_speculative_tokens: 2}"), ("acceptance",)),
    "speculation above one": (
        engine("speculative_config: {num_speculative_tokens: 2, acceptance: 1.5}"),
        ("acceptance", "1.5"),
    ),
    "speculation list too short": (
        engine("speculative_config: {num_speculative_tokens: 3, acceptance: [0.5]}"),
        ("acceptance",),
    ),
    "unchunked budget below model length": (
        GOOD + "engine: {enable_chunked_prefill: false, max_num_batched_tokens: 64, max_model_len: 4096}\n",
        ("max_num_batched_tokens", "max_model_len"),
    ),
    # -- workload
    "workload empty": (HEAD + "workload: {}\n", ("workload",)),
    "workload null": (HEAD + "workload:\n", ("workload",)),
    "two workloads": (
        HEAD + "workload:\n  profile: {name: chat-short}\n  trace: {path: x.csv}\n",
        ("workload",),
    ),
    "workload misspelt": (HEAD + "workload:\n  profil: {name: chat-short}\n", ("did you mean 'profile'",)),
    "profile unknown name": (HEAD + "workload:\n  profile: {name: azure-con-2023}\n", ("did you mean",)),
    "profile without name": (HEAD + "workload:\n  profile: {}\n", ("name",)),
    "profile zero requests": (HEAD + "workload:\n  profile: {name: chat-short, num_requests: 0}\n", ("num_requests",)),
    "profile negative rate": (
        HEAD + "workload:\n  profile: {name: chat-short, rate_multiplier: -1}\n",
        ("rate_multiplier",),
    ),
    "trace missing": (HEAD + "workload:\n  trace: {path: nowhere.csv}\n", ("nowhere.csv",)),
    "trace without path": (HEAD + "workload:\n  trace: {}\n", ("path",)),
    "trace unknown format": (HEAD + "workload:\n  trace: {path: mine.yaml, format: azur}\n", ("format", "azure")),
    "trace scale zero": (HEAD + "workload:\n  trace: {path: x.csv, rate_scale: 0}\n", ("rate_scale",)),
    "trace limit zero": (HEAD + "workload:\n  trace: {path: x.csv, limit: 0}\n", ("limit",)),
    "trace is a folder": (HEAD + "workload:\n  trace: {path: .}\n", ("trace",)),
    "synthetic no requests": (synthetic(num_requests=""), ("num_requests",)),
    "synthetic zero requests": (synthetic(num_requests="0"), ("num_requests",)),
    "synthetic no lengths": (synthetic(prompt_tokens=""), ("prompt_tokens",)),
    "arrival without kind": (synthetic(arrival="{rate_per_s: 5}"), ("kind",)),
    "arrival unknown kind": (synthetic(arrival="{kind: poison, rate_per_s: 5}"), ("did you mean 'poisson'",)),
    "arrival no rate": (synthetic(arrival="{kind: poisson}"), ("rate_per_s",)),
    "arrival rate zero": (synthetic(arrival="{kind: poisson, rate_per_s: 0}"), ("rate_per_s",)),
    "arrival rate negative": (synthetic(arrival="{kind: poisson, rate_per_s: -3}"), ("rate_per_s", "-3")),
    "arrival rate NaN": (synthetic(arrival="{kind: poisson, rate_per_s: .nan}"), ("rate_per_s",)),
    "arrival rate text": (synthetic(arrival="{kind: poisson, rate_per_s: fast}"), ("rate_per_s", "fast")),
    "arrival unknown key": (synthetic(arrival="{kind: poisson, rate_per_s: 5, cv: 2}"), ("cv",)),
    "gamma burstiness zero": (synthetic(arrival="{kind: gamma, rate_per_s: 5, burstiness: 0}"), ("burstiness",)),
    "closed loop without clients": (synthetic(arrival="{kind: closed_loop}"), ("max_concurrency",)),
    "closed loop zero clients": (synthetic(arrival="{kind: closed_loop, max_concurrency: 0}"), ("max_concurrency",)),
    "closed loop negative think": (
        synthetic(arrival="{kind: closed_loop, max_concurrency: 2, think_time_s: -1}"),
        ("think_time_s",),
    ),
    "lengths zero": (synthetic(prompt_tokens="{kind: fixed, tokens: 0}"), ("tokens",)),
    "lengths fraction": (synthetic(prompt_tokens="{kind: fixed, tokens: 1.5}"), ("tokens", "1.5")),
    "lengths uniform reversed": (synthetic(prompt_tokens="{kind: uniform, low: 9, high: 3}"), ("prompt_tokens",)),
    "lengths unknown kind": (synthetic(output_tokens="{kind: gauss, mean: 9}"), ("output_tokens", "kind")),
    "lengths negative mean": (synthetic(output_tokens="{kind: lognormal, mean: -9, cv: 1}"), ("mean",)),
    "lengths negative cv": (synthetic(output_tokens="{kind: lognormal, mean: 9, cv: -1}"), ("cv",)),
    "lengths text": (synthetic(output_tokens="long"), ("output_tokens",)),
    "spearman above one": (synthetic(spearman="2"), ("spearman",)),
    "prefix unknown": (synthetic(prefix="{kind: tree}"), ("prefix",)),
    "prefix zero prompts": (synthetic(prefix="{kind: cycle, num_prompts: 0}"), ("num_prompts",)),
    # -- slo, run, sampling
    "slo negative": (GOOD + "slo: {ttft_ms: -1}\n", (":5", "slo.ttft_ms")),
    "slo in words": (GOOD + "slo: {ttft_ms: fast}\n", (":5", "slo.ttft_ms")),
    "slo misspelt": (GOOD + "slo: {tptf_ms: 10}\n", (":5", "tptf_ms")),
    "sampling misspelt": (GOOD + "sampling: {topp: true}\n", ("did you mean 'top_p'",)),
    "seed negative": (GOOD + "run: {seed: -1}\n", (":5", "run.seed")),
    "seed fraction": (GOOD + "run: {seed: 0.5}\n", (":5", "run.seed")),
    "warm-up negative": (GOOD + "run: {warmup_s: -5}\n", (":5", "run.warmup_s")),
    "warm-up over everything": (GOOD + "run: {warmup_fraction: 1.5}\n", (":5", "run.warmup_fraction")),
    # -- what does not go together
    "model does not fit": ("model: llama-3.1-70b\nhardware: h100\n" + LOAD, ("GiB", "tensor_parallel_size")),
    "model does not fit a small card": ("model: llama-3.1-70b\nhardware: l40s\n" + LOAD, ("GiB",)),
}
