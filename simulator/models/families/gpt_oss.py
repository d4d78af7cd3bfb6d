"""gpt-oss: mixtures with biases, attention sinks, windows on every other layer."""

from __future__ import annotations

from simulator.models.families.fields import Fields, attention, by_layer, checked, windows_of
from simulator.models.ffn import MoEFFN
from simulator.models.spec import ModelSpec


def _gpt_oss(fields: Fields) -> ModelSpec:
    windows = windows_of(fields, lambda layer: layer % 2 == 0)
    moe = checked(
        MoEFFN(
            num_experts=fields.count("num_local_experts"),
            experts_per_token=fields.count("num_experts_per_tok", "experts_per_token"),
            intermediate_size=fields.count("intermediate_size"),
            router_bias=True,
            expert_bias=True,
        ),
        fields,
    )
    layers = by_layer(
        fields,
        lambda i: attention(fields, qkv_bias=True, o_bias=True, sinks=True, sliding_window=windows[i]),
        lambda _: moe,
    )
    return fields.spec(layers)


READERS = {"GptOssForCausalLM": _gpt_oss}
TYPES = {"gpt_oss": "GptOssForCausalLM"}
