"""Kernel class -> the builder of its calls."""

from __future__ import annotations

from calibration.measure.kernels.attention import build_attention
from calibration.measure.kernels.bench import Builder
from calibration.measure.kernels.elementwise import (
    build_activation,
    build_embedding,
    build_norm,
    build_rotary,
    build_softmax,
)
from calibration.measure.kernels.experts import build_experts
from calibration.measure.kernels.gemm import build_gemm
from calibration.measure.kernels.movement import build_copy, build_launch
from calibration.measure.kernels.samplers import build_sampler

BUILDERS: dict[str, Builder] = {
    "launch": build_launch,
    "gemm": build_gemm,
    "attn_prefill": build_attention,
    "attn_decode": build_attention,
    "moe": build_experts,
    "norm": build_norm,
    "rotary": build_rotary,
    "activation": build_activation,
    "softmax": build_softmax,
    "embedding": build_embedding,
    "sample_greedy": build_sampler,
    "sample_top_p": build_sampler,
    "copy_h2d": build_copy,
    "copy_d2h": build_copy,
    "copy_d2d": build_copy,
}
