"""Serve a small random-weight Llama for real and compare with the simulator.

    python -m calibration.serve.run --device cpu --measurements cpu.csv --hardware cpu.yaml [--repeats 3]

``cpu.csv`` and ``cpu.yaml`` come from ``inferplan calibrate measure --device cpu --out cpu.csv`` on the same machine.
On CUDA, decode steps replay CUDA graphs over a paged KV cache.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from calibration.serve.experiment import Outcome, run_experiment
from simulator.errors import InputError
from simulator.hardware.catalog import load_hardware

USER_ERROR = 2


def report(outcome: Outcome) -> str:
    """Kernel fits, host terms, and the scores beside the spread of the repeats."""
    lines = ["kernel fit (held out)        rows   median      p90"]
    lines += [
        f"  {part:24} {rows:6d} {median:8.1%} {p90:8.1%}" for part, (rows, median, p90) in outcome.fits.errors.items()
    ]
    engine, steps = outcome.engine, sum(len(run.steps) for run in outcome.runs)
    lines.append(f"host: {engine.per_step_s * 1e6:.0f} us per step, {engine.per_layer_s * 1e6:.1f} us per layer")
    lines.append("metric           predicted   measured    error   spread of repeats")
    lines += [
        f"  {s.metric:14} {s.predicted:9.2f} {s.measured:10.2f} {s.error:+8.1%} {s.spread:8.1%}" for s in outcome.scores
    ]
    median, p90 = outcome.step_errors
    lines.append(f"single steps ({steps}): median error {median:.1%}, p90 {p90:.1%}")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--measurements", type=Path, required=True, help="CSV file of the harness")
    parser.add_argument("--hardware", required=True, help="profile of this machine: a path or a bundled name")
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args(arguments)
    try:
        hardware = load_hardware(given.hardware)
        print(report(run_experiment(given.device, given.measurements, hardware, repeats=given.repeats)))
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return USER_ERROR
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
