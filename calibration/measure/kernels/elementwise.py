"""Kernels that move rows: norm, rotary embedding, gated activation, softmax, embedding look-up."""

from __future__ import annotations

from typing import Any

from calibration.measure.case import Case
from calibration.measure.kernels.bench import Bench, Call, Taker

VOCABULARY = 32768


def rotate(torch: Any, rows: Any, cos: Any, sin: Any) -> Any:
    """Rotary embedding of (tokens, heads, head size) by angles of (tokens, 1, head size / 2)."""
    first, second = rows.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)


def build_norm(bench: Bench, case: Case) -> list[Call]:
    """RMS norm of m rows of n."""
    dtype, norm = bench.dtype(case.dtype), bench.torch.nn.functional.rms_norm

    def make(take: Taker) -> Call:
        rows, weight = take(dtype, case["m"], case["n"]), take(dtype, case["n"])
        return lambda: norm(rows, (case["n"],), weight, 1e-5)

    return _calls(bench, case, make)


def build_rotary(bench: Bench, case: Case) -> list[Call]:
    """Rotary embedding of queries and keys of m tokens."""
    dtype, torch, dim = bench.dtype(case.dtype), bench.torch, case["head_dim"]

    def make(take: Taker) -> Call:
        queries, keys = (take(dtype, case["m"], case[heads], dim) for heads in ("heads", "kv_heads"))
        cos, sin = (take(dtype, case["m"], 1, dim // 2) for _ in range(2))
        return lambda: (rotate(torch, queries, cos, sin), rotate(torch, keys, cos, sin))

    return _calls(bench, case, make)


def build_activation(bench: Bench, case: Case) -> list[Call]:
    """``silu(gate) * up`` of m rows, n wide each."""
    dtype, silu = bench.dtype(case.dtype), bench.torch.nn.functional.silu

    def make(take: Taker) -> Call:
        gate, up = take(dtype, case["m"], 2 * case["n"]).chunk(2, dim=-1)
        return lambda: silu(gate) * up

    return _calls(bench, case, make)


def build_softmax(bench: Bench, case: Case) -> list[Call]:
    """Softmax over n of m rows."""
    dtype, softmax = bench.dtype(case.dtype), bench.torch.softmax

    def make(take: Taker) -> Call:
        rows = take(dtype, case["m"], case["n"])
        return lambda: softmax(rows, -1)

    return _calls(bench, case, make)


def build_embedding(bench: Bench, case: Case) -> list[Call]:
    """Look up m rows of n in a table of 32,768 (fewer when the pool holds no such table)."""
    torch, dtype = bench.torch, bench.dtype(case.dtype)
    width = torch.empty(0, dtype=dtype).element_size()
    words = min(VOCABULARY, bench.arena.nbytes // (case["n"] * width))
    generator = torch.Generator().manual_seed(0)

    def make(take: Taker) -> Call:
        table = take(dtype, words, case["n"])
        tokens = torch.randint(words, (case["m"],), generator=generator).to(bench.device)
        return lambda: torch.nn.functional.embedding(tokens, table)

    return _calls(bench, case, make)


def _calls(bench: Bench, case: Case, make: Any) -> list[Call]:
    variants = bench.variants(case)
    return [make(bench.taker(variant, variants)) for variant in range(variants)]
