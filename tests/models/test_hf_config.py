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


def test_a_file_without_a_name_is_called_after_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.json").write_text(json.dumps(LLAMA))
    monkeypatch.chdir(tmp_path)
    assert [load_model(path).name for path in ("config.json", "./config.json", ".")] == [tmp_path.name] * 3


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
        ({"architectures": ["NewForCausalLM"], "kv_lora_rank": 512}, "multi-head latent attention (MLA)"),
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


CONFIGS = Path(__file__).parent / "configs"
PUBLISHED = json.loads((CONFIGS / "published.json").read_text())


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_parameter_counts(name: str) -> None:
    """Numbers re-typed from the published config.json of the source named beside them; count within 0.5 %."""
    read = read_hf_config(CONFIGS / f"{name}.json")
    assert read.parameters / 1e9 == pytest.approx(PUBLISHED[name]["published_billions"], rel=0.005)


def test_there_are_at_least_25_public_models() -> None:
    assert len(PUBLISHED) >= 25


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_config_may_come_without_architectures(name: str) -> None:
    """``model_type`` alone decides when ``architectures`` is absent."""
    config = json.loads((CONFIGS / f"{name}.json").read_text())
    architecture = config.pop("architectures")
    assert (
        spec_from_config(config, name="m").layers
        == spec_from_config({**config, "architectures": architecture}, name="m").layers
    )


def test_an_unknown_architecture_is_a_plain_decoder_only_when_the_user_says_so(tmp_path: Path) -> None:
    config = changed(architectures=["BrandNewForCausalLM"], model_type="brand_new")
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match="plain_decoder accepts it"):
        load_model(tmp_path)
    accepted = load_model(tmp_path, plain_decoder=True)
    assert accepted.parameters == spec_from_config(LLAMA, name="m").parameters
    yaml = tmp_path / "mine.yaml"
    yaml.write_text("source: mine\nas_of: 2026-01-01\nplain_decoder: true\nconfig: " + json.dumps(config) + "\n")
    assert load_model(yaml).layers == accepted.layers


def test_layer_patterns() -> None:
    def windows(name: str) -> list[int | None]:
        return [block.attention.sliding_window for block in load_model(name).layers]

    assert windows("gpt-oss-20b")[:3] == [128, None, 128]
    assert windows("Gemma-2-9B")[:3] == [4096, None, 4096]
    assert windows("Gemma-3-27B")[:7] == [1024] * 5 + [None, 1024]
    assert windows("Llama-4-Scout-17B-16E")[:5] == [8192] * 3 + [None, 8192]
    maverick = load_model("Llama-4-Maverick-17B-128E")
    assert [type(block.ffn) for block in maverick.layers[:4]] == [DenseFFN, MoEFFN, DenseFFN, MoEFFN]
    jamba = load_model("Jamba-v0.1")
    attends = [i for i, block in enumerate(jamba.layers) if isinstance(block.attention, GQAAttention)]
    assert attends == [4, 12, 20, 28]
    assert sum(isinstance(block.ffn, MoEFFN) for block in jamba.layers) == 16
    assert [type(block.ffn) for block in load_model("DeepSeek-V3").layers[:4]] == [DenseFFN] * 3 + [MoEFFN]
