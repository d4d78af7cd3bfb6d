"""The constants on file: readable, bounded, true to measurements they were not fitted to; broken files are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from simulator.datafiles import data_dir
from simulator.errors import InputError
from simulator.hardware.catalog import load_hardware
from simulator.links.collective_fits import CollectiveFit, read_collective_fits
from simulator.links.collectives import Collectives
from tests.shared_data import SHARED, needs_shared

FILES = sorted(
    path for path in data_dir("calibration/links").rglob("*.yaml")
    if path.stem not in ("transfers", "expert_parallel")
)  # fmt: skip


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_constants_are_possible(path: Path) -> None:
    for fitted in read_collective_fits(path).values():
        fit = fitted.constants
        assert 0 < fit.latency_s(2, 1) < 1e-3
        assert all(0 < fit.share_of_wire(ranks) <= 1 for ranks in (2, 4, 8, 72))
        assert fitted.origin.median_error <= fitted.origin.p90_error
        assert fitted.origin.source


def test_half_size_gets_half_of_the_bandwidth() -> None:
    fit = CollectiveFit(10.0, 0.5, 0.0, 0.8, 0.0, 8, 2, 0.6)
    wire = 1e-11
    half = fit.half_bytes(wire, 4, 0)
    assert half / fit.seconds(half, wire, 4, 0) == pytest.approx(0.5 * 0.8 / wire)
    assert fit.seconds(0.0, wire, 4, 0) == pytest.approx(20e-6)


@needs_shared
@pytest.mark.parametrize(
    ("device", "table"), [("H100-SXM5-80GB", "H100-SXM-80GB"), ("H200-SXM-141GB", "H200-SXM-141GB")]
)
def test_another_laboratorys_measurements(device: str, table: str) -> None:
    """Collectives of microsoft/apex_plus, no row of which was used: from 1 MB on, per operation, median within 10 %."""
    rows = pd.read_csv(SHARED / "data/kernels/apex_collectives_attention.csv.gz", low_memory=False)
    names = {"all_reduce": "all_reduce", "all_gather": "all_gather", "reduce_scatter": "reduce_scatter",
             "alltoall": "all_to_all"}  # fmt: skip
    own = rows.source.str.startswith("microsoft/") & (rows.device == table) & (rows.num_nodes == 1)
    rows = rows[own & (rows.dtype == "half") & rows.op.isin(names) & (rows.bytes >= 1e6) & (rows.world_size >= 2)]
    collectives = Collectives(load_hardware(device), custom_kernels=False)
    for name, op in names.items():
        part = rows[rows.op == name]
        predicted = [
            collectives.seconds(op, nbytes, int(ranks), dtype="fp16") * 1e6
            for nbytes, ranks in zip(part.bytes, part.world_size, strict=True)
        ]
        errors = np.abs(np.array(predicted) / part.time_us.to_numpy() - 1)
        assert len(errors) > 20
        assert np.median(errors) < 0.10, op


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("  all_gather:", "  allgather:", "collectives.allgather: is no collective"),
        ("    pairwise:", "    ring:", "collectives.all_to_all.ring: is no algorithm of all_to_all; known: pairwise"),
        (
            "    in_switch:",
            "    one_shot:",
            "all_reduce.one_shot: is no algorithm of all_reduce; known: ring, in_switch",
        ),
        ("latency_us: 4.047", "latency_us: -1", "constants.latency_us: must be a number >= 0 (found -1)"),
        ("sharpness: 0.6277", "sharpness: 0", "constants.sharpness: must be a number > 0 (found 0)"),
        ("hop_us: 0, share: 0.5401", "hops_us: 0, share: 0.5401", "constants.hop_us: is missing"),
        ("provenance: transferred", "provenance: borrowed", "broadcast.pipeline.provenance: must be one of"),
        ("device: H100-SXM5-80GB", "device: H100-SXM5-80GB\nversion: 2", "version: is not a known key here"),
    ],
)
def test_a_broken_file_names_file_line_and_path(tmp_path: Path, old: str, new: str, expected: str) -> None:
    text = next(path for path in FILES if path.stem == "H100-SXM5-80GB").read_text(encoding="utf-8")
    assert old in text
    broken = tmp_path / "broken.yaml"
    broken.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_collective_fits(broken)
    assert expected in str(caught.value)
    assert str(caught.value).startswith(f"{broken}:")
