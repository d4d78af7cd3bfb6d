"""Every kernel class that is fitted."""

from __future__ import annotations

from calibration.fit.attention import decode_class, prefill_class
from calibration.fit.collectives import custom_all_reduce_class, nccl_all_reduce_class
from calibration.fit.element_wise import stream_class
from calibration.fit.experts import moe_class
from calibration.fit.gemm import gemm_class
from calibration.fit.kernel_class import KernelClass
from calibration.fit.latent_attention import absorbed_class, latent_decode_class, latent_prefill_class
from calibration.fit.weight_only import weight_only_gemm_class, weight_only_moe_class


def kernel_classes() -> list[KernelClass]:
    """In the order of a fits file."""
    return [
        *(gemm_class(dtype) for dtype in ("bf16", "fp8", "fp8_block", "nvfp4")),
        *(prefill_class(dtype) for dtype in ("bf16", "fp8")),
        *(decode_class(dtype) for dtype in ("bf16", "fp8")),
        *(moe_class(dtype) for dtype in ("bf16", "fp8", "fp8_block", "nvfp4")),
        custom_all_reduce_class(),
        nccl_all_reduce_class(),
        stream_class(),
        *latent_and_narrow_classes(),
    ]


def latent_and_narrow_classes() -> list[KernelClass]:
    """Latent attention and weight-only formats, fitted by ``calibration.latent_and_narrow``."""
    return [
        *(latent_decode_class(dtype) for dtype in ("bf16", "fp8")),
        latent_prefill_class("bf16"),
        absorbed_class("bf16"),
        *(weight_only_gemm_class(weights) for weights in ("int4", "int8")),
        *(weight_only_moe_class(weights) for weights in ("int4", "mxfp4")),
    ]
