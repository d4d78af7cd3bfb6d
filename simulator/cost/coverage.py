"""Every model of the catalog on every device that can hold it: ``python -m simulator.cost.coverage [FILE.csv]``.

Each pair takes the smallest tensor-parallel size that divides the model and leaves room for KV, one request of 512
tokens in and 64 out. Pairs without such a size say why.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from simulator.atomic import write_text
from simulator.cost.deployment import Deployment
from simulator.cost.engine_profile import EngineProfile, load_engine
from simulator.cost.estimate import estimate_deployment
from simulator.errors import InputError
from simulator.hardware.catalog import list_hardware, load_hardware
from simulator.hardware.fits import KernelFits, load_fits
from simulator.hardware.profile import HardwareProfile
from simulator.models.catalog import list_models, load_model
from simulator.models.spec import ModelSpec

PROMPT_TOKENS, OUTPUT_TOKENS = 512, 64


@dataclass(frozen=True)
class Coverage:
    """One pair. ``tensor_parallel_size`` None: not held by one link domain, ``reason`` says why. Times in ms."""

    model: str
    hardware: str
    tensor_parallel_size: int | None
    weights: str = ""
    ttft_ms: float | None = None
    tpot_ms: float | None = None
    kv_cache_tokens: int | None = None
    reason: str = ""


def coverage(models: Iterable[str] | None = None, hardware: Iterable[str] | None = None) -> Iterator[Coverage]:
    """One row per pair of the named models and devices, all of them by default."""
    specs = [load_model(name) for name in (list_models() if models is None else models)]
    engine = load_engine()
    for name in list_hardware() if hardware is None else hardware:
        device = load_hardware(name)
        fits = load_fits(device)
        for model in specs:
            yield _pair(model, device, engine, fits)


def _pair(model: ModelSpec, device: HardwareProfile, engine: EngineProfile, fits: KernelFits) -> Coverage:
    """The smallest size that works; the reason of the last one that does not."""
    isl = min(PROMPT_TOKENS, model.max_position_embeddings - OUTPUT_TOKENS)
    reason = ""
    for tp in _sizes(device):
        try:
            deployment = Deployment.of(model, device, tensor_parallel_size=tp, engine=engine, fits=fits)
            found = estimate_deployment(deployment, isl=isl, osl=OUTPUT_TOKENS)
        except InputError as error:
            reason = error.problem
            continue
        return Coverage(
            model.name,
            device.name,
            tp,
            deployment.dtypes.weights,
            found.ttft_s * 1e3,
            None if found.tpot_s is None else found.tpot_s * 1e3,
            found.memory.max_tokens,
        )
    return Coverage(model.name, device.name, None, reason=reason)


def _sizes(device: HardwareProfile) -> list[int]:
    """Powers of two within one link domain, at most 64, and its whole size up to there."""
    largest = min(max(1, device.link.domain), 64)
    return sorted({1, largest} | {2**i for i in range(1, 7) if 2**i <= largest})


def as_csv(rows: Iterable[Coverage]) -> str:
    """The table as CSV text."""
    text = io.StringIO()
    writer: csv.DictWriter[str] = csv.DictWriter(text, list(Coverage.__dataclass_fields__), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({k: f"{v:.4g}" if isinstance(v, float) else v for k, v in asdict(row).items()})
    return text.getvalue()


def main(arguments: list[str]) -> None:
    """Write the table to a file, or print it; the count goes to standard error."""
    rows = list(coverage())
    if arguments:
        write_text(Path(arguments[0]), as_csv(rows))
    else:
        print(as_csv(rows), end="")
    held = sum(row.tensor_parallel_size is not None for row in rows)
    print(f"{held} of {len(rows)} pairs estimated; the others are too large for one link domain", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
