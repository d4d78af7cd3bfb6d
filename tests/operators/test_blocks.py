"""Work of the blocks beyond plain attention: latent, recurrent, cross attention, experts in their own format."""

from __future__ import annotations

import pytest

from simulator.models.catalog import load_model
from simulator.operators.encoder import admission_work
from simulator.operators.features import StepFeatures
from simulator.operators.layout import Dtypes, Layout
from simulator.operators.sharding import rank_kv_elements, rank_matmul_parameters, rank_state_elements, split_units
from simulator.operators.step import step_work
from simulator.operators.work import Gemm, HeadMatmul, Work

PLAIN = Layout(Dtypes())


def decode(sequences: int, context: int) -> StepFeatures:
    return StepFeatures(
        tokens=sequences, sampled=sequences, decode_seqs=sequences, decode_queries=sequences,
        decode_kv=sequences * context,
    )  # fmt: skip


def prefill(tokens: int) -> StepFeatures:
    features = StepFeatures(tokens=tokens)
    features.add_chunk(tokens, 0)
    return features


def named(work: list[Work], name: str) -> Work:
    return next(item for item in work if item.name == name)


def gemm_weights(work: list[Work]) -> float:
    """Weights the multiplies of a step read, embedding-sized ones left out."""
    dense = [(item.count, item.shape) for item in work if isinstance(item.shape, Gemm) and item.name != "lm_head"]
    by_head = [(item.count * item.shape.heads, item.shape) for item in work if isinstance(item.shape, HeadMatmul)]
    return sum(count * shape.n * shape.k for count, shape in [*dense, *by_head])


@pytest.mark.parametrize("name", ["DeepSeek-V2-Lite", "Jamba-v0.1", "Mamba-2.8B", "Codestral-Mamba-7B", "RWKV-4-7B"])
def test_a_decode_step_multiplies_with_every_linear_weight_once(name: str) -> None:
    model = load_model(name)
    work = step_work(model, PLAIN, decode(1, 1000))
    experts = sum(
        count * block.ffn.num_experts * block.ffn.expert_parameters(model.hidden_size)
        for block, count in model.layer_groups
        if hasattr(block.ffn, "num_experts")
    )
    assert gemm_weights(work) == pytest.approx(model.layer_matmul_parameters - experts, rel=1e-12)


def test_absorbed_latent_attention_is_near_the_ridge() -> None:
    """DeepSeek-V2, 128 heads, 16 bit: 242 FLOP per byte of latent (TECHNIQUES 4.3)."""
    attention = named(step_work(load_model("DeepSeek-V2"), PLAIN, decode(8, 100_000)), "decode_attention")
    assert attention.flops / attention.bytes_read == pytest.approx(242, rel=0.01)


def test_latent_prefill_expands_every_attended_token() -> None:
    model = load_model("DeepSeek-V2")
    features = StepFeatures(tokens=100)
    features.add_chunk(100, 900)
    work = step_work(model, PLAIN, features)
    assert named(work, "kv_up").flops == 2 * 1000 * 512 * 128 * (128 + 128)
    assert named(work, "prefill_attention").flops == 2 * 128 * (192 + 128) * features.prefill_pairs


def test_recurrent_decode_does_not_depend_on_the_context() -> None:
    model = load_model("Mamba-2.8B")
    short, long = (step_work(model, PLAIN, decode(8, context)) for context in (10, 100_000))
    assert short == long
    scan = named(short, "decode_scan")
    state = model.state_bytes_per_sequence() / model.num_layers
    assert 2 * 8 * state < scan.bytes_read + scan.bytes_written < 1.5 * 2 * 8 * state


def test_scan_of_a_prompt_is_linear_in_its_length() -> None:
    model = load_model("Mamba-2.8B")
    scans = [named(step_work(model, PLAIN, prefill(n)), "prefill_scan") for n in (1000, 2000)]
    assert scans[1].flops == 2 * scans[0].flops


def test_encoder_runs_once_per_admitted_request() -> None:
    """Whisper-large-v3: 2 FLOPs per encoder weight and position, and 4 h d S^2 of bidirectional attention per layer."""
    model = load_model("Whisper-large-v3")
    assert model.encoder is not None
    work = admission_work(model, PLAIN, 3)
    linear = sum(float(item.count * item.flops) for item in work if isinstance(item.shape, Gemm))
    cross_kv = 32 * 2 * 1280 * 1280
    assert linear == pytest.approx(2 * 3 * 1500 * (model.encoder.matmul_parameters + cross_kv), rel=1e-12)
    assert named(work, "encoder_attention").flops == 3 * 4 * 1280 * 1500**2
    step = decode(4, 50)
    assert not any(item.name.startswith("encoder") for item in step_work(model, PLAIN, step))
    step.admitted = 1
    assert any(item.name.startswith("encoder") for item in step_work(model, PLAIN, step))


def test_cross_attention_reads_the_encoder_for_every_sequence() -> None:
    cross = named(step_work(load_model("Whisper-large-v3"), PLAIN, decode(4, 50)), "decode_cross_attention")
    assert cross.bytes_read == pytest.approx(4 * 2 * 1500 * 1280 * 2, rel=0.01)


def test_each_part_is_read_in_its_own_format() -> None:
    """gpt-oss: experts in MXFP4, attention in 16 bit."""
    model = load_model("gpt-oss-20b")
    layout = Layout(Dtypes.for_model(model))
    work = step_work(model, layout, decode(1, 10))
    assert named(work, "qkv").shape.bytes_per_weight == 2
    assert named(work, "experts").shape.bytes_per_weight == 4.25 / 8
    assert named(work, "experts").shape.math_dtype == "bf16"


@pytest.mark.parametrize("name", ["Llama-3.1-8B", "DeepSeek-V2", "Jamba-v0.1", "Whisper-large-v3", "RWKV-4-7B"])
def test_ranks_hold_all_of_it_together(name: str) -> None:
    model, tp = load_model(name), 4
    for block, _ in model.layer_groups:
        for mixer in block.mixers:
            whole = rank_matmul_parameters(mixer, model.hidden_size, PLAIN)
            assert whole == mixer.matmul_parameters(model.hidden_size)
            assert rank_kv_elements(mixer, PLAIN) == mixer.kv_elements_per_token()
            assert rank_state_elements(mixer, PLAIN) == mixer.state_elements_per_sequence()
            ranks = Layout(Dtypes(), tp)
            assert whole <= tp * rank_matmul_parameters(mixer, model.hidden_size, ranks) < 1.3 * whole
            assert split_units(mixer)[0] % tp == 0


def test_formats_that_do_not_go_together_are_refused() -> None:
    from simulator.errors import InputError

    with pytest.raises(InputError, match="run with fp8 activations"):
        Dtypes.of("fp8", activations="int8")
    assert Dtypes.of("int4_g128").activations == "bf16"
    assert Dtypes.of("int4_g128", activations="int8").activations == "int8"
    assert Dtypes.of("fp16").other == "fp16"
