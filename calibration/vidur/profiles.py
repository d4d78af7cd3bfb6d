"""Vidur's A100 kernel profiles of one model, as its predictor reads them: microseconds by tokens or context."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from simulator.errors import InputError

COMPUTE_DEVICE, NETWORK_DEVICE = "a100", "a100_dgx"
"""Profiles the published iteration times were made of. The pairwise-NVLink all-reduce is 14 % faster at 2,048 tokens
and does not reproduce them; the DGX one with both ranks in one node does."""

TOKEN_PARTS = {
    "attn_pre_proj": "attn_pre_proj",
    "attn_post_proj": "attn_post_proj",
    "attn_rope": "attn_rope",
    "attn_norm": "input_layernorm",
    "mlp_up": "mlp_up_proj",
    "mlp_down": "mlp_down_proj",
    "mlp_act": "mlp_act",
    "mlp_norm": "post_attention_layernorm",
    "add": "add",
}
"""Part of an iteration -> operator of the profile; parts that follow the (rounded) token count alone."""


@dataclass(frozen=True)
class Profiles:
    """Rows one model's iterations are made of.

    ``compute``: operators of one (model, tp) pair, by ``num_tokens``; ``all_reduce``: by ``bytes``; ``decode``: by
    ``batch_size`` and ``kv_len``; ``prefill``: by ``prefill_chunk`` and ``kv_len`` (cached tokens). ``time_us_median``
    is the time of each.
    """

    compute: pd.DataFrame
    all_reduce: pd.DataFrame
    decode: pd.DataFrame
    prefill: pd.DataFrame


def read_table(path: Path) -> pd.DataFrame:
    """The profile table. Raises ``InputError`` naming the columns that are missing."""
    needed = ("source", "device", "op", "model", "tp", "num_tokens", "batch_size", "kv_len", "prefill_chunk",
              "bytes", "world_size", "devices_per_node", "time_us_median")  # fmt: skip
    try:
        table = pd.read_csv(path, low_memory=False)
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise InputError(f"not a readable CSV table ({error})", file=path) from None
    missing = [name for name in needed if name not in table.columns]
    if missing:
        raise InputError(f"lacks the columns {', '.join(missing)} of Vidur's profiles", file=path)
    return table


def select(table: pd.DataFrame, model: str, tensor_parallel_size: int) -> Profiles:
    """The rows of one model. Raises ``InputError`` when a part was not profiled."""
    on_device = table[table["device"] == COMPUTE_DEVICE]
    compute = on_device[(on_device["model"] == model) & (on_device["tp"] == tensor_parallel_size)]
    network = table[(table["device"] == NETWORK_DEVICE) & (table["op"] == "all_reduce")]
    one_node = network["devices_per_node"] == tensor_parallel_size
    attention = on_device[on_device["tp"] == tensor_parallel_size]
    chosen = Profiles(
        compute=compute,
        all_reduce=network[(network["world_size"] == tensor_parallel_size) & one_node],
        decode=attention[attention["op"] == "attn_decode"],
        prefill=attention[attention["op"] == "attn_prefill"],
    )
    for name in ("compute", "all_reduce", "decode", "prefill"):
        if getattr(chosen, name).empty:
            raise InputError(f"no {name} profile of {model} at tensor parallel size {tensor_parallel_size}")
    return chosen


def column(rows: pd.DataFrame, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """One column as float64."""
    return rows[name].to_numpy(dtype=np.float64)
