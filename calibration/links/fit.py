"""Fit the collective constants of ``calibration/links`` from measured tables, with held-out errors.

    python -m calibration.links.fit TABLES_FOLDER [--write]

``TABLES_FOLDER`` holds ``kernels_<device>.csv.gz`` and ``apex_collectives_attention.csv.gz`` (columns op, dtype, bytes,
world_size, time_us, kernel, source). Without ``--write`` nothing is changed and the result is printed. Errors are
absolute relative errors of single calls, cross-validated with whole message sizes held out in four folds.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import least_squares

from simulator.atomic import write_text
from simulator.hardware.catalog import load_hardware
from simulator.hardware.profile import HardwareProfile
from simulator.links.algorithms import ALGORITHMS, Algorithm, wire_s_per_byte
from simulator.links.collective_fits import CollectiveFit

TABLES = {
    "A100-SXM4-80GB": "a100_sxm",
    "H100-SXM5-80GB": "h100_sxm",
    "H200-SXM-141GB": "h200_sxm",
    "B200-SXM-180GB": "b200_sxm",
    "L40S": "l40s",
}
SEND_TABLES = {
    "H100-SXM5-80GB": "H100-SXM-80GB",
    "H200-SXM-141GB": "H200-SXM-141GB",
    "B200-SXM-180GB": "B200-SXM-192GB",
}
LIBRARY_OPS = {
    ("all_gather", "ring"): "nccl_all_gather",
    ("reduce_scatter", "ring"): "nccl_reduce_scatter",
    ("all_to_all", "pairwise"): "nccl_alltoall",
}
FOLDS = 4
IN_SWITCH_RANKS = 8
"""Group sizes from which NCCL reduces in the switch, as the tables show: at 2 and 4 ranks sums that the switch can form
(16-bit floats) and sums that it cannot (8-bit integers) take equally long."""
NVLINK_SHARE = 370 / 450
"""What rings get of NVLink's nominal bandwidth at most, as NCCL's authors state it for H100 (nccl-tests issue 212 of
2024: 450 GB/s less the overhead of its packets is 370). The tables end at 512 MB, before their curves are flat: without
this bound a fit runs on beyond it. Sums in the switch and sends are no rings."""
_HERE = Path(__file__).resolve().parent
_START = (1.5, 0.4, -0.5, 0.2, 0.7)
_LOW = (-2.0, -1.0, -4.0, -3.0, 0.4)
_HIGH = (5.0, 2.0, 1.5, 1.0, 6.0)


@dataclass(frozen=True)
class Case:
    """Rows (bytes, ranks, seconds) of one algorithm on one device, and the words for their source."""

    algorithm: Algorithm
    rows: pd.DataFrame
    source: str
    least_group: int = 2


@dataclass(frozen=True)
class Result:
    """Constants and errors of a case."""

    case: Case
    constants: CollectiveFit
    median_error: float
    p90_error: float


def cases_of(device: HardwareProfile, folder: Path) -> list[Case]:
    """What is measured of a device."""
    table = pd.read_csv(folder / f"kernels_{TABLES[device.name]}.csv.gz", low_memory=False)
    table = _tidy(table[table.op.astype(str).str.startswith("nccl_")])
    source = f"aiconfigurator-core 0.12.0 (Apache-2.0) tables: {table.source.iloc[0]}"
    cases = []
    reductions = table[table.op == "nccl_all_reduce"]
    switched = (reductions.dtype == "fp16") & (reductions.ranks >= IN_SWITCH_RANKS)
    if device.link.topology == "switch" and device.architecture != "ampere":
        cases.append(
            Case(_named("all_reduce", "ring"), reductions[~switched], f"{source}, int8; fp16 at 2 and 4 ranks")
        )
        rows = reductions[switched]
        cases.append(Case(_named("all_reduce", "in_switch"), rows, f"{source}, fp16 at 8 ranks", IN_SWITCH_RANKS))
    else:
        cases.append(Case(_named("all_reduce", "ring"), reductions, source))
    for (op, name), key in LIBRARY_OPS.items():
        cases.append(Case(_named(op, name), table[table.op == key], source))
    cases.append(_sends(device, folder, table, source))
    return cases


def _tidy(table: pd.DataFrame) -> pd.DataFrame:
    table = table[(table.bytes > 0) & (table.world_size >= 2) & (table.time_us > 0)]
    return table.assign(ranks=table.world_size.astype(int), seconds=table.time_us * 1e-6)


def _named(op: str, name: str) -> Algorithm:
    return next(a for a in ALGORITHMS if (a.op, a.name) == (op, name))


def _sends(device: HardwareProfile, folder: Path, table: pd.DataFrame, source: str) -> Case:
    """Point to point: its own table; without one, the all-to-all of two ranks, which is one send each way of half."""
    direct = _named("send_recv", "direct")
    if device.name not in SEND_TABLES:
        pairs = table[(table.op == "nccl_alltoall") & (table.ranks == 2)]
        return Case(direct, pairs.assign(bytes=pairs.bytes / 2), f"{source}, all-to-all of two ranks")
    apex = pd.read_csv(folder / "apex_collectives_attention.csv.gz", low_memory=False)
    rows = _tidy(apex[(apex.op == "sendrecv") & (apex.device == SEND_TABLES[device.name])])
    own = rows[rows.source.str.startswith("microsoft/")]
    chosen = own if len(own) else rows
    return Case(direct, chosen, f"{str(chosen.source.iloc[0]).split(':')[0]} (MIT) sendrecv tables")


def fit(case: Case, device: HardwareProfile) -> Result:
    """Constants of a case from all its rows, errors from four folds over message sizes."""
    nbytes = case.rows.bytes.to_numpy(dtype=float)
    ranks = case.rows.ranks.to_numpy(dtype=int)
    seconds = case.rows.seconds.to_numpy(dtype=float)
    wire = np.array([wire_s_per_byte(case.algorithm, device.link, n, device.host_bytes_per_s) for n in ranks])
    most = NVLINK_SHARE if _rings_on_nvlink(case, device) else 1.0
    free = np.array([True, ranks.min() < ranks.max(), True, ranks.min() < ranks.max(), True])
    one_group = {} if free.all() else {1: 0.0, 3: 0.0}

    def unpack(free_values: np.ndarray) -> CollectiveFit:
        values = np.zeros(5)
        values[free] = free_values
        for position, value in one_group.items():
            values[position] = value
        latency, exponent, share, share_exponent, sharpness = values
        return CollectiveFit(
            np.exp(latency),
            exponent,
            0.0,
            np.exp(share),
            share_exponent,
            float(ranks.max()),
            case.least_group,
            sharpness,
            most,
        )

    def predict(constants: CollectiveFit, rows: np.ndarray) -> np.ndarray:
        return np.array([constants.seconds(nbytes[i], wire[i], int(ranks[i]), 0) for i in rows])

    def solve(rows: np.ndarray) -> CollectiveFit:
        def residual(x: np.ndarray) -> np.ndarray:
            return np.log(predict(unpack(x), rows) / seconds[rows])

        start, low, high = (np.array(limits)[free] for limits in (_START, _LOW, _HIGH))
        return unpack(least_squares(residual, start, bounds=(low, high), loss="soft_l1", f_scale=0.1).x)

    errors = _held_out(nbytes, seconds, solve, predict)
    constants = solve(np.arange(len(nbytes)))
    return Result(case, constants, float(np.median(errors)), float(np.quantile(errors, 0.9)))


def _rings_on_nvlink(case: Case, device: HardwareProfile) -> bool:
    return device.link.topology == "switch" and case.algorithm.name in ("ring", "pairwise")


def _held_out(
    nbytes: np.ndarray,
    seconds: np.ndarray,
    solve: Callable[[np.ndarray], CollectiveFit],
    predict: Callable[[CollectiveFit, np.ndarray], np.ndarray],
) -> np.ndarray:
    fold = np.searchsorted(np.unique(nbytes), nbytes) % FOLDS
    errors = np.empty(len(nbytes))
    for k in range(FOLDS):
        out = np.flatnonzero(fold == k)
        errors[out] = np.abs(predict(solve(np.flatnonzero(fold != k)), out) / seconds[out] - 1)
    return errors


def as_yaml(device: HardwareProfile, results: list[Result]) -> str:
    """The file of a device. Broadcast is not measured: it is the all-gather's pipeline, with twice its errors."""
    lines = [
        "# Fitted collective constants. Form and units: simulator/links/collective_fits.py;",
        "# how: calibration/links/fit.py",
        f"device: {device.name}",
        "collectives:",
    ]
    for op in dict.fromkeys(result.case.algorithm.op for result in results):
        lines.append(f"  {op}:")
        for result in results:
            if result.case.algorithm.op == op:
                lines += _entry(result.case.algorithm.name, result, "fitted", result.case.source, 1.0)
    gather = next(result for result in results if result.case.algorithm.op == "all_gather")
    lines.append("  broadcast:")
    lines += _entry("pipeline", gather, "transferred", f"{gather.case.source}; taken from all_gather", 2.0)
    return "\n".join(lines) + "\n"


def _entry(name: str, result: Result, provenance: str, source: str, factor: float) -> list[str]:
    constants = ", ".join(f"{key}: {value:.4g}" for key, value in vars(result.constants).items())
    return [
        f"    {name}:",
        f"      provenance: {provenance}",
        f'      source: "{source}"',
        f"      rows: {len(result.case.rows)}",
        f"      median_error: {result.median_error * factor:.3f}",
        f"      p90_error: {result.p90_error * factor:.3f}",
        f"      constants: {{{constants}}}",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder of the kernel tables")
    parser.add_argument("--write", action="store_true", help="replace the files of constants")
    options = parser.parse_args()
    for name in TABLES:
        device = load_hardware(name)
        text = as_yaml(device, [fit(case, device) for case in cases_of(device, options.folder)])
        if options.write:
            write_text(_HERE / f"{name}.yaml", text)
        print(text)


if __name__ == "__main__":
    main()
