"""The harness on torch itself: kernels compute what they claim, the CPU measures itself, XLA runs on a stand-in."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch")

from calibration.measure.arena import Arena  # noqa: E402
from calibration.measure.backends.cpu import CpuBackend  # noqa: E402
from calibration.measure.backends.neuron import NeuronBackend  # noqa: E402
from calibration.measure.backends.xla import XlaBackend  # noqa: E402
from calibration.measure.case import Case, Unsupported  # noqa: E402
from calibration.measure.collectives import time_collectives  # noqa: E402
from calibration.measure.harness import measure, read_rows  # noqa: E402
from calibration.measure.kernels.attention import causal_mask  # noqa: E402
from calibration.measure.kernels.bench import Bench  # noqa: E402
from calibration.measure.kernels.registry import BUILDERS  # noqa: E402
from calibration.measure.kernels.samplers import top_p_tokens  # noqa: E402
from simulator.hardware.catalog import load_hardware  # noqa: E402

MIB = 2**20
HEADS = {"heads": 4, "kv_heads": 2, "head_dim": 32}


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench(torch, torch.device("cpu"), Arena(torch, torch.device("cpu"), 4 * MIB), 1 * MIB)


def _first(bench: Bench, case: Case):
    return BUILDERS[case.op](bench, case)[0]()


def test_operands_rotate_over_more_than_the_cache(bench: Bench) -> None:
    calls = BUILDERS["gemm"](bench, Case.of("gemm", "bf16", m=16, n=256, k=512))
    places = {call.__closure__[2].cell_contents.data_ptr() for call in calls}
    assert len(places) == len(calls) >= 4 * MIB // (2 * 256 * 512) // 2
    assert max(places) - min(places) > 2 * MIB


def test_attention_per_sequence_is_attention(bench: Bench) -> None:
    shape = {"batch": 3, "kv_len": 40, **HEADS}
    whole, parts = (
        _first(bench, Case.of("attn_decode", "fp32", kernel=kernel, **shape))
        for kernel in ("torch_sdpa", "torch_sdpa_per_sequence")
    )
    assert whole.shape == (3, 4, 1, 32)
    torch.testing.assert_close(whole, parts)


def test_a_chunk_sees_its_context_and_its_own_past(bench: Bench) -> None:
    mask = causal_mask(torch, 3, 5, "cpu")
    assert mask.tolist() == [[True] * 3 + [False] * 2, [True] * 4 + [False], [True] * 5]
    out = _first(bench, Case.of("attn_prefill", "fp32", kernel="torch_sdpa", batch=1, q_len=8, kv_len=24, **HEADS))
    assert out.shape == (1, 4, 8, 32)


def test_both_libraries_of_experts_agree(bench: Bench) -> None:
    shape = {"m": 10, "n": 64, "k": 32, "experts": 4, "topk": 2}
    loop = _first(bench, Case.of("moe", "bf16", kernel="torch_expert_loop", **shape))
    assert loop.shape == (10, 32)
    grouped = _first(bench, Case.of("moe", "bf16", kernel="torch_grouped_mm", **shape))
    torch.testing.assert_close(loop, grouped, rtol=0.05, atol=0.05 * float(loop.abs().max()))


def test_top_p_draws_only_from_the_nucleus() -> None:
    logits = torch.log(torch.tensor([[0.5, 0.3, 0.15, 0.05]])).repeat(4000, 1)
    drawn = Counter(top_p_tokens(torch, logits, top_p=0.7).flatten().tolist())
    assert set(drawn) == {0, 1}
    assert drawn[0] / 4000 == pytest.approx(0.5 / 0.8, abs=0.04)


@pytest.mark.parametrize(
    "case",
    [
        Case.of("norm", "bf16", m=5, n=64),
        Case.of("rotary", "bf16", m=5, **HEADS),
        Case.of("activation", "bf16", m=5, n=64),
        Case.of("softmax", "bf16", m=5, n=64),
        Case.of("embedding", "bf16", m=5, n=64),
        Case.of("sample_greedy", "fp32", m=5, n=64),
        Case.of("copy_d2d", bytes=4096),
        Case.of("launch"),
        Case.of("gemm", "int8", m=32, n=64, k=64),
    ],
    ids=str,
)
def test_every_class_runs(bench: Bench, case: Case) -> None:
    assert _first(bench, case) is not None


def test_the_machine_measures_itself_and_the_simulator_reads_its_profile(tmp_path: Path) -> None:
    backend = CpuBackend()
    out = tmp_path / "cpu.csv"
    session = measure(backend, out, ["launch", "gemm", "norm"], points=8, budget_s=6.0, rounds=3)
    assert session.report.written >= 8
    assert session.profile is not None
    profile = load_hardware(session.profile)
    assert profile.kind == "cpu"
    assert profile.name == backend.device_name() == read_rows(out)[0]["device"]
    assert 1e9 < profile.memory_bytes_per_s < 2e12
    assert profile.peak("bf16") > 0
    assert profile.price is None


def test_a_call_the_device_cannot_run_gives_its_reason() -> None:
    with pytest.raises(Unsupported, match="one memory"):
        CpuBackend().prepare(Case.of("copy_h2d", bytes=4096))


@pytest.mark.parametrize("kind", [XlaBackend, NeuronBackend])
def test_xla_devices_run_through_mark_step(kind: type[XlaBackend], tmp_path: Path) -> None:
    told: list[str] = []
    stand_in = SimpleNamespace(
        xla_device=lambda: torch.device("cpu"),
        mark_step=lambda: told.append("mark"),
        wait_device_ops=lambda: told.append("wait"),
    )
    backend = kind("Trainium2", torch=torch, xla_model=stand_in, pool_bytes=4 * MIB)
    case = Case.of("gemm", "bf16", mode="graph", m=8, n=64, k=64)
    kernel = backend.prepare(case)
    told.clear()
    assert kernel.visit() > 0
    assert told == ["mark"] * kernel.burst + ["wait"]
    assert backend.device_name() == "Trainium2"


def test_collectives_between_two_processes() -> None:
    cases = [
        Case.of(op, "bf16", kernel="gloo", bytes=4096, world_size=2) for op in ("nccl_all_reduce", "nccl_all_gather")
    ]
    timings, failed = time_collectives(cases, 2, "gloo")
    assert {timing.case for timing in timings} | {case for case in cases if case.op in failed} == set(cases)
    assert any(timing.case.op == "nccl_all_reduce" and timing.median_us > 0 for timing in timings)
