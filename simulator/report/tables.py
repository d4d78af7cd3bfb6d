"""The two tables of a run as DataFrames and as CSV text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from simulator.metrics.logs import FINISHED, PENDING, REFUSED
from simulator.metrics.summary import RunRecords
from simulator.metrics.timeseries import run_series

if TYPE_CHECKING:
    from pandas import DataFrame

STATUS = {PENDING: "unfinished", FINISHED: "finished", REFUSED: "refused"}


def requests_frame(records: RunRecords) -> DataFrame:
    """One row per request in arrival order: times in ms but ``arrival_s``, NaN where a request never got that far.

    ``output_tokens`` are those emitted; ``cached_tokens`` the prompt tokens found in the prefix cache.
    """
    import pandas as pd

    log, table = records.log, records.workload.table
    arrival, first, finish = (log.column(name) for name in ("arrival_s", "first_token_s", "finish_s"))
    emitted = log.column("emitted_tokens")
    with np.errstate(invalid="ignore"):
        tpot = np.where(emitted > 1, (finish - first) / np.maximum(emitted - 1, 1), np.nan)
    columns: dict[str, Any] = {
        "arrival_s": arrival,
        "prompt_tokens": table.prompt_tokens,
        "output_tokens": emitted,
        "cached_tokens": log.column("cached_tokens"),
        "queue_time_ms": 1e3 * (log.column("scheduled_s") - arrival),
        "ttft_ms": 1e3 * (first - arrival),
        "tpot_ms": 1e3 * tpot,
        "e2el_ms": 1e3 * (finish - arrival),
        "num_preemptions": log.column("preemptions"),
        "replica": log.column("replica"),
        "status": np.array([STATUS[code] for code in sorted(STATUS)], dtype=object)[log.column("status")],
    }
    if log.refusals:
        columns["refusal"] = _refusals(records)
    return pd.DataFrame(columns).rename_axis("request")


def timeseries_frame(records: RunRecords) -> DataFrame:
    """Levels and counters of every replica over time: see ``simulator.metrics.timeseries``."""
    import pandas as pd

    return pd.DataFrame(timeseries_columns(records))


def steps_frame(records: RunRecords) -> DataFrame:
    """One row per engine step that computes something, replica by replica in the order of time.

    ``start_s``, ``end_s`` on the run's clock; ``tokens`` scheduled, ``prefill_tokens`` of them in the prefill kernel,
    ``decode_seqs`` sequences in the decode kernel; ``running``, ``waiting`` and ``kv_cache_usage_perc`` (0..1) right
    after the step was planned.
    """
    import pandas as pd

    frames = []
    for log in records.steps:
        rows = np.flatnonzero(log.column("tokens") > 0)
        start, end = log.column("start_s")[rows], log.column("end_s")[rows]
        columns: dict[str, Any] = {"replica": log.replica, "step": rows, "start_s": start, "end_s": end}
        columns["duration_ms"] = 1e3 * (end - start)
        for name in ("tokens", "prefill_tokens", "decode_seqs", "running", "waiting"):
            columns[name] = log.column(name)[rows]
        columns["kv_cache_usage_perc"] = log.column("used_blocks")[rows] / max(log.num_blocks, 1)
        frames.append(pd.DataFrame(columns))
    return pd.concat(frames, ignore_index=True)


def timeseries_columns(records: RunRecords) -> dict[str, npt.NDArray[Any]]:
    """The same as plain columns; the grid ends with the last step of any replica."""
    ends = [log.end_s[-1] for log in records.steps if len(log)]
    return run_series(records.steps, records.log, records.workload.table.prompt_tokens, max(ends, default=0.0))


def csv_text(frame: DataFrame) -> str:
    """CSV with six decimals (ns for ms columns) and Unix line ends, the same on every platform."""
    return str(frame.to_csv(float_format="%.6f", lineterminator="\n", index=frame.index.name is not None))


def _refusals(records: RunRecords) -> npt.NDArray[Any]:
    reasons = np.full(records.log.n, "", dtype=object)
    for row, reason in records.log.refusals.items():
        reasons[row] = reason
    return reasons
