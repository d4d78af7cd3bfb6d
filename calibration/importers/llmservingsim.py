"""Per-operator timings published with LLMServingSim (casys-kaist, MIT), gathered in one table.

Three profilers: ``vllm0.19-layerwise`` times the kernels of a running vLLM and is taken as it is; the older GPU
profiler ran Hugging Face modules eagerly, so that only its matrix multiplies are kernels of a server; the TPU one ran
torch_xla without a flash attention kernel. ``kind`` says what a row times, ``op`` names the module.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from calibration.dropped import Dropped, split_off
from calibration.importers.imported import Imported, Selection
from calibration.importers.tables import canonical, demand, header, is_csv, read_csv

_NEEDED = ("profiler", "device", "model", "tp", "dtype", "kind", "op", "m", "n", "k", "batch", "q_len", "kv_prefill",
           "kv_len", "kv_total", "heads", "kv_heads", "head_dim", "activated_experts", "time_us")  # fmt: skip

_SERVER, _TPU = "vllm", "torch_xla"
_BACKWARDS_PREFILL = "prefill of an implementation without a flash kernel"


def sniff(source: Path) -> bool:
    """A CSV with a profiler and a kind per row."""
    return is_csv(source) and {"profiler", "kind", "kv_prefill"} <= set(header(source))


def read(source: Path, wanted: Selection) -> Imported:
    """Rows of kernels a server runs; the others are dropped by reason."""
    table = read_csv(source)
    demand(source, list(table.columns), _NEEDED)
    table, dropped = _trusted(table)
    widths = _widths(table)
    parts = []
    for op in sorted(set(table["op"])):
        part = table[table["op"] == op]
        shaped = _SHAPES.get(op, _SHAPES.get(str(part["kind"].iloc[0])))
        if shaped is None:
            _, gone = split_off(part, pd.Series(True, index=part.index), f"rows of kind {part['kind'].iloc[0]!r}")
            dropped += gone
        else:
            parts.append(shaped(part, widths))
    rows = pd.concat(parts) if parts else table.iloc[:0]
    rows = rows.assign(source="LLMServingSim", kernel=rows["profiler"], window=0.0, dtype=_format(rows))
    kept, gone = canonical(rows, wanted.device)
    return Imported(kept, dropped + gone, ("TPU times may be scaled by about 0.95 in the source",))


def _format(rows: pd.DataFrame) -> pd.Series:
    return rows["dtype"].str.rstrip("?")


def _trusted(table: pd.DataFrame) -> tuple[pd.DataFrame, list[Dropped]]:
    server = table["profiler"].str.startswith(_SERVER)
    tpu = table["profiler"].str.contains(_TPU)
    product = table["kind"] == "gemm"
    table, eager = split_off(table, ~(server | tpu | product), "timed in Hugging Face eager mode")
    tpu, prefill = tpu.loc[table.index], table["kind"] == "attn_prefill"
    table, unfused = split_off(table, tpu & prefill, _BACKWARDS_PREFILL)
    tpu = tpu.loc[table.index]
    table, fused = split_off(
        table, tpu & (table["kind"] == "elementwise"), "element-wise work XLA fuses into other kernels"
    )
    mixed = table["kind"].isin(["attn_mixed", "attn_skew", "attn_placeholder"])
    table, several = split_off(table, mixed, "attention over a mixed batch, which one row of the schema cannot tell")
    table, unsaid = split_off(table, table["kind"] == "sampler", "sampler whose settings are not said")
    return table, [*eager, *unfused, *fused, *several, *unsaid]


def _widths(table: pd.DataFrame) -> dict[tuple[str, str, int], float]:
    """(what, model, tensor-parallel size) -> hidden size or inner width of the rank, read off the matrix multiplies."""
    found: dict[tuple[str, str, int], float] = {}
    for what, op in (("hidden", "qkv_proj"), ("inner", "down_proj")):
        part = table[table["op"] == op]
        for model, tp, k in zip(part["model"], part["tp"], part["k"], strict=True):
            found[what, str(model), int(tp)] = float(k)
    return found


def _width(rows: pd.DataFrame, widths: dict[tuple[str, str, int], float], what: str) -> pd.Series:
    keys = zip(rows["model"], rows["tp"], strict=True)
    return pd.Series([widths.get((what, str(model), int(tp))) for model, tp in keys], index=rows.index, dtype=float)


def _product(rows: pd.DataFrame, _: dict[tuple[str, str, int], float]) -> pd.DataFrame:
    return rows.assign(op="gemm")


def _decode(rows: pd.DataFrame, _: dict[tuple[str, str, int], float]) -> pd.DataFrame:
    return rows.assign(op="attn_decode", q_len=1.0, kv_dtype=_format(rows))


def _prefill(rows: pd.DataFrame, _: dict[tuple[str, str, int], float]) -> pd.DataFrame:
    """One chunk on top of ``kv_prefill`` cached tokens; ``batch`` counts the decoding sequences beside it: none."""
    return rows.assign(op="attn_prefill", batch=1.0, kv_len=rows["kv_prefill"] + rows["q_len"], kv_dtype=_format(rows))


def _attention(rows: pd.DataFrame, widths: dict[tuple[str, str, int], float]) -> pd.DataFrame:
    decode = rows["kind"] == "attn_decode"
    return pd.concat([_decode(rows[decode], widths), _prefill(rows[~decode], widths)])


def _experts(rows: pd.DataFrame, _: dict[tuple[str, str, int], float]) -> pd.DataFrame:
    """The table varies the experts touched; balanced routing of the schema is the row that touches as many as it can.
    One token touches its own experts, the largest batch all of them."""
    topk, experts = rows["activated_experts"].min(), rows["activated_experts"].max()
    balanced = rows[rows["activated_experts"] == (rows["m"] * topk).clip(upper=experts)]
    return balanced.assign(
        op="moe", experts=experts, topk=topk, moe_tp=balanced["tp"], moe_ep=1.0, distribution="balanced",
        n=balanced["n"] * balanced["tp"],
    )  # fmt: skip


def _norm(rows: pd.DataFrame, widths: dict[tuple[str, str, int], float]) -> pd.DataFrame:
    return rows.assign(op="norm", n=_width(rows, widths, "hidden"))


def _head_norm(rows: pd.DataFrame, _: dict[tuple[str, str, int], float]) -> pd.DataFrame:
    """Query and key heads are normalised one by one."""
    return rows.assign(op="norm", m=rows["m"] * (rows["heads"] + rows["kv_heads"]), n=rows["head_dim"])


def _activation(rows: pd.DataFrame, widths: dict[tuple[str, str, int], float]) -> pd.DataFrame:
    return rows.assign(op="activation", n=_width(rows, widths, "inner"))


def _rotary(rows: pd.DataFrame, _: dict[tuple[str, str, int], float]) -> pd.DataFrame:
    return rows.assign(op="rotary")


def _embedding(rows: pd.DataFrame, widths: dict[tuple[str, str, int], float]) -> pd.DataFrame:
    return rows.assign(op="embedding", n=_width(rows, widths, "hidden"))


_SHAPES: dict[str, Callable[[pd.DataFrame, dict[tuple[str, str, int], float]], pd.DataFrame]] = {
    "gemm": _product,
    "attention": _attention,
    "moe_fused": _experts,
    "layernorm": _norm,
    "final_layernorm": _norm,
    "qk_norm": _head_norm,
    "act_fn": _activation,
    "rotary_emb": _rotary,
    "embedding": _embedding,
}
"""Module (or, for multiplies, kind) -> its rows in our columns."""
