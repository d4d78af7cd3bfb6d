"""The served Llama on torch: its cache is exact, and the simulator predicts it from the machine's own kernels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from calibration.measure.backends.cpu import CpuBackend  # noqa: E402
from calibration.measure.harness import measure  # noqa: E402
from calibration.serve.eager import EagerExecutor  # noqa: E402
from calibration.serve.experiment import CPU_SETUP, run_experiment  # noqa: E402
from calibration.serve.host_terms import count_calls, host_profile  # noqa: E402
from calibration.serve.model import Llama  # noqa: E402
from calibration.serve.shape import LlamaShape  # noqa: E402
from calibration.serve.slot_cache import Chunk, SlotCache  # noqa: E402
from simulator.errors import InputError  # noqa: E402
from simulator.hardware.catalog import load_hardware  # noqa: E402

CPU = torch.device("cpu")
SMALL = LlamaShape(64, 2, 4, 2, 16, 128, 256, 64)


def test_a_cache_filled_in_chunks_attends_like_one_filled_at_once() -> None:
    generator = torch.Generator().manual_seed(0)
    queries = torch.randn(40, 4, 16, generator=generator).bfloat16()
    keys, values = (torch.randn(40, 2, 16, generator=generator).bfloat16() for _ in range(2))

    def attended(*sizes: int):
        cache, parts, first = SlotCache(SMALL, 3, torch, CPU), [], 0
        for size in sizes:
            rows = slice(first, first + size)
            cache.begin([Chunk(1, first, size)], torch.arange(first, first + size))
            parts.append(cache.attend(0, queries[rows], keys[rows], values[rows]))
            first += size
        return torch.cat(parts)

    torch.testing.assert_close(attended(16, 7, 16, 1), attended(40), rtol=0.02, atol=0.02)


def test_sequences_of_one_step_do_not_see_each_other() -> None:
    model = Llama(SMALL, torch, CPU)

    def answers(*chunks: Chunk) -> list[int]:
        executor = EagerExecutor(model, SlotCache(SMALL, 4, torch, CPU), torch, CPU)
        texts = {0: list(range(20)), 3: list(range(100, 133))}
        return executor.run(chunks, [texts[chunk.slot] for chunk in chunks], [True] * len(chunks))

    first, second = Chunk(0, 0, 20), Chunk(3, 0, 33)
    assert answers(first, second) == answers(first) + answers(second)


def test_calls_between_kernels_are_counted_per_layer_step_and_sequence() -> None:
    calls = count_calls(SMALL, torch)
    assert 10 < calls.per_layer < 60
    assert 2 < calls.per_sequence_layer < 15
    assert 0 < calls.per_step < 40
    profile = host_profile(calls, 1e-6, layers=2)
    assert profile.per_layer_s == pytest.approx(calls.per_layer * 1e-6)
    assert profile.gemm_multiplier == 1.0


def test_a_profile_of_other_threads_is_refused(tmp_path: Path) -> None:
    """Sixteen times the threads would look like a model that errs by a large factor."""
    profile = replace(load_hardware("generic-cpu"), multiprocessors=16 * torch.get_num_threads())
    with pytest.raises(InputError, match="CPU thread"):
        run_experiment("cpu", tmp_path / "cpu.csv", profile)


@pytest.mark.slow
def test_a_calibrated_machine_predicts_what_it_serves(tmp_path: Path) -> None:
    """Measure, serve, predict, on one thread: CPU time, so that other programs disturb least. The bound is generous
    (a factor of two): shared machines drift between the two."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        out = tmp_path / "cpu.csv"
        classes = ["launch", "gemm", "attn_decode", "attn_prefill", "norm", "activation", "rotary"]
        measure(CpuBackend(), out, classes, points=16, budget_s=30.0, rounds=3)
        setup = replace(CPU_SETUP, requests=8, output_tokens=(8, 24))
        outcome = run_experiment("cpu", out, load_hardware(out.with_suffix(".yaml")), setup=setup, repeats=2)
    finally:
        torch.set_num_threads(threads)
    found = {score.metric: score for score in outcome.scores}
    for metric in ("mean_tpot_ms", "mean_ttft_ms", "mean_step_ms"):
        assert 0.5 < found[metric].predicted / found[metric].measured < 2.0, found[metric]
