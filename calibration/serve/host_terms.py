"""Host terms of our own small server, from launches: calls between the modelled kernels, times what a call costs.

Adding, slicing, reshaping and writing to the KV cache are torch calls no kernel class counts. How many there are per
layer and step is counted while the model runs; what one costs is the harness's ``launch`` row (eager).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from calibration.serve.eager import EagerExecutor
from calibration.serve.model import Llama
from calibration.serve.shape import LlamaShape
from calibration.serve.slot_cache import Chunk, SlotCache
from simulator.cost.engine_profile import EngineProfile, load_engine
from simulator.errors import InputError

_MODELLED_PER_LAYER = ("rms_norm", "rms_norm", "linear", "linear", "linear", "linear", "rotary", "silu", "attention")
_NO_TERMS = "tensorrt-llm-0.14"
"""Bundled profile in which every host term is 0 and every multiplier 1."""


@dataclass(frozen=True)
class HostCalls:
    """Torch calls beyond the modelled kernels: per layer, per layer and sequence, per step."""

    per_layer: float
    per_sequence_layer: float
    per_step: float


def launch_seconds(rows: Sequence[Mapping[str, str]]) -> float:
    """What an eager launch costs, of a measurement file's rows. Raises ``InputError`` when it was not measured."""
    for row in rows:
        if row["op"] == "launch" and row["mode"] == "eager":
            return float(row["time_us"]) * 1e-6
    raise InputError("holds no eager launch row", path="op", hint="measure it: --classes launch")


def count_calls(shape: LlamaShape, torch: Any) -> HostCalls:
    """Count them on the CPU, with models of one and two layers and batches of one and two sequences."""
    device = torch.device("cpu")

    def step(layers: int, sequences: int) -> int:
        sized = replace(shape, num_hidden_layers=layers)
        executor = EagerExecutor(Llama(sized, torch, device), SlotCache(sized, sequences, torch, device), torch, device)
        chunks = [Chunk(slot, 1, 1) for slot in range(sequences)]
        return _calls(torch, lambda: executor.run(chunks, [[0]] * sequences, [True] * sequences))

    one, two = step(1, 1), step(2, 1)
    return HostCalls(
        per_layer=two - one - len(_MODELLED_PER_LAYER),
        per_sequence_layer=step(2, 2) - two - (step(1, 2) - one),
        per_step=one - (two - one),
    )


def host_profile(calls: HostCalls, launch_s: float, layers: int) -> EngineProfile:
    """An engine profile of these terms alone."""
    return replace(
        load_engine(_NO_TERMS),
        name="torch-eager-server",
        per_step_s=calls.per_step * launch_s,
        per_layer_s=calls.per_layer * launch_s,
        per_sequence_s=max(0.0, calls.per_sequence_layer) * layers * launch_s,
        cuda_graph_sizes=(1,),
        source="torch calls between modelled kernels, counted, times the measured launch",
        bounds=(),
    )


def _calls(torch: Any, run: Callable[[], Any]) -> int:
    """Torch functions called while ``run`` runs, a composite (linear, SDPA) counting once."""
    from torch.overrides import TorchFunctionMode

    class Counter(TorchFunctionMode):
        count = 0

        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            type(self).count += 1
            return func(*args, **(kwargs or {}))

    with Counter():
        run()
    return Counter.count


_FILL_CALLS = 30
"""Torch calls around a graph replay in ``calibration.serve.graphs`` (inputs filled, tokens fetched)."""


def graph_profile(launch_s: float, sizes: Sequence[int]) -> EngineProfile:
    """Host terms of the server that replays CUDA graphs: its layers cost the host nothing, its steps a few calls."""
    return replace(
        load_engine(_NO_TERMS),
        name="torch-graph-server",
        per_step_s=_FILL_CALLS * launch_s,
        cuda_graph_sizes=tuple(sizes),
        source="torch calls around a graph replay times the measured launch",
        bounds=(),
    )
