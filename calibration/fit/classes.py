"""Every kernel class that is fitted."""

from __future__ import annotations

from calibration.fit.attention import decode_class, prefill_class
from calibration.fit.collectives import custom_all_reduce_class, nccl_all_reduce_class
from calibration.fit.element_wise import stream_class
from calibration.fit.experts import moe_class
from calibration.fit.gemm import gemm_class
from calibration.fit.kernel_class import KernelClass


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
    ]
