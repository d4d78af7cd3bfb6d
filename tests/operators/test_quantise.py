"""Activation quantisation: a pass of its own where the producer's kernel does not write 8 bit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.cost.deployment import Deployment
from simulator.cost.engine_profile import load_engine
from simulator.models.catalog import load_model
from simulator.operators.layout import QUANTIZED_INPUTS, Dtypes, Layout
from simulator.operators.step import token_work
from simulator.operators.work import Work

MODEL = load_model("Llama-3.1-8B")
TOKENS = 512


def passes(dtypes: Dtypes, separate: tuple[str, ...], tp: int = 1) -> dict[str, Work]:
    layout = Layout(dtypes, tp, separate_quantization=separate)
    return {work.name: work for work in token_work(MODEL, layout, TOKENS) if work.name.endswith("_quantise")}


def test_each_producer_has_its_passes() -> None:
    fp8 = Dtypes.of("fp8")
    assert set(passes(fp8, ())) == set()
    assert set(passes(fp8, ("attention",))) == {"o_quantise"}
    assert set(passes(fp8, ("activation",))) == {"down_quantise"}
    assert set(passes(fp8, ("norm",))) == {"qkv_quantise", "gate_up_quantise"}


@pytest.mark.parametrize(
    ("name", "width"),
    [("qkv_quantise", 4096), ("o_quantise", 4096 // 4), ("gate_up_quantise", 4096), ("down_quantise", 14336 // 4)],
)
def test_a_pass_reads_16_bit_and_writes_8(name: str, width: int) -> None:
    """Three bytes an element; row-split layers (O, down) quantise their rank's share only."""
    work = passes(Dtypes.of("fp8"), QUANTIZED_INPUTS, tp=4)[name]
    assert (work.bytes_read, work.bytes_written) == (2 * TOKENS * width, TOKENS * width)
    assert (work.count, work.launches) == (32, 1)


@pytest.mark.parametrize(
    "dtypes",
    [Dtypes(), Dtypes.of("fp8", activations="bf16"), Dtypes.of("int4")],
    ids=["bf16", "weight-only fp8", "weight-only int4"],
)
def test_16_bit_activations_need_none(dtypes: Dtypes) -> None:
    assert not passes(dtypes, QUANTIZED_INPUTS)


def test_layers_a_checkpoint_leaves_in_16_bit_need_none() -> None:
    kept = replace(Dtypes.of("fp8"), unquantised=("attention",))
    assert set(passes(kept, QUANTIZED_INPUTS)) == {"gate_up_quantise", "down_quantise"}


def test_the_engine_says_which_passes_are_left() -> None:
    fp8 = Dtypes.of("fp8")
    engines = {name: load_engine(name) for name in ("vllm-0.8", "vllm-0.15", "vllm-0.15-eager", "tensorrt-llm")}
    left = {
        name: Deployment.of(MODEL, "h100", dtypes=fp8, engine=engine).layout.separate_quantization
        for name, engine in engines.items()
    }
    assert left["tensorrt-llm"] == ()
    assert left["vllm-0.15"] == ("attention",)
    assert left["vllm-0.8"] == left["vllm-0.15-eager"] == QUANTIZED_INPUTS
