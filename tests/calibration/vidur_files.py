"""Small files in Vidur's columns; every number is made up."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

RAW_MLP = {
    "n_head": 64,
    "n_kv_head": 8,
    "n_embd": 8192,
    "n_expanded_embd": 22016,
    "vocab_size": 32000,
    "use_gated_mlp": True,
    "num_tokens": 24,
    "num_tensor_parallel_workers": 2,
    "time_stats.attn_pre_proj.median": 0.061,
    "time_stats.attn_post_proj.median": 0.046,
    "time_stats.mlp_up_proj.median": 0.235,
    "time_stats.mlp_down_proj.median": 0.119,
    "time_stats.mlp_act.median": 0.009,
    "time_stats.input_layernorm.median": 0.007,
    "time_stats.attn_rope.median": 0.004,
    "time_stats.add.median": 0.002,
}
"""One row of an ``mlp.csv``: a gated model with 64 query and 8 KV heads over two ranks; milliseconds."""

RAW_ATTENTION = {
    "n_embd": 8192,
    "n_q_head": 64,
    "n_kv_head": 8,
    "num_tensor_parallel_workers": 2,
    "batch_size": [1, 6],
    "prefill_chunk_size": [512, 0],
    "kv_cache_size": [256, 960],
    "time_stats.attn_prefill.median": [0.091, None],
    "time_stats.attn_decode.median": [None, 0.031],
}

_TIDY = {
    "source": "made up: mlp.csv",
    "device": "a100",
    "dtype": "float16",
    "op": None,
    "model": "some/model",
    "tp": 2,
    "num_tokens": None,
    "batch_size": None,
    "kv_len": None,
    "prefill_chunk": None,
    "m": None,
    "n": None,
    "k": None,
    "num_q_heads": 32,
    "num_kv_heads": 4,
    "head_dim": 128,
    "bytes": None,
    "world_size": None,
    "time_us_median": 50.0,
    "devices_per_node": None,
    "time_us_std": 1.0,
}


def tidy_row(op: str, **cells: object) -> dict[str, object]:
    """A row of the tidy table."""
    return {**_TIDY, "op": op, **cells}


def write(path: Path, rows: list[dict[str, object]] | dict[str, object]) -> Path:
    """A CSV of these rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame(rows) if isinstance(rows, list) else pd.DataFrame(rows, index=None)
    table.to_csv(path, index=False)
    return path
