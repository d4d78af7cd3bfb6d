"""Reading config.json: families, nulls, head_dim, mistakes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from simulator.errors import InputError
from simulator.models.catalog import load_model
from simulator.models.hf_config import read_hf_config, spec_from_config
from simulator.models.spec import DenseFFN, GQAAttention, MoEFFN

LLAMA = {
    "architectures": ["LlamaForCausalLM"],
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "max_position_embeddings": 131072,
    "model_type": "llama",
    "num_attention_heads": 32,
    "num_hidden_layers": 32,
    "num_key_value_heads": 8,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
    "vocab_size": 128256,
    "rope_scaling": {"factor": 8.0, "rope_type": "llama3"},
}


def changed(**changes: Any) -> dict[str, Any]:
    return {**LLAMA, **changes}


def test_llama_equals_the_catalog(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(LLAMA))
    read = load_model(tmp_path)
    listed = load_model("meta-llama/Llama-3.1-8B-Instruct")
    assert (read.layers, read.vocab_size, read.torch_dtype) == (listed.layers, listed.vocab_size, "bf16")
    assert read.parameters == listed.parameters


def test_absent_or_null_kv_heads_mean_multi_head_attention() -> None:
    for config in (changed(num_key_value_heads=None), {k: v for k, v in LLAMA.items() if k != "num_key_value_heads"}):
        assert spec_from_config(config, name="m").layers[0].attention.num_kv_heads == 32


def test_head_dim_is_read_when_present_and_ignored_when_null() -> None:
    nemo = changed(architectures=["MistralForCausalLM"], hidden_size=5120, head_dim=128, sliding_window=None)
    assert spec_from_config(nemo, name="m").layers[0].attention == GQAAttention(32, 8, 128)
    assert spec_from_config(changed(head_dim=None), name="m").layers[0].attention.head_dim == 128


def test_mistral_window() -> None:
    config = changed(architectures=["MistralForCausalLM"], sliding_window=4096)
    assert spec_from_config(config, name="m").layers[0].attention.sliding_window == 4096


def test_qwen_window_counts_only_when_switched_on() -> None:
    qwen = changed(architectures=["Qwen2ForCausalLM"], sliding_window=4096, max_window_layers=28)
    off = spec_from_config({**qwen, "use_sliding_window": False}, name="m")
    assert off.layer_groups[0][1] == 32
    assert off.layers[0].attention == GQAAttention(32, 8, 128, qkv_bias=True)
    on = spec_from_config({**qwen, "use_sliding_window": True}, name="m")
    assert [count for _, count in on.layer_groups] == [28, 4]


def test_mixtral_and_qwen3_moe() -> None:
    mixtral = changed(architectures=["MixtralForCausalLM"], num_local_experts=8, num_experts_per_tok=2)
    assert spec_from_config(mixtral, name="m").layers[0].ffn == MoEFFN(8, 2, 14336)
    qwen = changed(
        architectures=["Qwen3MoeForCausalLM"], num_experts=128, num_experts_per_tok=8, moe_intermediate_size=768,
        decoder_sparse_step=1, mlp_only_layers=[0], head_dim=128,
    )  # fmt: skip
    spec = spec_from_config(qwen, name="m")
    assert spec.layers[0].ffn == DenseFFN(14336)
    assert spec.layers[1].ffn == MoEFFN(128, 8, 768)
    assert spec.layers[1].attention.qk_norm


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"hidden_size": None}, "hidden_size: is missing"),
        ({"num_hidden_layers": 0}, "num_hidden_layers: must be a whole number >= 1 (found 0)"),
        ({"num_key_value_heads": 5}, "num_key_value_heads: must divide num_attention_heads (32) (found 5)"),
        ({"torch_dtype": "float64"}, "torch_dtype: must be one of"),
        ({"architectures": ["DeepseekV3ForCausalLM"], "kv_lora_rank": 512}, "multi-head latent attention (MLA)"),
        ({"architectures": ["LlamaForCausalML"]}, "did you mean 'LlamaForCausalLM'"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, changes: dict[str, Any], expected: str) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps(changed(**changes)))
    with pytest.raises(InputError) as caught:
        read_hf_config(file)
    assert expected in str(caught.value)


def test_a_file_that_is_no_json(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"hidden_size": 4096,\n')
    with pytest.raises(InputError, match="is not valid JSON"):
        load_model(tmp_path)


def test_unknown_names_get_near_ones() -> None:
    with pytest.raises(InputError, match=r"did you mean 'llama-3.1-8b'"):
        load_model("llama-3.1-8")
