"""Bad model and hardware files: changes to good ones and what the message must say."""

from __future__ import annotations

import json
from typing import Any

CONFIG: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "vocab_size": 128256,
    "max_position_embeddings": 8192,
    "torch_dtype": "bfloat16",
    "tie_word_embeddings": False,
}


def config(**changed: object) -> str:
    """The good config.json with some keys changed (None leaves the key out)."""
    return json.dumps({key: value for key, value in (CONFIG | changed).items() if value is not None}, indent=1)


CONFIGS: dict[str, tuple[str | bytes, tuple[str, ...]]] = {
    "empty": ("", ("config.json",)),
    "binary": (b"\x89PNG\r\n\x1a\n\x00\xff", ("config.json",)),
    "broken json": ('{"hidden_size": 4096,\n "vocab_size": }', ("config.json", "2")),
    "a list": ("[]", ("config.json",)),
    "deep": ("[" * 100_000, ("config.json",)),
    "no architecture": (config(architectures=None, model_type=None), ("architectures",)),
    "unknown architecture": (config(architectures=["LlamoForCausalLM"], model_type="llamo"), ("LlamoForCausalLM",)),
    "no hidden size": (config(hidden_size=None), ("hidden_size",)),
    "hidden size zero": (config(hidden_size=0), ("hidden_size",)),
    "hidden size text": (config(hidden_size="4096"), ("hidden_size",)),
    "hidden size fraction": (config(hidden_size=4096.5), ("hidden_size",)),
    "hidden size bool": (config(hidden_size=True), ("hidden_size",)),
    "layers negative": (config(num_hidden_layers=-1), ("num_hidden_layers",)),
    "layers absent": (config(num_hidden_layers=None), ("num_hidden_layers",)),
    "layers misspelt": (
        config(num_hidden_layers=None, num_hidden_layer=32),
        ("did you mean 'num_hidden_layer'",),
    ),
    "layers absurd": (config(num_hidden_layers=10**9), ("num_hidden_layers",)),
    "heads zero": (config(num_attention_heads=0), ("num_attention_heads",)),
    "kv heads not dividing": (config(num_key_value_heads=5), ("num_key_value_heads",)),
    "more kv heads than heads": (config(num_key_value_heads=64), ("num_key_value_heads",)),
    "head size not whole": (config(num_attention_heads=33, num_key_value_heads=33), ("head",)),
    "vocabulary zero": (config(vocab_size=0), ("vocab_size",)),
    "ffn absent": (config(intermediate_size=None), ("intermediate_size",)),
    "dtype unknown": (config(torch_dtype="float12"), ("torch_dtype", "float12")),
    "quantization unknown": (config(quantization_config={"quant_method": "magic"}), ("magic",)),
    "quantization a list": (config(quantization_config=[1]), ("quantization_config",)),
}

HARDWARE: dict[str, tuple[str, str, tuple[str, ...]]] = {
    # name -> (text to replace in the bundled H100 profile, replacement, what the message must say)
    "name missing": ("name:", "nam:", ("name",)),
    "unknown key": ("kind:", "colour: red\nkind:", ("colour",)),
    "kind unknown": ("kind: gpu", "kind: toaster", ("kind", "toaster")),
    "not yaml": ("kind: gpu", "kind: [gpu", ("YAML",)),
    "duplicate": ("kind: gpu", "kind: gpu\nkind: gpu", ("kind",)),
}

ARGUMENTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "no such command": (("rum",), ()),
    "no such option": (("run", "--sett", "x"), ()),
    "scenario missing": (("run", "nowhere.yaml"), ("nowhere.yaml",)),
    "scenario a folder": (("run", "."), ()),
    "set without value": (("run", "good.yaml", "--set", "engine.max_num_seqs"), ("engine.max_num_seqs",)),
    "set unknown key": (("run", "good.yaml", "--set", "engine.max_seqs=1"), ("did you mean",)),
    "set bad value": (("run", "good.yaml", "--set", "engine.max_num_seqs=zero"), ("engine.max_num_seqs", "zero")),
    "set through a value": (("run", "good.yaml", "--set", "model.name.x=1"), ("model",)),
    "set empty key": (("run", "good.yaml", "--set", "=1"), ()),
    "set bad yaml": (("run", "good.yaml", "--set", "engine.max_num_seqs=[1"), ("engine.max_num_seqs",)),
    "seeds zero": (("run", "good.yaml", "--seeds", "0"), ("seeds",)),
    "seeds text": (("run", "good.yaml", "--seeds", "two"), ("seeds",)),
    "out is a file": (("run", "good.yaml", "--out", "good.yaml"), ("good.yaml",)),
    "estimate no model": (("estimate", "--hardware", "h100"), ("model",)),
    "estimate unknown model": (("estimate", "--model", "lama", "--hardware", "h100"), ("lama",)),
    "estimate unknown hardware": (("estimate", "--model", "llama-3.1-8b", "--hardware", "h10"), ("h10",)),
    "estimate tp": (("estimate", "--model", "llama-3.1-8b", "--hardware", "h100", "--tp", "3"), ("3",)),
    "estimate batch": (("estimate", "--model", "llama-3.1-8b", "--hardware", "h100", "--batch", "0"), ("batch",)),
    "estimate isl": (("estimate", "--model", "llama-3.1-8b", "--hardware", "h100", "--isl", "-5"), ("isl",)),
    "estimate dtype": (
        ("estimate", "--model", "llama-3.1-8b", "--hardware", "h100", "--weight-dtype", "fp3"),
        ("fp3",),
    ),
    "estimate does not fit": (("estimate", "--model", "llama-3.1-70b", "--hardware", "h100"), ("GiB",)),
    "list unknown": (("list", "cars"), ("cars",)),
    "conform missing": (("conform", "nowhere.jsonl.gz"), ("nowhere.jsonl.gz",)),
    "conform not golden": (("conform", "good.yaml"), ("good.yaml:1: is not a recorded schedule", "JSON object")),
    "estimate near model": (
        ("estimate", "--model", "llama-3.1-9b", "--hardware", "h100"),
        ("did you mean 'llama-3.1-8b'",),
    ),
    "conform loop": (("conform", "good.yaml", "--loop", "slow"), ("slow",)),
    "diff missing": (("diff", "nowhere", "nowhere"), ("nowhere",)),
    "compare missing": (("compare", "nowhere", "nowhere.json"), ("nowhere",)),
    "import not vllm": (("import", "vllm", "ls -l", "--hardware", "h100"), ("vllm serve",)),
    "import unknown option": (
        ("import", "vllm", "vllm serve llama-3.1-8b --tensr 2", "--hardware", "h100"),
        ("--tensr",),
    ),
}
