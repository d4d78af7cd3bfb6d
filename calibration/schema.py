"""The measurement schema: one row per timed kernel shape, one CSV file per device and session of measuring.

The columns are those of the tidy kernel tables this project was calibrated on, so that its own measurements, imported
tables and a user's spreadsheet are fitted by the same code. Cells that do not apply to an operator stay empty.
"""

from __future__ import annotations

from dataclasses import dataclass

COLUMNS: dict[str, str] = {
    "source": "tool and version that timed the row",
    "device": "hardware profile name the row was measured on",
    "dtype": "format multiplied in (bf16, fp16, fp8, int8, nvfp4, fp32, ...)",
    "op": "kernel class, a key of OPS",
    "m": "rows of a matrix multiply; tokens of an element-wise kernel or of a mixture of experts",
    "n": "columns of the weight; row width of an element-wise kernel; expert inner width",
    "k": "inner size of a matrix multiply; hidden size of a mixture of experts",
    "batch": "sequences of an attention call",
    "q_len": "new tokens per sequence",
    "kv_len": "KV tokens per sequence, the new ones included",
    "heads": "query heads on this device",
    "kv_heads": "KV heads on this device",
    "head_dim": "elements per head",
    "kv_dtype": "format of the KV cache",
    "experts": "experts of a layer",
    "topk": "experts per token",
    "bytes": "buffer of a collective or of a copy, in bytes",
    "world_size": "devices of a collective",
    "time_us": "median time of one call, microseconds",
    "window": "sliding window in tokens, 0 = none",
    "moe_tp": "tensor-parallel ranks an expert is split over",
    "moe_ep": "expert-parallel ranks",
    "distribution": "how tokens choose experts: balanced, power_law_<exponent>, uniform",
    "kernel": "kernel library: rows of different libraries are fitted apart",
    "iqr_us": "inter-quartile range of the repeats, microseconds",
    "repeats": "timed repeats",
    "mode": "graph or eager",
}
"""Column -> meaning; also the order in which files are written."""

REQUIRED = ("device", "op", "time_us")


@dataclass(frozen=True)
class Op:
    """A kernel class of the schema: the columns that give its shape; ``dtyped``: whether ``dtype`` is demanded."""

    shape: tuple[str, ...]
    dtyped: bool = True


OPS: dict[str, Op] = {
    "gemm": Op(("m", "n", "k")),
    "attn_prefill": Op(("batch", "q_len", "kv_len", "heads", "kv_heads", "head_dim")),
    "attn_decode": Op(("batch", "kv_len", "heads", "kv_heads", "head_dim")),
    "mla_prefill": Op(("batch", "q_len", "kv_len", "heads")),
    "mla_decode": Op(("batch", "kv_len", "heads")),
    "mla_bmm": Op(("m", "n", "k", "heads")),
    "moe": Op(("m", "n", "k", "experts", "topk")),
    "allreduce_custom": Op(("bytes", "world_size")),
    "nccl_all_reduce": Op(("bytes", "world_size")),
    "nccl_all_gather": Op(("bytes", "world_size")),
    "nccl_reduce_scatter": Op(("bytes", "world_size")),
    "nccl_alltoall": Op(("bytes", "world_size")),
    "norm": Op(("m", "n")),
    "rotary": Op(("m", "heads", "kv_heads", "head_dim")),
    "activation": Op(("m", "n")),
    "softmax": Op(("m", "n")),
    "embedding": Op(("m", "n")),
    "sample_greedy": Op(("m", "n")),
    "sample_top_p": Op(("m", "n")),
    "copy_h2d": Op(("bytes",), dtyped=False),
    "copy_d2h": Op(("bytes",), dtyped=False),
    "copy_d2d": Op(("bytes",), dtyped=False),
    "launch": Op((), dtyped=False),
}
"""Kernel classes. Latent attention (``mla_...``) is that of DeepSeek's sizes (latents of 512 + 64 elements; heads of
128 + 64 for keys, 128 for values), the only ones there are tables of: prefill over expanded heads, decode absorbed, and
one of the multiplies of each head by its own matrix around it. ``n`` of a sampling or softmax row is the vocabulary or
row width; ``launch`` rows tell ``mode``."""
