"""Collective times of the APEX simulator and its forks (microsoft/apex_plus, MIT): one node, library collectives.

The attention rows beside them name neither causality nor page size and are left out.
"""

from __future__ import annotations

from pathlib import Path

from calibration.dropped import Dropped, split_off
from calibration.importers.imported import Imported, Selection
from calibration.importers.tables import canonical, demand, header, is_csv, read_csv

_OPS = {
    "all_reduce": "nccl_all_reduce",
    "allreduce": "nccl_all_reduce",
    "all_gather": "nccl_all_gather",
    "allgather": "nccl_all_gather",
    "reduce_scatter": "nccl_reduce_scatter",
    "reducescatter": "nccl_reduce_scatter",
    "all_to_all": "nccl_alltoall",
    "alltoall": "nccl_alltoall",
}
_NEEDED = ("source", "device", "dtype", "kind", "op", "bytes", "world_size", "num_nodes", "time_us")


def sniff(source: Path) -> bool:
    """A CSV that counts nodes and names the kind of each row."""
    return is_csv(source) and {"kind", "num_nodes", "avg_power_w"} <= set(header(source))


def read(source: Path, wanted: Selection) -> Imported:
    """Collectives of one node with a buffer."""
    table = read_csv(source)
    demand(source, list(table.columns), _NEEDED)
    dropped: list[Dropped] = []
    for bad, reason in (
        (table["kind"] != "collective", "attention rows that do not say what they time"),
        (table["num_nodes"] > 1, "collectives over several nodes"),
        (table["bytes"] < 1, "empty buffers"),
    ):
        table, gone = split_off(table, bad.loc[table.index], reason)
        dropped += gone
    kernel = "NCCL (" + table["source"].str.split(":").str[0] + ")"
    rows, gone = canonical(table.assign(op=table["op"].replace(_OPS), kernel=kernel), wanted.device)
    return Imported(rows, dropped + gone, ("the table has outliers: fit it, do not look it up",))
