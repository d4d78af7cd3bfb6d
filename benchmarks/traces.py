"""Speed of reading traces: ``python -m benchmarks.traces [--rows N] [--json]``.

Writes a plain CSV of N random requests (default 10 million) to a temporary folder, reads it in a process of its own and
prints seconds and peak memory of the reading. The promise: 10 million rows in at most 60 s and 3 GiB.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

_ROWS_AT_ONCE = 100_000


def write_random_csv(path: Path, rows: int, seed: int = 0) -> None:
    """A trace of Poisson arrivals at 100/s with uniform token counts."""
    rng = np.random.default_rng(seed)
    now_s = 0.0
    with path.open("w") as file:
        file.write("arrival_s,prompt_tokens,output_tokens\n")
        for first in range(0, rows, _ROWS_AT_ONCE):
            n = min(_ROWS_AT_ONCE, rows - first)
            arrival_s = now_s + np.cumsum(rng.exponential(0.01, n))
            now_s = float(arrival_s[-1])
            columns = (arrival_s.tolist(), rng.integers(1, 8000, n).tolist(), rng.integers(1, 800, n).tolist())
            file.writelines(f"{at:.6f},{prompt},{output}\n" for at, prompt, output in zip(*columns, strict=True))


def read_once(path: Path) -> dict[str, Any]:
    """Read the file here: seconds, rows, peak resident memory of this process (GiB)."""
    from simulator.workload.readers import read_trace

    started = time.perf_counter()
    table = read_trace(path)
    return {
        "rows": len(table),
        "wall_s": time.perf_counter() - started,
        "peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--json", action="store_true", help="print the JSON object only")
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.read is not None:
        print(json.dumps(read_once(arguments.read)))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trace.csv"
        write_random_csv(path, arguments.rows)
        command = [sys.executable, "-m", "benchmarks.traces", "--read", str(path)]
        result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    if not arguments.json:
        print(f"{result['rows']:,} rows in {result['wall_s']:.1f} s, peak {result['peak_gib']:.2f} GiB")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
