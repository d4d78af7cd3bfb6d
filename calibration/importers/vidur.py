"""Vidur's kernel profiles (microsoft/vidur, MIT) as rows of the measurement schema.

Reads its own files (``mlp.csv``, ``attention.csv``, ``all_reduce.csv``: ``time_stats.<operator>.median`` in
milliseconds) and a tidy table that joins them (one row per operator, microseconds). Both become one tidy table first;
``_OPERATORS`` says which kernel class each operator is. What the schema has no class for (the residual ``add``,
``send_recv``, KV writes) is left out and counted, and so are collectives that cross nodes and those over NVLink bridges
between pairs: our A100 and H100 profiles have a switch.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from calibration.dropped import Dropped, split_off
from calibration.importers.imported import Imported, Selection
from calibration.importers.tables import canonical, demand, header, is_csv, read_csv
from calibration.importers.vidur_raw import BRIDGED, SWITCHED, TIDY, has_raw_columns, tidy_of_raw

NOTES = (
    "prefill attention is an older kernel, about four times its roofline: fit it for comparisons with Vidur only",
    "decode attention and collectives repeat one buffer, launched eagerly",
)


def sniff(source: Path) -> bool:
    """The columns of a Vidur profile, its own or tidy."""
    if not is_csv(source):
        return False
    names = set(header(source))
    return set(TIDY) <= names or has_raw_columns(names)


def read(source: Path, wanted: Selection) -> Imported:
    """Rows of one source in the order of the file. Its own files name no device: the folders they stand in do, else
    ``wanted.device`` must."""
    table = read_csv(source)
    if has_raw_columns(set(table.columns)):
        table = tidy_of_raw(table, source, wanted.device)
    else:
        demand(source, list(table.columns), TIDY)
    dropped: list[Dropped] = []
    for bad, reason in _refusals(table):
        table, gone = split_off(table, bad.loc[table.index], reason)
        dropped += gone
    converted = [_OPERATORS[str(op)](rows) for op, rows in table.groupby("op")]
    if not converted:
        return Imported(table, dropped)
    rows, gone = canonical(pd.concat(converted).sort_index(), wanted.device)
    return Imported(rows, dropped + gone, NOTES)


def _refusals(table: pd.DataFrame) -> list[tuple[pd.Series, str]]:
    """Which rows cannot become rows of the schema, and why; earlier reasons win."""
    device = table["device"].astype(str)
    crosses = (table["op"] == "all_reduce") & (table["devices_per_node"] < table["world_size"])
    return [
        (~table["op"].isin(_OPERATORS), "operators without a kernel class in the schema"),
        (device.str.endswith(BRIDGED), "collectives over NVLink bridges: no such node profile"),
        (crosses, "collectives over several nodes"),
        (_ungated(table), "activations without a gate"),
    ]


def _ungated(table: pd.DataFrame) -> pd.Series:
    """Activations of models whose up projection is as wide as the down projection is deep: nothing is gated there, and
    the schema's activation reads gate and up."""
    by_model = table.groupby(["source", "tp"])
    up = by_model["n"].transform(lambda n: n[table.loc[n.index, "op"] == "mlp_up_proj"].max())
    down = by_model["k"].transform(lambda k: k[table.loc[k.index, "op"] == "mlp_down_proj"].max())
    return (table["op"] == "mlp_act") & (up == down)


def _common(table: pd.DataFrame, op: str, kernel: str) -> pd.DataFrame:
    """Columns every row has; the index is kept, so that rows stay in the order of the file."""
    return pd.DataFrame(
        {
            "source": table["source"],
            "device": table["device"].astype(str).str.removesuffix(SWITCHED),
            "dtype": table["dtype"],
            "op": op,
            "time_us": table["time_us_median"],
            "kernel": kernel,
            "mode": "eager",
        },
        index=table.index,
    )


def _gemm(table: pd.DataFrame) -> pd.DataFrame:
    return _common(table, "gemm", "torch").assign(m=table["m"], n=table["n"], k=table["k"])


def _prefill(table: pd.DataFrame) -> pd.DataFrame:
    """Vidur counts the tokens cached before the chunk; the schema counts the chunk as well."""
    return _attention(table, "attn_prefill").assign(
        q_len=table["prefill_chunk"],
        kv_len=table["kv_len"].fillna(0) + table["prefill_chunk"],
        batch=table["batch_size"].fillna(1),
    )


def _decode(table: pd.DataFrame) -> pd.DataFrame:
    """The new token attends to itself as well: Vidur's wrapper runs on ``kv_cache_size + 1`` tokens."""
    return _attention(table, "attn_decode").assign(q_len=1, kv_len=table["kv_len"] + 1, batch=table["batch_size"])


def _attention(table: pd.DataFrame, op: str) -> pd.DataFrame:
    return _common(table, op, "vidur").assign(
        heads=table["num_q_heads"],
        kv_heads=table["num_kv_heads"],
        head_dim=table["head_dim"],
        kv_dtype=table["dtype"],
        window=0,
    )


def _rows_of(op: str, passes: float) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """An element-wise kernel that moves ``passes`` 16-bit elements per token and column; gives the row's width."""

    def convert(table: pd.DataFrame) -> pd.DataFrame:
        width = np.round(table["bytes"] / table["num_tokens"] / 2.0 / passes)
        return _common(table, op, "torch").assign(m=table["num_tokens"], n=width)

    return convert


def _rotary(table: pd.DataFrame) -> pd.DataFrame:
    return _common(table, "rotary", "torch").assign(
        m=table["num_tokens"],
        heads=table["num_q_heads"],
        kv_heads=table["num_kv_heads"],
        head_dim=table["head_dim"],
    )


def _all_reduce(table: pd.DataFrame) -> pd.DataFrame:
    return _common(table, "nccl_all_reduce", "nccl").assign(bytes=table["bytes"], world_size=table["world_size"])


_OPERATORS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "attn_pre_proj": _gemm,
    "attn_post_proj": _gemm,
    "mlp_up_proj": _gemm,
    "mlp_down_proj": _gemm,
    "attn_prefill": _prefill,
    "attn_decode": _decode,
    "input_layernorm": _rows_of("norm", 2.0),
    "post_attention_layernorm": _rows_of("norm", 2.0),
    "mlp_act": _rows_of("activation", 3.0),
    "emb": _rows_of("embedding", 2.0),
    "attn_rope": _rotary,
    "all_reduce": _all_reduce,
}
"""Operator of a profile -> how its rows become rows of the schema."""
