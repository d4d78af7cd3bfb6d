"""Architectures given beside the cases: ``models.csv``, one model a row."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from pathlib import Path

from simulator.errors import InputError
from simulator.models.quantization import LAYER_PARTS, Quantization, parse_weight_format
from simulator.models.spec import DenseFFN, GQAAttention, LayerBlock, ModelSpec, MoEFFN

Row = dict[str, str]

_HEADS = ("GQA", "MHA", "MQA")
"""How an ``attention_kind`` that the table's columns describe begins; latent and recurrent mixers need more."""


def read_models(path: Path) -> dict[str, ModelSpec]:
    """Model id -> spec; empty when there is no such file. Models of other attention kinds are left to the catalog.

    Raises ``InputError`` with file, line and column of a missing or unusable figure.
    """
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(line, row) for line, row in enumerate(csv.DictReader(file), 2) if _described(row)]
        return {row.get("id", ""): _Reader(path, line, row).model() for line, row in rows}


def _described(row: Row) -> bool:
    kind = (row.get("attention_kind") or "").strip()
    return not kind or kind.upper().startswith(_HEADS)


class _Reader:
    """Turns one row into a spec."""

    def __init__(self, path: Path, line: int, row: Row) -> None:
        self._path, self._line, self._row = path, line, row

    def model(self) -> ModelSpec:
        return ModelSpec(
            name=self._row["id"],
            hidden_size=self._whole("hidden_size"),
            vocab_size=self._whole("vocab_size"),
            layers=tuple(self._layers()),
            tie_word_embeddings=self._text("tie_embeddings") == "True",
            max_position_embeddings=self._whole("max_position"),
            source=f"{self._path.name}: {self._text('verification')}",
            quantization=self._quantization(),
        )

    def _quantization(self) -> Quantization | None:
        """That of a checkpoint whose notes name linear layers left in 16 bit: "attention, ... stay bf16"; the others
        are FP8 unless the notes name a format of 4 bits, which is then widened."""
        notes = self._text("notes").lower()
        kept, narrow = re.search(r"([\w, ]+) stay bf16", notes), re.search(r"mxfp4|nvfp4|int4", notes)
        parts = tuple(part for part in LAYER_PARTS if kept is None or part not in kept[1])
        if parts == LAYER_PARTS:
            return None
        if narrow is not None:
            return Quantization("compressed-tensors", parse_weight_format(narrow[0]), "bf16", parts)
        return Quantization("compressed-tensors", "fp8", "fp8", parts)

    def _layers(self) -> list[LayerBlock]:
        attention = GQAAttention(
            num_heads=self._whole("num_attention_heads"),
            num_kv_heads=self._whole("num_key_value_heads"),
            head_dim=self._whole("head_dim"),
            qkv_bias=self._text("qkv_bias") == "True",
            qk_norm="qk norm" in self._text("notes").lower(),
            sliding_window=self._whole("sliding_window") if self._text("sliding_window") else None,
        )
        local = LayerBlock(attention, self._ffn())
        total = replace(local, attention=replace(attention, sliding_window=None))
        # "... on 3 of 4 layers": the last of every four attends to everything, as Llama 4 does.
        # "alternating", "every other layer": the first of every two is local, as in Gemma 2 and gpt-oss.
        kind = self._text("attention_kind")
        pattern = re.search(r"(\d+) of (\d+) layers", kind)
        halves = re.search(r"alternat|every other|every second", kind.lower()) is not None
        every = int(pattern[2]) if pattern else 2 if halves else 1
        windowed = int(pattern[1]) if pattern else 1
        return [local if layer % every < windowed else total for layer in range(self._whole("num_layers"))]

    def _ffn(self) -> DenseFFN | MoEFFN:
        if not self._text("num_experts"):
            return DenseFFN(self._whole("intermediate_size"), self._whole("mlp_matrices"))
        shared = "shared_expert_intermediate_size"
        return MoEFFN(
            num_experts=self._whole("num_experts"),
            experts_per_token=self._whole("experts_per_token"),
            intermediate_size=self._whole("moe_intermediate_size"),
            num_matrices=self._whole("mlp_matrices"),
            shared_intermediate_size=self._whole(shared) if self._text(shared) else 0,
        )

    def _text(self, column: str) -> str:
        return self._row.get(column) or ""

    def _whole(self, column: str) -> int:
        text = self._text(column)
        if not text.isdigit() or int(text) < 1:
            raise InputError("must be a whole number >= 1", file=self._path, line=self._line, path=column, value=text)
        return int(text)
