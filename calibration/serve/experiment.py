"""The experiment: serve the same requests several times for real, and let the simulator say what should happen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from calibration.measure.harness import read_rows
from calibration.serve.clocks import CpuClock, WallClock
from calibration.serve.eager import EagerExecutor
from calibration.serve.host_terms import count_calls, graph_profile, host_profile, launch_seconds
from calibration.serve.machine_fits import PAGED, SLOTS, MachineFits, fit_machine
from calibration.serve.model import Llama
from calibration.serve.predict import Score, score, step_errors
from calibration.serve.server import Clock, Executor, Served, serve
from calibration.serve.shape import LARGE, LlamaShape
from calibration.serve.slot_cache import SlotCache
from simulator.cost.deployment import Deployment
from simulator.cost.engine_profile import EngineProfile
from simulator.engine.config import EngineConfig
from simulator.errors import InputError
from simulator.hardware.profile import HardwareProfile
from simulator.workload.table import RequestTable


@dataclass(frozen=True)
class Setup:
    """What is served: ``requests`` Poisson arrivals at ``rate_per_s``, prompts and outputs even between their bounds;
    at most ``slots`` at a time, ``budget`` tokens per step."""

    shape: LlamaShape
    requests: int
    rate_per_s: float
    prompt_tokens: tuple[int, int]
    output_tokens: tuple[int, int]
    slots: int
    budget: int

    def table(self) -> RequestTable:
        """The requests, always the same."""
        random = np.random.default_rng(0)
        gaps = random.exponential(1.0 / self.rate_per_s, self.requests)
        prompts = random.integers(*self.prompt_tokens, size=self.requests, endpoint=True)
        outputs = random.integers(*self.output_tokens, size=self.requests, endpoint=True)
        return RequestTable.from_columns(np.cumsum(gaps), prompts, outputs)

    def config(self) -> EngineConfig:
        """vLLM's scheduler with room for every slot at full length."""
        longest = self.shape.max_position_embeddings
        return EngineConfig(
            num_blocks=self.slots * -(-longest // 16),
            max_num_seqs=self.slots,
            max_num_batched_tokens=self.budget,
            max_model_len=longest,
        )


CPU_SETUP = Setup(LlamaShape(), 16, 1.0, (32, 256), (8, 40), 8, 256)
CUDA_SETUP = Setup(LARGE, 200, 8.0, (128, 2048), (32, 256), 64, 4096)
CUDA_GRAPHS = (1, 2, 4, 8, 16, 24, 32, 40, 48, 56, 64)


@dataclass(frozen=True)
class Outcome:
    """``scores``: means over requests and steps; ``step_errors``: median and p90 of single steps; ``fits``: of the
    kernels, with their held-out errors."""

    scores: list[Score]
    step_errors: tuple[float, float]
    fits: MachineFits
    engine: EngineProfile
    runs: list[Served]


def run_experiment(
    device: str, measurements: Path, hardware: HardwareProfile, *, setup: Setup | None = None, repeats: int = 3
) -> Outcome:
    """Serve ``repeats`` times on ``cpu`` or ``cuda``, after one run to warm up, and score the prediction.

    ``measurements``: the harness's file of this very device; ``hardware``: its profile. Raises ``InputError`` when
    torch computes with another number of CPU threads than the profile was measured with.
    """
    from calibration.measure.backends.torch_device import import_torch

    torch = import_torch()
    on_gpu = device == "cuda"
    if not on_gpu:
        _check_threads(torch.get_num_threads(), hardware)
    chosen = setup or (CUDA_SETUP if on_gpu else CPU_SETUP)
    fits = fit_machine(measurements, hardware, PAGED if on_gpu else SLOTS)
    launch_s = launch_seconds(read_rows(measurements))
    engine = graph_profile(launch_s, CUDA_GRAPHS) if on_gpu else _eager_engine(chosen, torch, launch_s)
    deployment = Deployment.of(chosen.shape.spec(), hardware, engine=engine, fits=fits.fits)
    runs = _serve(chosen, torch, on_gpu, repeats)
    config = chosen.config()
    return Outcome(
        score(deployment, chosen.table(), config, runs), step_errors(deployment, config, runs), fits, engine, runs
    )


def _check_threads(threads: int, hardware: HardwareProfile) -> None:
    """Rates and clock of a CPU profile are those of so many threads; others serve at other rates."""
    measured = hardware.multiprocessors
    if threads != measured:
        raise InputError(
            f"was measured with {measured} CPU thread(s), torch computes with {threads}",
            path="--hardware",
            value=hardware.name,
            hint=f"set OMP_NUM_THREADS={measured}, or measure again with {threads}",
        )


def _eager_engine(setup: Setup, torch: Any, launch_s: float) -> EngineProfile:
    return host_profile(count_calls(setup.shape, torch), launch_s, setup.shape.num_hidden_layers)


def _serve(setup: Setup, torch: Any, on_gpu: bool, repeats: int) -> list[Served]:
    executor = _executor(setup, torch, on_gpu)
    new_clock = _clock_for(torch, on_gpu)
    runs = [
        serve(setup.table(), setup.config(), executor, vocab_size=setup.shape.vocab_size, clock=new_clock())
        for _ in range(repeats + 1)
    ]
    return runs[1:]


def _clock_for(torch: Any, on_gpu: bool) -> Callable[[], Clock]:
    """The clock the harness times this device by."""
    return CpuClock if not on_gpu and torch.get_num_threads() == 1 else WallClock


def _executor(setup: Setup, torch: Any, on_gpu: bool) -> Executor:
    device = torch.device("cuda" if on_gpu else "cpu")
    model = Llama(setup.shape, torch, device)
    if not on_gpu:
        return EagerExecutor(model, SlotCache(setup.shape, setup.slots, torch, device), torch, device)
    from calibration.serve.graphs import GraphExecutor
    from calibration.serve.paged_cache import PagedCache

    sizes: Sequence[int] = [size for size in CUDA_GRAPHS if size <= setup.slots]
    return GraphExecutor(model, PagedCache(setup.shape, setup.slots, torch, device), torch, device, sizes)
