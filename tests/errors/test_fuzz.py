"""Readers meet files that are almost right: an ``InputError`` or a result, never another exception.

``python -m tests.errors.test_fuzz SECONDS`` goes on for as long as it is told.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from simulator.datafiles import data_dir
from simulator.errors import InputError
from simulator.hardware.catalog import load_hardware
from simulator.models.catalog import load_model
from simulator.scenario.schema import Scenario
from simulator.workload.profiles import load_profile
from simulator.workload.readers import read_trace
from tests.errors.configs import CONFIG
from tests.errors.mutations import mutate
from tests.errors.scenarios import GOOD, SCENARIOS, synthetic
from tests.errors.traces import AZURE, HEAD, mooncake

ROUNDS = 400


def _scenario(path: Path) -> None:
    Scenario.from_yaml(path).workload_spec()


Reader = Callable[[Path], object]

TARGETS: dict[str, tuple[str, Reader, list[str]]] = {
    "scenario": (
        "s.yaml",
        _scenario,
        [GOOD, synthetic()] + [text for text, _ in SCENARIOS.values() if isinstance(text, str) and len(text) < 2000],
    ),
    "hardware": (
        "h.yaml",
        lambda path: load_hardware(str(path)),
        [file.read_text() for file in sorted(data_dir("hardware_profiles").glob("*.yaml"))],
    ),
    "model": ("config.json", lambda path: load_model(str(path)), [json.dumps(CONFIG, indent=1)]),
    "profile": (
        "p.yaml",
        lambda path: load_profile(str(path)),
        [file.read_text() for file in sorted(data_dir("workloads").glob("*.yaml"))],
    ),
    "csv": ("t.csv", read_trace, [HEAD + "0,5,5\n0.5,7,9\n1,3,2\n"]),
    "azure": ("t.csv", read_trace, [AZURE + "2023-11-16 18:15:46.6805900,5,5\n2023-11-16 18:15:47.6805900,9,5\n"]),
    "mooncake": ("t.jsonl", read_trace, [mooncake(), mooncake(timestamp=100, hash_ids=[1, 3])]),
}


def _read_one(target: str, folder: Path, seed: int) -> None:
    name, read, texts = TARGETS[target]
    path = folder / name
    content = mutate(texts[seed % len(texts)], seed)
    path.write_bytes(content)
    said = ""
    try:
        read(path)
    except InputError as error:
        said = str(error)
    except Exception as error:
        raise AssertionError(f"{target}, seed {seed}: {error!r} for {content[:400]!r}") from error
    assert len(said) < 20_000


@pytest.mark.parametrize("target", TARGETS)
def test_only_input_errors(target: str, tmp_path: Path) -> None:
    for seed in range(ROUNDS):
        _read_one(target, tmp_path, seed)


def main(seconds: float) -> None:
    """Fuzz every reader in turn until the time is up."""
    end, seed = time.monotonic() + seconds, ROUNDS
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < end:
            for target in TARGETS:
                _read_one(target, Path(folder), seed)
            seed += 1
    print(f"{(seed - ROUNDS) * len(TARGETS):,} files in {seconds:.0f} s, no unhandled exception")


if __name__ == "__main__":
    main(float(sys.argv[1]))
