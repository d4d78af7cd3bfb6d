"""Equal layers' decodes as part of one attention call with longer queries, prepared for the compiled step cost."""

from __future__ import annotations

from simulator.cost.attention_forms import PlainOps
from simulator.cost.attention_groups import DecodeGroup, PrefillGroup, has_prefill_form
from simulator.cost.deployment import Deployment
from simulator.cost.mixed_attention import launch_seconds, mixed_fit, mixed_form
from simulator.operators.attention import DecodeStatistics, decode_work
from simulator.operators.features import StepFeatures
from simulator.operators.work import DecodeAttention


class JointGroup:
    """``layers`` equal layers; ``prompts``: their prompts' attention; ``window``: in tokens, None = none."""

    __slots__ = ("form", "launch_s", "layers", "prompts", "window")

    def __init__(
        self, shape: DecodeAttention, layers: int, window: int | None, prompts: PrefillGroup, deployment: Deployment
    ) -> None:
        self.form = mixed_form(shape, deployment)
        self.launch_s = launch_seconds(shape, deployment)
        self.layers, self.window, self.prompts = layers, window, prompts

    def seconds(self, features: StepFeatures) -> float:
        """What the decodes add to the prompts' attention; the whole call in a step without prompts."""
        sequences, kv_tokens = features.decode_seqs, features.decode_kv
        attended = kv_tokens if self.window is None else min(kv_tokens, sequences * self.window)
        chunks = features.prefill_seqs
        chunk_tokens = features.prefill_tokens / chunks if chunks else 1
        busy: float
        busy, longest = self.form.seconds(sequences, attended, chunk_tokens, PlainOps)
        if not chunks:
            busy = self.launch_s + max(busy, longest)
        elif longest > busy:
            prompts = self.prompts.seconds(
                chunks, features.prefill_tokens, features.prefill_pairs, features.prefill_kv, features.prefill_tiles,
            )  # fmt: skip
            busy = max(busy, longest - prompts / self.layers)
        return self.layers * busy


def joint_groups(
    deployment: Deployment, decode: list[DecodeGroup], prefill: list[PrefillGroup]
) -> tuple[list[JointGroup], list[DecodeGroup]]:
    """Groups whose decodes join the prompts' call, and those whose decodes stay a call of their own; ``decode`` and
    ``prefill`` as ``attention_groups`` makes them."""
    joint: list[JointGroup] = []
    apart: list[DecodeGroup] = []
    own, prompts = iter(decode), iter(prefill)
    for block, count in deployment.model.layer_groups:
        beside = next(prompts) if has_prefill_form(block) else None
        for mixer in block.mixers:
            for work in decode_work(mixer, deployment.layout, DecodeStatistics(1, 1, 1), count):
                group, shape = next(own), work.shape
                if beside is None or not isinstance(shape, DecodeAttention) or mixed_fit(shape, deployment) is None:
                    apart.append(group)
                else:
                    joint.append(JointGroup(shape, count, group.window, beside, deployment))
    return joint, apart
