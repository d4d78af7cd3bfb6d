"""Sizes of the small Llama that is served, and the same model as the simulator knows it."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.models.hf_config import spec_from_config
from simulator.models.spec import ModelSpec


@dataclass(frozen=True)
class LlamaShape:
    """A Llama with random weights in bf16; names as in Hugging Face's ``config.json``."""

    hidden_size: int = 768
    num_hidden_layers: int = 4
    num_attention_heads: int = 12
    num_key_value_heads: int = 4
    head_dim: int = 64
    intermediate_size: int = 2048
    vocab_size: int = 16384
    max_position_embeddings: int = 1024

    def spec(self) -> ModelSpec:
        """The simulator's model."""
        config = {
            "architectures": ["LlamaForCausalLM"],
            "torch_dtype": "bfloat16",
            "tie_word_embeddings": False,
            **{name: getattr(self, name) for name in self.__dataclass_fields__},
        }
        return spec_from_config(config, name="random-llama")

    @property
    def query_size(self) -> int:
        """Elements of all query heads."""
        return self.num_attention_heads * self.head_dim

    @property
    def kv_size(self) -> int:
        """Elements of all key heads."""
        return self.num_key_value_heads * self.head_dim


LARGE = LlamaShape(
    hidden_size=4096,
    num_hidden_layers=16,
    num_attention_heads=32,
    num_key_value_heads=8,
    head_dim=128,
    intermediate_size=14336,
    vocab_size=128256,
    max_position_embeddings=8192,
)
"""Half the layers of Llama-3.1-8B: large enough to keep a GPU busy."""
