"""Vidur's own profile files, one column per operator, turned into its tidy table of one row per operator.

``mlp.csv``: one row per (tokens, tensor-parallel size) of a model; ``attention.csv``: per (batch, chunk, context);
``all_reduce.csv``: per size. Times are ``time_stats.<operator>.median``, milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from calibration.device_names import profile_name
from simulator.errors import InputError

Sizes = dict[str, pd.Series]

OPERATORS = (
    "attn_pre_proj", "attn_post_proj", "mlp_up_proj", "mlp_down_proj", "mlp_act", "input_layernorm",
    "post_attention_layernorm", "emb", "attn_rope", "add", "attn_prefill", "attn_decode", "attn_kv_cache_save",
    "all_reduce", "send_recv",
)  # fmt: skip

TIDY = (
    "source", "device", "dtype", "op", "tp", "num_tokens", "batch_size", "kv_len", "prefill_chunk", "m", "n", "k",
    "num_q_heads", "num_kv_heads", "head_dim", "bytes", "world_size", "devices_per_node", "time_us_median",
)  # fmt: skip
"""Columns of the tidy table that are read; sizes are those of one rank, ``kv_len`` counts cached tokens."""

SWITCHED, BRIDGED = "_dgx", "_pairwise_nvlink"
"""How Vidur's names of nodes end: all devices on a switch, or pairs on NVLink bridges."""

_BYTES, _US_PER_MS = 2, 1000.0
_COMPUTE = ("n_head", "n_kv_head", "n_embd", "n_expanded_embd", "num_tokens", "num_tensor_parallel_workers")
_ATTENTION = ("n_embd", "n_q_head", "n_kv_head", "batch_size", "prefill_chunk_size", "kv_cache_size",
              "num_tensor_parallel_workers")  # fmt: skip
_NETWORK = ("size", "num_workers", "devices_per_node")


def has_raw_columns(header: set[str]) -> bool:
    """Whether these are the columns of one of Vidur's own files."""
    return bool(_timed(header)) and any(set(kind) <= header for kind in (_COMPUTE, _ATTENTION, _NETWORK))


def tidy_of_raw(table: pd.DataFrame, path: Path, device: str | None) -> pd.DataFrame:
    """One row per operator that was timed. Raises ``InputError`` when nothing tells the device."""
    device = device or _device_of_folders(path)
    columns = set(table.columns)
    kind = next(sizes for needed, sizes in _KINDS if set(needed) <= columns)
    parts = []
    for op in _timed(columns):
        times = table[f"time_stats.{op}.median"]
        sizes = kind(table, op)
        parts.append(
            pd.DataFrame(
                {"source": f"vidur: {path.name}", "device": device, "dtype": "float16", "op": op, **sizes}
                | {"time_us_median": times * _US_PER_MS}
            )[times.notna()]
        )
    return pd.concat(parts, ignore_index=True).reindex(columns=list(TIDY))


def _timed(header: set[str]) -> list[str]:
    return [op for op in OPERATORS if f"time_stats.{op}.median" in header]


def _device_of_folders(path: Path) -> str:
    """Vidur keeps profiles in ``compute/<device>/`` and ``network/<node>/``."""
    for folder in path.resolve().parent.parts[::-1]:
        if profile_name(folder.removesuffix(SWITCHED).removesuffix(BRIDGED)) is not None:
            return folder
    raise InputError("does not say which device it is of", file=path, hint="name it with --device")


def _compute_sizes(table: pd.DataFrame, op: str) -> Sizes:
    """Sizes of one rank: query, KV and MLP columns are split over the ranks. A gated MLP has gate and up in one."""
    ranks, hidden, tokens = table["num_tensor_parallel_workers"], table["n_embd"], table["num_tokens"]
    head_dim = hidden // table["n_head"]
    heads = table["n_head"] // ranks
    kv_heads = (table["n_kv_head"] // ranks).clip(lower=1)
    inner = table["n_expanded_embd"] // ranks
    gates = table.get("use_gated_mlp", pd.Series(True, index=table.index)).astype(int)
    sizes: Sizes = {"tp": ranks, "num_tokens": tokens, "num_q_heads": heads, "num_kv_heads": kv_heads}
    sizes["head_dim"] = head_dim
    matrices = {
        "attn_pre_proj": ((heads + 2 * kv_heads) * head_dim, hidden),
        "attn_post_proj": (hidden, heads * head_dim),
        "mlp_up_proj": ((1 + gates) * inner, hidden),
        "mlp_down_proj": (hidden, inner),
    }
    if op in matrices:
        n, k = matrices[op]
        return {**sizes, "m": tokens, "n": n, "k": k}
    elements = (2 + gates) * inner if op == "mlp_act" else (3 if op == "add" else 2) * hidden
    return {**sizes, "bytes": tokens * elements * _BYTES}


def _attention_sizes(table: pd.DataFrame, op: str) -> Sizes:
    ranks = table["num_tensor_parallel_workers"]
    sizes: Sizes = {"tp": ranks, "batch_size": table["batch_size"], "kv_len": table["kv_cache_size"]}
    sizes["num_q_heads"] = table["n_q_head"] // ranks
    sizes["num_kv_heads"] = (table["n_kv_head"] // ranks).clip(lower=1)
    sizes["head_dim"] = table["n_embd"] // table["n_q_head"]
    sizes["num_tokens"] = table[["batch_size", "prefill_chunk_size"]].max(axis=1)
    return {**sizes, "prefill_chunk": table["prefill_chunk_size"]} if op == "attn_prefill" else sizes


def _network_sizes(table: pd.DataFrame, op: str) -> Sizes:
    return {
        "bytes": table["size"],
        "world_size": table["num_workers"],
        "devices_per_node": table["devices_per_node"],
    }


_KINDS: tuple[tuple[tuple[str, ...], Callable[[pd.DataFrame, str], Sizes]], ...] = (
    (_COMPUTE, _compute_sizes),
    (_ATTENTION, _attention_sizes),
    (_NETWORK, _network_sizes),
)
